import type { TcpState } from './contract.ts';

/** The arrows of RFC 9293 §3.3.2 that close a connection: from where to where; states that are not in a table stay. */
type Arrows = Readonly<Partial<Record<TcpState, TcpState>>>;

/** Our program has ended its half, a FIN is on its way. */
export const AFTER_OUR_END: Arrows = { established: 'finWait1', closeWait: 'lastAck' };

/** The peer has acknowledged our FIN. */
export const AFTER_OUR_FIN_ACKED: Arrows = { finWait1: 'finWait2', closing: 'timeWait', lastAck: 'closed' };

/** The peer's FIN has arrived, and all before it. */
export const AFTER_THEIR_FIN: Arrows = { established: 'closeWait', finWait1: 'closing', finWait2: 'timeWait' };

/** States in which data may still arrive. */
export function isReceiving(state: TcpState): boolean {
  return state === 'established' || state === 'finWait1' || state === 'finWait2';
}
