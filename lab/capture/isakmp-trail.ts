import { createHash } from 'node:crypto';
import type { ClearIsakmpMessage, SealedIsakmpMessage } from '../../engine/wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';

/** Of each kind that an ISAKMP SA leaves: the oldest is forgotten first. Anybody may send what looks like one of its messages. */
const KEPT_MAX = 16;
/** Exchanges of phase 2 at a time. */
const EXCHANGES_MAX = 256;

/** The longest block of a cipher. */
const TAIL_OCTETS = 16;

/**
 * What the messages of one ISAKMP SA leave behind for those after them: public values and ends of ciphertext, of which IVs are made
 * (RFC 2409 Appendix B), and nonces. Messages may be repeated, lost or made up by others: there is more than one IV to try.
 */
export class IsakmpTrail {
  readonly #publicValues: Uint8Array[] = [];
  readonly #exchanges = new Map<number, Exchange>();

  noteClear({ payloads }: Pick<ClearIsakmpMessage, 'payloads'>): void {
    for (const payload of payloads) if (payload.type === 'KE') keep(this.#publicValues, payload.data);
  }

  /** `payloads`: what was inside; null: it could not be opened. */
  noteSealed({ messageId, body }: SealedIsakmpMessage, payloads: readonly IsakmpPayload[] | null): void {
    const exchange = this.#exchangeOf(messageId);
    keep(exchange.tails, body.slice(-TAIL_OCTETS));
    for (const payload of payloads ?? []) if (payload.type === 'NONCE') keep(exchange.nonces, payload.data);
  }

  /** Ni_b and Nr_b of a Quick Mode, as far as they are known. */
  nonces(messageId: number): readonly Uint8Array[] {
    return this.#exchanges.get(messageId)?.nonces ?? [];
  }

  /** What a message's IV may be, the likeliest first. */
  *ivs({ messageId }: SealedIsakmpMessage, hash: string, blockOctets: number): Generator<Uint8Array> {
    for (const tail of this.#tails(messageId)) yield tail.subarray(-blockOctets);
    if (messageId === 0) yield* this.#firstIvs(hash, blockOctets);
    else yield* this.#firstPhase2Ivs(messageId, hash, blockOctets);
  }

  /** Of phase 1: of both public values, the initiator's first. */
  *#firstIvs(hash: string, blockOctets: number): Generator<Uint8Array> {
    for (const [i, first] of this.#publicValues.entries()) {
      for (const second of this.#publicValues.slice(i + 1)) yield hashed(hash, blockOctets, first, second);
    }
  }

  /** Of phase 2: of the last block of phase 1, and the Message ID. */
  *#firstPhase2Ivs(messageId: number, hash: string, blockOctets: number): Generator<Uint8Array> {
    const id = messageIdOctets(messageId);
    for (const tail of this.#tails(0)) yield hashed(hash, blockOctets, tail.subarray(-blockOctets), id);
    // Aggressive Mode whose last message is in the clear has no block: then it is the IV that it would have had.
    for (const iv of this.#firstIvs(hash, blockOctets)) yield hashed(hash, blockOctets, iv, id);
  }

  /** The newest first. */
  #tails(messageId: number): readonly Uint8Array[] {
    return (this.#exchanges.get(messageId)?.tails ?? []).toReversed();
  }

  #exchangeOf(messageId: number): Exchange {
    const found = this.#exchanges.get(messageId);
    if (found !== undefined) return found;
    const made = { tails: [], nonces: [] };
    this.#exchanges.set(messageId, made);
    // Phase 1 stays: all others need it.
    const oldest = [...this.#exchanges.keys()].find(id => id !== 0);
    if (this.#exchanges.size > EXCHANGES_MAX && oldest !== undefined) this.#exchanges.delete(oldest);
    return made;
  }
}

interface Exchange {
  readonly tails: Uint8Array[];
  readonly nonces: Uint8Array[];
}

export function messageIdOctets(messageId: number): Uint8Array {
  return Uint8Array.of(messageId >>> 24, messageId >>> 16, messageId >>> 8, messageId);
}

const hashed = (hash: string, octets: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  createHash(hash).update(Buffer.concat(parts)).digest().subarray(0, octets);

/** Each once, a copy. */
function keep(all: Uint8Array[], one: Uint8Array): void {
  if (all.some(other => Buffer.compare(other, one) === 0)) return;
  all.push(Uint8Array.from(one));
  if (all.length > KEPT_MAX) all.shift();
}
