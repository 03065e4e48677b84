import { type Instant, NS_PER_S } from '../../../../../engine/wire/instant.ts';
import { TcpFlag, type TcpOption } from '../../../../../engine/wire/tcp.ts';
import { hasFlag } from './arrival.ts';
import { BUFFER_OCTETS, NO_OCTETS, type TcpOutput } from './contract.ts';
import type { Receiver } from './receiver.ts';
import { type Sequence, wrap } from './sequence.ts';

/** RFC 5961 §7: answers to what is out of the window. */
const CHALLENGE_INTERVAL_NS = NS_PER_S / 2;

/** Writes the segments of one connection: what each says of the receiving half, and its window. */
export class Emitter {
  readonly #out: (segment: TcpOutput) => void;
  #receiver: Receiver | null = null;
  #shift = 0;
  #challengeAfter: Instant = Number.NEGATIVE_INFINITY;

  constructor(out: (segment: TcpOutput) => void) {
    this.#out = out;
  }

  /** From the peer's SYN on; windows are shifted by `shift` bits. */
  acknowledgeFrom(receiver: Receiver, shift: number): void {
    this.#receiver = receiver;
    this.#shift = shift;
  }

  send(sequence: Sequence, flags: number, payload: Uint8Array, options: readonly TcpOption[]): void {
    const receiver = this.#receiver;
    const shift = hasFlag(flags, TcpFlag.SYN) ? 0 : this.#shift;
    const window = Math.min(0xffff, Math.floor((receiver?.window ?? BUFFER_OCTETS) / 2 ** shift));
    if (hasFlag(flags, TcpFlag.ACK)) receiver?.acknowledging(window * 2 ** shift);
    const acknowledgment = receiver === null ? 0 : wrap(receiver.nxt);
    this.#out({ sequence: wrap(sequence), acknowledgment, flags, window, options, payload });
  }

  acknowledge(sequence: Sequence): void {
    this.send(sequence, TcpFlag.ACK, NO_OCTETS, []);
  }

  /** An acknowledgment for something that cannot be taken; without data, two stacks must not answer each other for ever. */
  challenge(sequence: Sequence, hasText: boolean, now: Instant): void {
    if (!hasText && now < this.#challengeAfter) return;
    this.#challengeAfter = now + CHALLENGE_INTERVAL_NS;
    this.acknowledge(sequence);
  }

  /** For a segment whose acknowledgment makes no sense. `sequence` is as on the wire. */
  reset(sequence: number): void {
    this.#out({ sequence, acknowledgment: 0, flags: TcpFlag.RST, window: 0, options: [], payload: NO_OCTETS });
  }
}
