import { ikeSpiOctets } from '../../../engine/wire/ike/header.ts';
import { lastBlock } from './cbc.ts';
import { type IsakmpKeys, isakmpKeys, type KeySources, phase2Iv, prf, u32 } from './key-schedule.ts';
import type { Chain } from './messages.ts';
import type { IsakmpSuite } from './suite.ts';

/** What the halves put in besides the cookies. */
export type Halves = Omit<KeySources, 'cookieI' | 'cookieR'>;

/** One ISAKMP SA as the tester holds it: its cookies, its keys, and where each of its IV chains stands. */
export class IsakmpState {
  suite: IsakmpSuite;
  cookieI: string;
  cookieR: string = NO_COOKIE;
  /** Whether the peer has begun phase 1. */
  isInitiator = true;
  sources: KeySources | null = null;
  keys: IsakmpKeys | null = null;
  /** Of the peer's next R-U-THERE, RFC 3706 §6.2. */
  sequence = 0x0123_4567;
  #phase1: Uint8Array | null = null;
  readonly #exchanges = new Map<number, Uint8Array>();

  constructor(suite: IsakmpSuite, cookieI: string) {
    this.suite = suite;
    this.cookieI = cookieI;
  }

  /** From message 4 on (of Aggressive Mode: message 2) both can do this. */
  derive(halves: Halves): IsakmpKeys {
    const { suite, cookieI, cookieR } = this;
    this.sources = { ...halves, cookieI: ikeSpiOctets(cookieI), cookieR: ikeSpiOctets(cookieR) };
    this.keys = isakmpKeys(suite.hash, suite.cipher, this.sources);
    this.#phase1 = this.keys.firstIv;
    return this.keys;
  }

  /** null while there are no keys. */
  chain(messageId: number): Chain | null {
    const { keys, suite } = this;
    if (keys === null || this.#phase1 === null) return null;
    const { hash, cipher } = suite;
    const iv =
      messageId === 0
        ? this.#phase1
        : (this.#exchanges.get(messageId) ?? phase2Iv(hash, cipher, this.#phase1, messageId));
    return { cipher, key: keys.encryption, iv };
  }

  /** The next message of that exchange is chained to this one. */
  advance(messageId: number, body: Uint8Array): void {
    const { cipher } = this.suite;
    if (body.length < cipher.blockOctets) return;
    const last = lastBlock(cipher, body);
    if (messageId === 0) this.#phase1 = last;
    else this.#exchanges.set(messageId, last);
  }

  /** prf(SKEYID_a, …) over these. */
  hash(...parts: readonly Uint8Array[]): Uint8Array {
    if (this.keys === null) throw new Error('a HASH before there are keys');
    return prf(this.suite.hash, this.keys.a, ...parts);
  }

  /** HASH(1) of Quick Mode and of Informational: over the Message ID and all behind the HASH payload. */
  hash1(messageId: number, rest: Uint8Array): Uint8Array {
    return this.hash(u32(messageId), rest);
  }

  hash2(messageId: number, nonceI: Uint8Array, rest: Uint8Array): Uint8Array {
    return this.hash(u32(messageId), nonceI, rest);
  }

  hash3(messageId: number, nonceI: Uint8Array, nonceR: Uint8Array): Uint8Array {
    return this.hash(Uint8Array.of(0), u32(messageId), nonceI, nonceR);
  }
}

export const NO_COOKIE = '0000000000000000';
