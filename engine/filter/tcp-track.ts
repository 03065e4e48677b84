import { u16At, u32At, u8At } from '../wire/octets.ts';
import { TcpFlag } from '../wire/tcp.ts';
import type { PacketView } from './packet-view.ts';

/** What one end of a connection has shown. Sequence numbers are modulo 2^32. */
interface End {
  isSeen: boolean;
  /** Behind the last octet that it has sent. */
  sent: number;
  /** Behind the last octet that the other end lets it send. */
  allowed: number;
  /** The largest window that it has advertised, in octets. */
  window: number;
  /** RFC 7323 §2.2; null: its SYN had no such option, or was not seen. */
  scale: number | null;
  isFinished: boolean;
}

export type TcpPhase = 'opening' | 'open' | 'closing' | 'closed';

/** An acknowledgment may be this old: retransmissions cross on the way. */
const OLD_ACK_OCTETS = 66_000;
/** RFC 7323 §2.3. */
const SCALE_MAX = 14;

/**
 * A TCP connection as one who looks on sees it: which sequence numbers may come next, from the windows that the two ends
 * advertise (G. van Rooij, "Real stateful TCP packet filtering in IP Filter", 2001).
 */
export class TcpTrack {
  phase: TcpPhase = 'opening';
  readonly #forward: End;
  readonly #back: End;
  readonly #isStrict: boolean;
  /** The opening SYN was seen, so window scales are known. */
  readonly #isWhole: boolean;

  /** `first` is the packet that the connection is known by; it defines the forward direction. */
  constructor(first: PacketView, isStrict: boolean) {
    this.#isStrict = isStrict;
    this.#isWhole = isOpening(first);
    this.#forward = newEnd();
    this.#back = newEnd();
    if (!this.#isWhole) this.phase = 'open';
    this.#begin(this.#forward, this.#back, first);
  }

  /** Whether the packet can belong to the connection; if so it is taken note of, unless `isDry`. */
  accepts(packet: PacketView, isForward: boolean, isDry: boolean): boolean {
    if (packet.tcpFlags < 0 || packet.isBad) return false;
    const [sender, receiver] = isForward ? [this.#forward, this.#back] : [this.#back, this.#forward];
    if (!sender.isSeen) {
      if (!this.#isAnswer(receiver, packet)) return false;
      if (!isDry) this.#begin(sender, receiver, packet);
    } else {
      if (!this.#isInWindow(sender, receiver, packet)) return false;
      if (!isDry) this.#follow(sender, receiver, packet);
    }
    if (!isDry) this.#advance(packet, isForward, sender);
    return true;
  }

  /** Whether the segment that an ICMP error quotes may be on its way: an error about any other is made up. */
  mayQuote(packet: PacketView, isForward: boolean): boolean {
    if (packet.octets.length < packet.upper + 8) return false;
    const sender = isForward ? this.#forward : this.#back;
    const receiver = isForward ? this.#back : this.#forward;
    const behind = distance(u32At(packet.octets, packet.upper + 4), sender.sent);
    return sender.isSeen && behind <= 0 && behind >= -Math.max(receiver.window, OLD_ACK_OCTETS);
  }

  #begin(sender: End, receiver: End, packet: PacketView): void {
    const { octets, upper } = packet;
    const isSyn = (packet.tcpFlags & TcpFlag.SYN) !== 0;
    sender.isSeen = true;
    sender.sent = u32At(octets, upper + 4) + packet.sequenceLength;
    sender.scale = isSyn ? windowScale(packet) : null;
    if (isSyn && receiver.isSeen && sender.scale === null) receiver.scale = null; // both offer it, or neither uses it
    if (isSyn && receiver.isSeen && receiver.scale === null) sender.scale = null;
    sender.window = Math.max(1, this.#windowOf(sender, packet));
    // Before the other end has said anything, only a window that was there already can be used.
    sender.allowed = sender.sent + (receiver.isSeen ? receiver.window : this.#isWhole ? 0 : sender.window);
    if ((packet.tcpFlags & TcpFlag.ACK) !== 0) raise(receiver, 'allowed', u32At(octets, upper + 8) + sender.window);
    if ((packet.tcpFlags & TcpFlag.FIN) !== 0) sender.isFinished = true;
  }

  /** The first packet of the end that has not been heard yet. */
  #isAnswer(other: End, packet: PacketView): boolean {
    if ((packet.tcpFlags & TcpFlag.ACK) === 0) return (packet.tcpFlags & TcpFlag.SYN) !== 0; // both open at once
    const acknowledged = distance(u32At(packet.octets, packet.upper + 8), other.sent);
    return acknowledged <= 0 && acknowledged >= -Math.max(other.window, OLD_ACK_OCTETS);
  }

  #isInWindow(sender: End, receiver: End, packet: PacketView): boolean {
    const { octets, upper, tcpFlags } = packet;
    const sequence = u32At(octets, upper + 4);
    const end = sequence + packet.sequenceLength;
    if (distance(sequence, sender.allowed) > 0) return false;
    if (this.#isStrict && distance(sequence, sender.sent) > 0) return false;
    if (distance(end, sender.sent) < -Math.max(receiver.window, 1)) return false;
    if ((tcpFlags & TcpFlag.ACK) === 0 || !receiver.isSeen) return true;
    const acknowledged = distance(u32At(octets, upper + 8), receiver.sent);
    return acknowledged <= 0 && acknowledged >= -Math.max(receiver.window, OLD_ACK_OCTETS);
  }

  #follow(sender: End, receiver: End, packet: PacketView): void {
    const { octets, upper, tcpFlags } = packet;
    const window = this.#windowOf(sender, packet);
    if (window > sender.window) sender.window = window;
    raise(sender, 'sent', u32At(octets, upper + 4) + packet.sequenceLength);
    if ((tcpFlags & TcpFlag.ACK) !== 0) raise(receiver, 'allowed', u32At(octets, upper + 8) + Math.max(1, window));
    if ((tcpFlags & TcpFlag.FIN) !== 0) sender.isFinished = true;
  }

  #advance(packet: PacketView, isForward: boolean, sender: End): void {
    if ((packet.tcpFlags & TcpFlag.RST) !== 0) this.phase = 'closed';
    else if (this.phase === 'closed') return;
    else if (this.#forward.isFinished && this.#back.isFinished) this.phase = 'closed';
    else if (sender.isFinished || this.#forward.isFinished || this.#back.isFinished) this.phase = 'closing';
    else if (this.phase === 'opening' && isForward && this.#back.isSeen) this.phase = 'open';
  }

  /** A SYN's window is never scaled. Where the scale was not seen, it may have been any. */
  #windowOf(sender: End, packet: PacketView): number {
    const window = u16At(packet.octets, packet.upper + 14);
    if ((packet.tcpFlags & TcpFlag.SYN) !== 0) return window;
    return window * 2 ** (this.#isWhole ? (sender.scale ?? 0) : SCALE_MAX);
  }
}

/** A SYN without ACK: the beginning of a connection. */
export function isOpening(packet: PacketView): boolean {
  return (packet.tcpFlags & (TcpFlag.SYN | TcpFlag.ACK)) === TcpFlag.SYN;
}

function newEnd(): End {
  return { isSeen: false, sent: 0, allowed: 0, window: 1, scale: null, isFinished: false };
}

/** a - b, as far as a 32-bit sequence number can say it. */
function distance(a: number, b: number): number {
  return (a - b) | 0;
}

function raise(end: End, field: 'sent' | 'allowed', to: number): void {
  if (distance(to, end[field]) > 0) end[field] = to;
}

function windowScale({ octets, upper, length }: PacketView): number | null {
  const end = Math.min(upper + (u8At(octets, upper + 12) >> 4) * 4, length, octets.length);
  for (let at = upper + 20; at < end; ) {
    const kind = u8At(octets, at);
    if (kind === 0) return null;
    const size = kind === 1 ? 1 : u8At(octets, at + 1);
    if (kind === 3 && size === 3 && at + 2 < end) return Math.min(SCALE_MAX, u8At(octets, at + 2));
    if (size === 0 || (kind !== 1 && size < 2)) return null;
    at += size;
  }
  return null;
}
