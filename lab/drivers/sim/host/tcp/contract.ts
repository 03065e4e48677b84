import type { TcpSegment } from '../../../../../engine/wire/tcp.ts';

/** RFC 9293 §3.3.2. LISTEN is not among them: a listener is no connection (table.ts). */
export type TcpState =
  | 'synSent'
  | 'synReceived'
  | 'established'
  | 'finWait1'
  | 'finWait2'
  | 'closing'
  | 'timeWait'
  | 'closeWait'
  | 'lastAck'
  | 'closed';

/** Why a connection ended before its time. `unreachable`: an ICMP error while connecting. */
export type TcpError = 'refused' | 'reset' | 'timedOut' | 'unreachable';

/** A segment without ports: the table adds them, and the IP header. */
export type TcpOutput = Pick<TcpSegment, 'sequence' | 'acknowledgment' | 'flags' | 'window' | 'options' | 'payload'>;

export interface TcpHooks {
  send(segment: TcpOutput): void;
  /** Something that a program may wait for has happened; also the last transition, to `closed`. */
  changed(): void;
}

/** What a connection starts with. */
export interface TcpStart {
  /** Initial send sequence number, 32 bits, unpredictable in a real stack (RFC 6528). */
  readonly iss: number;
  /** The largest segment that the local interface can receive: what the MSS option says. */
  readonly localMss: number;
  /** The largest that the path is known to carry. */
  readonly pathMss: number;
}

/** Of each of the two buffers of a connection, which allocate as they fill. */
export const BUFFER_OCTETS = 1 << 20;

export const NO_OCTETS = new Uint8Array(0);
