import { type Instant, NS_PER_S } from '../../../../../engine/wire/instant.ts';
import { TcpFlag, type TcpOption, type TcpSegment } from '../../../../../engine/wire/tcp.ts';
import { BUFFER_OCTETS, NO_OCTETS, type TcpError, type TcpHooks, type TcpStart, type TcpState } from './contract.ts';
import { Handshake } from './handshake.ts';
import { Receiver } from './receiver.ts';
import { RoundTrip } from './round-trip.ts';
import { type Acknowledgment, type Portion, Sender } from './sender.ts';
import { type Sequence, unwrap, wrap } from './sequence.ts';

const TIME_WAIT_NS = 60 * NS_PER_S;
/** How long a peer may leave its half open to a program that is gone. */
const ORPHAN_NS = 60 * NS_PER_S;
/** RFC 5961 §7: answers to what is out of the window. */
const CHALLENGE_INTERVAL_NS = NS_PER_S / 2;

/**
 * One TCP connection, RFC 9293, sans I/O: segments and time in, segments out through the hooks, and nothing else. With window
 * scaling, delayed acknowledgments, NewReno; without SACK, timestamps, urgent data, Nagle's algorithm and keep-alive.
 */
export class TcpConnection {
  readonly #hooks: TcpHooks;
  readonly #start: TcpStart;
  readonly #roundTrip = new RoundTrip();
  #state: TcpState = 'closed';
  #error: TcpError | null = null;
  #sender: Sender | null = null;
  #receiver: Receiver | null = null;
  readonly #handshake = new Handshake(this.#roundTrip);
  #isEndWanted = false;
  #isOrphan = false;
  /** When TIME-WAIT, or the wait of an orphan, is over. */
  #lingerUntil: Instant | null = null;
  #challengeAfter: Instant = Number.NEGATIVE_INFINITY;

  constructor(start: TcpStart, hooks: TcpHooks) {
    this.#start = start;
    this.#hooks = hooks;
  }

  get state(): TcpState {
    return this.#state;
  }

  get error(): TcpError | null {
    return this.#error;
  }

  /** Whether the handshake is done. */
  get isOpen(): boolean {
    return this.#sender !== null;
  }

  /** Octets that `read` would give now. */
  get readable(): number {
    return this.#receiver?.readable ?? 0;
  }

  /** The peer has closed its half and everything before that was read. */
  get isAtEnd(): boolean {
    return this.#receiver?.finished === true && this.#receiver.readable === 0;
  }

  /** Octets that `write` would take now. */
  get writable(): number {
    return this.#state === 'established' || this.#state === 'closeWait' ? (this.#sender?.room ?? 0) : 0;
  }

  /** The peer has acknowledged all that was written, and the FIN. */
  get isDelivered(): boolean {
    return this.#sender?.finished === true;
  }

  /** The next sequence number expected from the peer: what a SYN must exceed to end TIME-WAIT, RFC 9293 §3.6.1. */
  get receiveNext(): Sequence {
    return this.#receiver?.nxt ?? 0;
  }

  /** Active open. */
  connect(now: Instant): void {
    this.#state = 'synSent';
    this.#sendSyn(now);
  }

  /** Passive open: `syn` came to a listener. */
  accept(syn: TcpSegment, now: Instant): void {
    this.#takeSyn(syn);
    this.#state = 'synReceived';
    this.#sendSyn(now);
  }

  receive(segment: TcpSegment, now: Instant): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'synSent') this.#receiveInSynSent(segment, now);
    else this.#receiveSynchronized(segment, now);
    this.#flush(now);
    this.#hooks.changed();
  }

  wakeAt(): Instant | null {
    const times = [this.#handshake.resendAt, this.#sender?.timerAt, this.#receiver?.ackAt, this.#lingerUntil];
    let earliest: Instant | null = null;
    for (const at of times) if (at !== null && at !== undefined && (earliest === null || at < earliest)) earliest = at;
    return earliest;
  }

  wake(now: Instant): void {
    if (isDue(this.#lingerUntil, now)) this.#close(null);
    if (isDue(this.#handshake.resendAt, now)) {
      if (this.#handshake.expire()) this.#sendSyn(now);
      else this.#close('timedOut');
    }
    if (this.#sender !== null && isDue(this.#sender.timerAt, now) && !this.#sender.expire(now)) this.#close('timedOut');
    this.#flush(now);
  }

  /** How many octets were taken: none before the handshake and after `end`. */
  write(octets: Uint8Array, now: Instant): number {
    if (this.writable === 0) return 0;
    const count = this.#sender?.write(octets) ?? 0;
    this.#flush(now);
    return count;
  }

  /** At most `max` octets; the caller owns the array. */
  read(max: number): Uint8Array {
    const octets = this.#receiver?.read(max) ?? NO_OCTETS;
    if (octets.length > 0 && this.#receiver?.owesWindowUpdate === true && this.#isReceiving()) this.#sendAck();
    return octets;
  }

  /** Closes our half: a FIN follows what was written. */
  end(now: Instant): void {
    this.#isEndWanted = true;
    if (this.#state === 'synSent') this.#close(null);
    else if (this.#sender !== null) this.#endSender();
    this.#flush(now);
  }

  /** The program is gone: close in order, or reset when it leaves data unread (RFC 1122 §4.2.2.13). */
  release(now: Instant): void {
    if (this.#state === 'closed') return;
    this.#isOrphan = true;
    if (this.readable > 0 || this.#state === 'synReceived') {
      this.abort();
      return;
    }
    this.end(now);
    if (this.#state === 'finWait2') this.#lingerUntil ??= now + ORPHAN_NS;
  }

  /** Resets the connection. */
  abort(): void {
    const nxt = this.#sender?.nxt ?? this.#start.iss + 1;
    if (this.#receiver !== null && this.#state !== 'closed' && this.#state !== 'timeWait') {
      this.#send(nxt, TcpFlag.RST | TcpFlag.ACK, NO_OCTETS, []);
    }
    this.#close(null);
  }

  /** An ICMP error about one of our segments. Soft once the connection stands, RFC 1122 §4.2.3.9. */
  unreachable(): void {
    if (this.#state === 'synSent') this.#close('unreachable');
  }

  /** The path carries no more than this. */
  reduceMss(mss: number, now: Instant): void {
    this.#sender?.reduceMss(mss);
    this.#flush(now);
  }

  // Segment arrives, RFC 9293 §3.10.7

  #receiveInSynSent(segment: TcpSegment, now: Instant): void {
    const { flags } = segment;
    const hasAck = (flags & TcpFlag.ACK) !== 0;
    if (hasAck && segment.acknowledgment !== wrap(this.#start.iss + 1)) {
      if ((flags & TcpFlag.RST) === 0) this.#sendReset(segment.acknowledgment);
      return;
    }
    if ((flags & TcpFlag.RST) !== 0) {
      if (hasAck) this.#close('refused');
      return;
    }
    if ((flags & TcpFlag.SYN) === 0) return;
    this.#takeSyn(segment);
    if (!hasAck) {
      this.#state = 'synReceived'; // both opened at once, RFC 9293 §3.5
      this.#sendSyn(now);
      return;
    }
    this.#establish({ ...this.#acknowledgmentOf(segment, segment.sequence), window: segment.window }, now);
    this.#sendAck();
  }

  #receiveSynchronized(segment: TcpSegment, now: Instant): void {
    const receiver = this.#receiver;
    if (receiver === null) throw new Error(`a connection in state ${this.#state} has no receiver`);
    const { flags, payload } = segment;
    const sequence = unwrap(segment.sequence, receiver.nxt);
    const length = payload.length + ((flags & TcpFlag.SYN) !== 0 ? 1 : 0) + ((flags & TcpFlag.FIN) !== 0 ? 1 : 0);
    if (!isAcceptable(sequence, length, receiver)) {
      if ((flags & TcpFlag.RST) === 0) this.#challenge(length > 0, now);
      return;
    }
    if ((flags & TcpFlag.RST) !== 0) {
      if (sequence === receiver.nxt) this.#takeReset();
      else this.#challenge(false, now); // RFC 5961 §3.2
      return;
    }
    if ((flags & TcpFlag.SYN) !== 0) {
      this.#challenge(false, now); // RFC 5961 §4.2
      return;
    }
    if ((flags & TcpFlag.ACK) === 0) return;
    if (!this.#takeAcknowledgment(this.#acknowledgmentOf(segment, sequence), segment, now)) return;
    this.#takeText(sequence, segment, receiver, now);
  }

  /** False: the rest of the segment is not looked at. */
  #takeAcknowledgment(acknowledgment: Acknowledgment, segment: TcpSegment, now: Instant): boolean {
    if (this.#state === 'synReceived') {
      if (acknowledgment.number !== this.#start.iss + 1) {
        this.#sendReset(segment.acknowledgment);
        return false;
      }
      this.#establish(acknowledgment, now);
      return true;
    }
    if (this.#sender?.acknowledge(acknowledgment, now) !== true) {
      this.#challenge(false, now);
      return false;
    }
    if (!this.#sender.finished) return true;
    if (this.#state === 'finWait1') {
      this.#state = 'finWait2';
      if (this.#isOrphan) this.#lingerUntil = now + ORPHAN_NS;
    } else if (this.#state === 'closing') this.#enterTimeWait(now);
    else if (this.#state === 'lastAck') this.#close(null);
    return true;
  }

  #takeText(sequence: Sequence, { payload, flags }: TcpSegment, receiver: Receiver, now: Instant): void {
    const hasFin = (flags & TcpFlag.FIN) !== 0;
    if (payload.length === 0 && !hasFin) return;
    if (!this.#isReceiving()) {
      this.#sendAck();
      return;
    }
    if (this.#isOrphan && payload.length > 0) {
      this.abort(); // nobody will read it, RFC 9293 §3.6.1
      return;
    }
    receiver.accept(sequence, payload, hasFin, now);
    if (!receiver.finished) return;
    if (this.#state === 'established') this.#state = 'closeWait';
    else if (this.#state === 'finWait1') this.#state = 'closing';
    else if (this.#state === 'finWait2') this.#enterTimeWait(now);
  }

  #takeReset(): void {
    if (this.#state === 'timeWait' || this.#state === 'lastAck' || this.#state === 'closing') this.#close(null);
    else this.#close(this.#state === 'synReceived' ? 'refused' : 'reset');
  }

  #acknowledgmentOf(segment: TcpSegment, sequence: Sequence): Acknowledgment {
    return {
      number: unwrap(segment.acknowledgment, this.#sender?.una ?? this.#start.iss + 1),
      sequence,
      window: segment.window * 2 ** this.#handshake.shifts.peer,
      isBare: segment.payload.length === 0 && (segment.flags & (TcpFlag.SYN | TcpFlag.FIN)) === 0,
    };
  }

  // Handshake

  #takeSyn(syn: TcpSegment): void {
    this.#handshake.takeSyn(syn);
    this.#receiver = new Receiver(syn.sequence + 1, BUFFER_OCTETS, this.#start.localMss);
  }

  #sendSyn(now: Instant): void {
    const isAnswer = this.#state === 'synReceived';
    const options = this.#handshake.sendSyn(this.#start.localMss, isAnswer, now);
    this.#send(this.#start.iss, isAnswer ? TcpFlag.SYN | TcpFlag.ACK : TcpFlag.SYN, NO_OCTETS, options);
  }

  #establish(acknowledgment: Acknowledgment, now: Instant): void {
    this.#handshake.finish(now);
    const mss = Math.min(this.#handshake.peerMss, this.#start.pathMss);
    this.#sender = new Sender(acknowledgment, BUFFER_OCTETS, mss, this.#roundTrip);
    this.#state = 'established';
    if (this.#isEndWanted) this.#endSender();
  }

  // Closing

  #endSender(): void {
    this.#sender?.end();
    if (this.#state === 'established') this.#state = 'finWait1';
    else if (this.#state === 'closeWait') this.#state = 'lastAck';
  }

  #enterTimeWait(now: Instant): void {
    this.#state = 'timeWait';
    this.#lingerUntil = now + TIME_WAIT_NS;
  }

  #close(error: TcpError | null): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#error = error;
    this.#handshake.cancel();
    this.#lingerUntil = null;
    this.#hooks.changed();
  }

  #isReceiving(): boolean {
    return this.#state === 'established' || this.#state === 'finWait1' || this.#state === 'finWait2';
  }

  // Output

  /** Sends what may leave, and the acknowledgment that is due. */
  #flush(now: Instant): void {
    if (this.#state === 'closed') return;
    if (this.#sender !== null) {
      for (let next = this.#sender.take(now); next !== null; next = this.#sender.take(now)) this.#sendPortion(next);
    }
    const ackAt = this.#receiver?.ackAt ?? null;
    if (ackAt !== null && ackAt <= now) this.#sendAck();
  }

  #sendPortion({ sequence, payload, fin, push }: Portion): void {
    const flags = TcpFlag.ACK | (fin ? TcpFlag.FIN : 0) | (push && payload.length > 0 ? TcpFlag.PSH : 0);
    this.#send(sequence, flags, payload, []);
  }

  #sendAck(): void {
    this.#send(this.#sender?.nxt ?? this.#start.iss + 1, TcpFlag.ACK, NO_OCTETS, []);
  }

  /** An acknowledgment for something that cannot be taken; without data, two stacks must not answer each other for ever. */
  #challenge(hasText: boolean, now: Instant): void {
    if (!hasText && now < this.#challengeAfter) return;
    this.#challengeAfter = now + CHALLENGE_INTERVAL_NS;
    if (this.#state === 'timeWait') this.#lingerUntil = now + TIME_WAIT_NS;
    this.#sendAck();
  }

  #sendReset(sequence: number): void {
    this.#hooks.send({ sequence, acknowledgment: 0, flags: TcpFlag.RST, window: 0, options: [], payload: NO_OCTETS });
  }

  #send(sequence: Sequence, flags: number, payload: Uint8Array, options: readonly TcpOption[]): void {
    const receiver = this.#receiver;
    const shift = (flags & TcpFlag.SYN) !== 0 ? 0 : this.#handshake.shifts.local;
    const window = Math.min(0xffff, Math.floor((receiver?.window ?? BUFFER_OCTETS) / 2 ** shift));
    if ((flags & TcpFlag.ACK) !== 0) receiver?.acknowledging(window * 2 ** shift);
    this.#hooks.send({
      sequence: wrap(sequence),
      acknowledgment: receiver === null ? 0 : wrap(receiver.nxt),
      flags,
      window,
      options,
      payload,
    });
  }
}

/** RFC 9293 §3.10.7.4, the first check. */
function isAcceptable(sequence: Sequence, length: number, { nxt, window }: Receiver): boolean {
  if (length === 0) return sequence === nxt || (sequence >= nxt && sequence < nxt + window);
  if (window === 0) return false;
  const last = sequence + length - 1;
  return (sequence >= nxt && sequence < nxt + window) || (last >= nxt && last < nxt + window);
}

function isDue(at: Instant | null, now: Instant): boolean {
  return at !== null && now >= at;
}
