import { type Instant, NS_PER_S } from '../../../../../engine/wire/instant.ts';
import { TcpFlag, type TcpSegment } from '../../../../../engine/wire/tcp.ts';
import { hasFlag, judgeArrival } from './arrival.ts';
import { AFTER_OUR_END, AFTER_OUR_FIN_ACKED, AFTER_THEIR_FIN, isReceiving } from './closing.ts';
import { BUFFER_OCTETS, NO_OCTETS, type TcpError, type TcpHooks, type TcpStart, type TcpState } from './contract.ts';
import { Emitter } from './emitter.ts';
import { Handshake } from './handshake.ts';
import { Receiver } from './receiver.ts';
import { RoundTrip } from './round-trip.ts';
import { type Acknowledgment, type Portion, Sender } from './sender.ts';
import { type Sequence, unwrap, wrap } from './sequence.ts';

const TIME_WAIT_NS = 60 * NS_PER_S;
/** How long a peer may leave its half open to a program that is gone. */
const ORPHAN_NS = 60 * NS_PER_S;

/**
 * One TCP connection, RFC 9293, sans I/O: segments and time in, segments out through the hooks, and nothing else. With window
 * scaling, delayed acknowledgments, NewReno; without SACK, timestamps, urgent data, Nagle's algorithm and keep-alive.
 */
export class TcpConnection {
  readonly #changed: () => void;
  readonly #emitter: Emitter;
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

  constructor(start: TcpStart, hooks: TcpHooks) {
    this.#start = start;
    this.#changed = () => hooks.changed();
    this.#emitter = new Emitter(segment => hooks.send(segment));
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
    this.#changed();
  }

  wakeAt(): Instant | null {
    if (this.#state === 'closed') return null;
    const times = [this.#handshake.resendAt, this.#sender?.timerAt, this.#receiver?.ackAt, this.#lingerUntil];
    let earliest: Instant | null = null;
    for (const at of times) if (at !== null && at !== undefined && (earliest === null || at < earliest)) earliest = at;
    return earliest;
  }

  wake(now: Instant): void {
    if (isDue(this.#lingerUntil, now)) this.#close(null);
    if (this.#state === 'closed') return;
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
    if (octets.length > 0 && this.#receiver?.owesWindowUpdate === true && isReceiving(this.#state)) this.#sendAck();
    return octets;
  }

  /** Closes our half: a FIN follows what was written. */
  end(now: Instant): void {
    this.#isEndWanted = true;
    if (this.#state === 'synSent') this.#close(null);
    else if (this.#sender !== null) this.#endSender(now);
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
    if (this.#receiver !== null && this.#state !== 'closed' && this.#state !== 'timeWait') {
      this.#emitter.send(this.#nxt(), TcpFlag.RST | TcpFlag.ACK, NO_OCTETS, []);
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
    const hasAck = hasFlag(flags, TcpFlag.ACK);
    if (hasAck && segment.acknowledgment !== wrap(this.#start.iss + 1)) {
      if (!hasFlag(flags, TcpFlag.RST)) this.#emitter.reset(segment.acknowledgment);
      return;
    }
    if (hasFlag(flags, TcpFlag.RST)) {
      if (hasAck) this.#close('refused');
      return;
    }
    if (!hasFlag(flags, TcpFlag.SYN)) return;
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
    const sequence = unwrap(segment.sequence, receiver.nxt);
    const arrival = judgeArrival(segment, sequence, receiver);
    switch (arrival.kind) {
      case 'ignore':
        break;
      case 'reset':
        this.#takeReset();
        break;
      case 'challenge':
        this.#challenge(arrival.hasText, now);
        break;
      case 'take':
        if (this.#takeAcknowledgment(this.#acknowledgmentOf(segment, sequence), segment, now)) {
          this.#takeText(sequence, segment, receiver, now);
        }
    }
  }

  /** False: the rest of the segment is not looked at. */
  #takeAcknowledgment(acknowledgment: Acknowledgment, segment: TcpSegment, now: Instant): boolean {
    if (this.#state === 'synReceived') {
      if (acknowledgment.number !== this.#start.iss + 1) {
        this.#emitter.reset(segment.acknowledgment);
        return false;
      }
      this.#establish(acknowledgment, now);
      return true;
    }
    if (this.#sender?.acknowledge(acknowledgment, now) !== true) {
      this.#challenge(false, now);
      return false;
    }
    if (this.#sender.finished) this.#follow(AFTER_OUR_FIN_ACKED, now);
    return true;
  }

  #takeText(sequence: Sequence, { payload, flags }: TcpSegment, receiver: Receiver, now: Instant): void {
    const hasFin = hasFlag(flags, TcpFlag.FIN);
    if (payload.length === 0 && !hasFin) return;
    if (!isReceiving(this.#state)) {
      this.#sendAck();
      return;
    }
    if (this.#isOrphan && payload.length > 0) {
      this.abort(); // nobody will read it, RFC 9293 §3.6.1
      return;
    }
    receiver.accept(sequence, payload, hasFin, now);
    if (receiver.finished) this.#follow(AFTER_THEIR_FIN, now);
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
    this.#emitter.acknowledgeFrom(this.#receiver, this.#handshake.shifts.local);
  }

  #sendSyn(now: Instant): void {
    const isAnswer = this.#state === 'synReceived';
    const options = this.#handshake.sendSyn(this.#start.localMss, isAnswer, now);
    this.#emitter.send(this.#start.iss, isAnswer ? TcpFlag.SYN | TcpFlag.ACK : TcpFlag.SYN, NO_OCTETS, options);
  }

  #establish(acknowledgment: Acknowledgment, now: Instant): void {
    this.#handshake.finish(now);
    const mss = Math.min(this.#handshake.peerMss, this.#start.pathMss);
    this.#sender = new Sender(acknowledgment, BUFFER_OCTETS, mss, this.#roundTrip);
    this.#state = 'established';
    if (this.#isEndWanted) this.#endSender(now);
  }

  // Closing

  #endSender(now: Instant): void {
    this.#sender?.end();
    this.#follow(AFTER_OUR_END, now);
  }

  #follow(arrows: Readonly<Partial<Record<TcpState, TcpState>>>, now: Instant): void {
    const next = arrows[this.#state];
    if (next === undefined) return;
    if (next === 'closed') {
      this.#close(null);
      return;
    }
    this.#state = next;
    if (next === 'timeWait') this.#lingerUntil = now + TIME_WAIT_NS;
    if (next === 'finWait2' && this.#isOrphan) this.#lingerUntil = now + ORPHAN_NS;
  }

  #close(error: TcpError | null): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#error = error;
    this.#handshake.cancel();
    this.#lingerUntil = null;
    this.#changed();
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
    this.#emitter.send(sequence, flags, payload, []);
  }

  #sendAck(): void {
    this.#emitter.acknowledge(this.#nxt());
  }

  #challenge(hasText: boolean, now: Instant): void {
    if (this.#state === 'timeWait') this.#lingerUntil = now + TIME_WAIT_NS;
    this.#emitter.challenge(this.#nxt(), hasText, now);
  }

  #nxt(): Sequence {
    return this.#sender?.nxt ?? this.#start.iss + 1;
  }
}

function isDue(at: Instant | null, now: Instant): boolean {
  return at !== null && now >= at;
}
