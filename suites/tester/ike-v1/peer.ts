import { createHash } from 'node:crypto';
import { encodeIsakmpMessage, encodeIsakmpPayloads } from '../../../engine/wire/isakmp/codec.ts';
import type { ClearIsakmpMessage, IsakmpHeader, IsakmpMessage } from '../../../engine/wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { ALICE, type Bench, PEER } from '../bench.ts';
import { IKE_PORT, type IkeFromAlice, ikeFromAlice, ikePacket, NAT_T_PORT } from '../ike/ike-on-bench.ts';
import { Inconclusive, needAlgorithms } from '../judgement.ts';
import { IsakmpState } from './isakmp-state.ts';
import { type Opened, openIsakmp, readMessage, type SealingTraits, sealIsakmp } from './messages.ts';
import { EXCHANGE } from './payloads.ts';
import { isakmpSuite, METHOD } from './suite.ts';

/** What the peer is, and knows. */
export interface V1PeerTraits {
  /** Makes its secrets and cookies others than those of another peer in the same clause. */
  readonly label: string;
  readonly address: string;
  readonly suite: string;
}

/** A message of alice's as the peer reads it. */
export interface HeardV1 extends IkeFromAlice {
  /** null: it is no message of IKEv1. */
  readonly message: IsakmpMessage | null;
  readonly opened: Opened;
  /** All that could be read. */
  readonly payloads: readonly IsakmpPayload[];
}

/** What becomes of a message on its way out. */
export interface V1Alteration {
  /** Before it is sealed, and before its HASH of phase 2 is made. */
  readonly message?: (message: ClearIsakmpMessage) => ClearIsakmpMessage;
  /** HASH(1), HASH(2) or HASH(3); null: no HASH payload. */
  readonly hash?: (right: Uint8Array) => Uint8Array | null;
  /** The whole message, sealed. */
  readonly octets?: (octets: Uint8Array) => Uint8Array;
  readonly sealing?: SealingTraits;
  /** The exchange goes on as if this had not been sent. */
  readonly isAside?: boolean;
}

export interface V1Order {
  readonly exchange: number;
  /** 0: phase 1. */
  readonly messageId?: number;
  readonly payloads: readonly IsakmpPayload[];
  readonly isSealed?: boolean;
  /** Of phase 2: what HASH it has in front, made of what follows it. */
  readonly hash?: (rest: Uint8Array) => Uint8Array;
  readonly isCommit?: boolean;
}

/** How long, in lab time, a peer waits for what alice has to say by herself. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 250;
const LIVE_PATIENCE_MS = 1_500;

/**
 * A peer of alice's that speaks IKEv1, made without a line of the engine's IKE, every message in the hands of the clause.
 * main-mode.ts, aggressive-mode.ts, quick-mode.ts and informational.ts play the exchanges on it.
 */
export class TesterV1Peer {
  readonly bench: Bench;
  readonly traits: V1PeerTraits;
  /** The ISAKMP SA that it negotiates or has. */
  sa: IsakmpState;
  /** Both ends: 500, or 4500 from the time that they float. */
  port: number = IKE_PORT;
  /** Of authentication: what it offers, or chooses. */
  method: number = METHOD.psk;
  /** What a NAT before the peer makes of its own port; null: there is none, or it keeps it. */
  natPort: number | null = null;
  readonly #all: IsakmpState[] = [];
  #drawn = 0;
  readonly #read = new Map<string, Opened>();

  constructor(bench: Bench, traits: Partial<V1PeerTraits> = {}) {
    this.bench = bench;
    // The quickest group that the subject has.
    const group = bench.subject.lacks?.includes('modp1024') === true ? 'modp2048' : 'modp1024';
    this.traits = { label: 'peer', address: PEER[4], suite: `aes128-sha256-${group}`, ...traits };
    this.sa = this.begin();
  }

  get aliceAddress(): string {
    return this.traits.address.includes(':') ? ALICE[6] : ALICE[4];
  }

  /** Another ISAKMP SA, still without anything; messages of the ones before are read all the same. */
  begin(suite = this.traits.suite): IsakmpState {
    needAlgorithms(this.bench.subject, suite);
    this.sa = new IsakmpState(isakmpSuite(suite), this.newCookie());
    this.#all.push(this.sa);
    return this.sa;
  }

  /** Of the ISAKMP SAs that it has come to keys in. */
  suitesUsed(): readonly string[] {
    return this.#all.filter(({ keys }) => keys !== null).map(({ suite }) => suite.name);
  }

  /** Octets that nobody else has, the same in each run. */
  draw(octets: number): Uint8Array {
    this.#drawn += 1;
    const seed = `${this.traits.label} ${this.#drawn}`;
    const blocks = Array.from({ length: Math.ceil(octets / 64) }, (_, i) =>
      createHash('sha512').update(`isakmp tester ${seed} ${i}`).digest(),
    );
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, octets));
  }

  newCookie(): string {
    return Buffer.from(this.draw(8)).toString('hex');
  }

  /** Of an exchange of phase 2. */
  newMessageId(): number {
    return Buffer.from(this.draw(4)).readUInt32BE(0) | 1;
  }

  header(exchangeType: number, messageId = 0): IsakmpHeader {
    return {
      initiatorCookie: this.sa.cookieI,
      responderCookie: this.sa.cookieR,
      majorVersion: 1,
      minorVersion: 0,
      exchangeType,
      isEncrypted: false,
      isCommit: false,
      isAuthenticationOnly: false,
      messageId: messageId >>> 0,
    };
  }

  /** Octets to alice from where the peer is; then she gets time to answer. */
  async post(...messages: readonly Uint8Array[]): Promise<void> {
    const path = { source: this.traits.address, from: this.natPort ?? this.port, to: this.port };
    await this.bench.fromOutside(messages.map(message => ikePacket(message, path)));
  }

  encode(order: V1Order, alteration: V1Alteration = {}): Uint8Array {
    const { exchange, messageId = 0, payloads, isSealed = false, isCommit = false } = order;
    const right = { ...this.header(exchange, messageId), isEncrypted: isSealed, isCommit, payloads, body: null };
    const message = alteration.message?.(right) ?? right;
    const octets = message.isEncrypted
      ? this.#sealed(message, order, alteration)
      : encodeIsakmpMessage({ ...message, payloads: this.#withHash(message, order, alteration) });
    return alteration.octets?.(octets) ?? octets;
  }

  /** Sends a message; gives its octets, to send them again. */
  async send(order: V1Order, alteration: V1Alteration = {}): Promise<Uint8Array> {
    const octets = this.encode(order, alteration);
    await this.post(octets);
    return octets;
  }

  /** Sends a message, and gives what alice says to it: by the same exchange, else by Informational; null: nothing. */
  async ask(order: V1Order, alteration: V1Alteration = {}): Promise<HeardV1 | null> {
    const octets = this.encode(order, alteration);
    const { exchange, messageId = 0 } = order;
    return this.askAgain(
      octets,
      ({ message }) => message?.exchangeType === exchange && message.messageId === messageId >>> 0,
    );
  }

  /** Sends these octets, and gives the first new message that is wanted, else one that is of no exchange but Informational. */
  async askAgain(octets: Uint8Array, isWanted: (heard: HeardV1) => boolean): Promise<HeardV1 | null> {
    // What she says again, because nobody has answered yet, is no answer to this.
    const before = new Set(this.heard().map(heard => textOf(heard.octets)));
    await this.post(octets);
    const find = () => {
      const fresh = this.heard().filter(heard => !before.has(textOf(heard.octets)));
      return fresh.find(isWanted) ?? fresh.find(isInformational) ?? null;
    };
    const patience = this.bench.lab.capabilities.has('virtual-time') ? 0 : LIVE_PATIENCE_MS;
    for (let waited = 0; waited < patience && find() === null; waited += LOOK_EVERY_MS) {
      await this.bench.lab.sleep(LOOK_EVERY_MS);
    }
    const found = find();
    if (found !== null || patience === 0) return found;
    await this.bench.hearsOut();
    return find();
  }

  /** What alice has sent to the peer so far, in order. */
  heard(): readonly HeardV1[] {
    return ikeFromAlice(this.bench, this.traits.address).map(seen => {
      const message = readMessage(seen.octets);
      const opened = this.#opened(seen.octets, message);
      const payloads = opened.kind === 'clear' || opened.kind === 'opened' ? opened.payloads : [];
      return { ...seen, message, opened, payloads };
    });
  }

  /** Of that exchange, each as often as it was sent. */
  said(exchange: number): readonly HeardV1[] {
    return this.heard().filter(({ message }) => message?.exchangeType === exchange);
  }

  /** Waits for a message; Inconclusive when it does not come. `after`: messages that do not count. */
  async expect(what: string, wanted: (heard: HeardV1) => boolean, after = 0): Promise<HeardV1> {
    for (let waited = 0; waited <= PATIENCE_MS; waited += LOOK_EVERY_MS) {
      const found = this.heard().slice(after).find(wanted);
      if (found !== undefined) return found;
      await this.bench.lab.sleep(LOOK_EVERY_MS);
    }
    throw new Inconclusive(`alice sent no ${what}`);
  }

  /** Both go on with port 4500, RFC 3947 §4. */
  float(): void {
    this.port = NAT_T_PORT;
  }

  /** What was once read is not read again: by then the chain has moved on. The same octets are the same message. */
  #opened(octets: Uint8Array, message: IsakmpMessage | null): Opened {
    const key = textOf(octets);
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const state = this.#all.findLast(({ cookieI, keys }) => cookieI === message?.initiatorCookie && keys !== null);
    const opened = openIsakmp(octets, message === null ? null : (state?.chain(message.messageId) ?? null));
    if (opened.kind === 'sealed') return opened;
    this.#read.set(key, opened);
    if (opened.kind === 'opened' && opened.message.body !== null) {
      state?.advance(opened.message.messageId, opened.message.body);
    }
    return opened;
  }

  #sealed(message: ClearIsakmpMessage, order: V1Order, alteration: V1Alteration): Uint8Array {
    const chain = this.sa.chain(message.messageId);
    if (chain === null) throw new Error('an encrypted message before there are keys');
    const inside = this.#inside(message, order, alteration);
    const { first, body } = sealIsakmp(chain, [], { ...alteration.sealing, inside });
    if (alteration.isAside !== true) this.sa.advance(message.messageId, body);
    const { payloads: _, ...header } = message;
    return encodeIsakmpMessage({ ...header, payloads: [], firstPayload: first, body });
  }

  /** What is encrypted: with the HASH in front where there is to be one. */
  #inside(message: ClearIsakmpMessage, order: V1Order, { sealing, hash }: V1Alteration) {
    const rest = sealing?.inside ?? encodeIsakmpPayloads(message.payloads);
    const right = order.hash?.(rest.octets);
    const own = right === undefined ? null : hash === undefined ? right : hash(right);
    if (own === null) return rest;
    const length = own.length + 4;
    const head = Uint8Array.of(rest.first, 0, length >> 8, length);
    return { first: HASH_PAYLOAD, octets: Uint8Array.from(Buffer.concat([head, own, rest.octets])) };
  }

  #withHash({ payloads }: ClearIsakmpMessage, order: V1Order, { hash }: V1Alteration): readonly IsakmpPayload[] {
    const right = order.hash?.(encodeIsakmpPayloads(payloads).octets);
    const own = right === undefined ? null : hash === undefined ? right : hash(right);
    return own === null ? payloads : [{ type: 'HASH', data: own }, ...payloads];
  }
}

const HASH_PAYLOAD = 8;

const isInformational = ({ message }: HeardV1): boolean => message?.exchangeType === EXCHANGE.informational;

const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
