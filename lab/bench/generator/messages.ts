import type { Instant } from '../../../engine/wire/instant.ts';
import type { ArrivalCounts } from '../arrivals.ts';
import type { OneWayLatency } from './trial.ts';

/** What the generator's programs are told, and tell, over their message channels. Instants are the monotonic clock's. */

/** To the sender: packets of the trials `warmUpTrial` and, without a gap, `trial`. It says when the last has left. */
export interface SendOrder {
  readonly kind: 'send';
  readonly source: string;
  readonly destination: string;
  readonly packetOctets: readonly number[];
  readonly rate: number;
  readonly warmUpTrial: number;
  readonly warmUpPackets: number;
  readonly trial: number;
  readonly packets: number;
}

export type FromSender =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'sent';
      /** Of `trial` alone. Numbers from 0 to one less. */
      readonly packets: number;
      /** When the first of them was due, or left where that was later. */
      readonly beganAt: Instant;
      /** Until the last had left, or would have at the rate that was asked for. */
      readonly endedAt: Instant;
      readonly burstPackets: number;
      /** Too long for the interface, or for what a gateway has answered. */
      readonly refused: number;
    };

export type ToReceiver =
  /** Counts what comes of a trial from now on. It says when it listens. */
  | { readonly kind: 'expect'; readonly address: string; readonly trial: number; readonly packetsMax: number }
  /** So many were sent. It answers when all have come, or no more come. */
  | { readonly kind: 'finish'; readonly sent: number; readonly silenceSeconds: number };

export type FromReceiver =
  | { readonly kind: 'ready' }
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'arrived';
      readonly counts: ArrivalCounts;
      /** Of IP packets, first copies. */
      readonly octets: number;
      readonly latency: OneWayLatency | null;
      readonly firstAt: Instant | null;
      /** The longest time between two arrivals of first copies, nanoseconds. */
      readonly longestGapNs: number;
      /** As in `TrialResult`. */
      readonly backlogNs: number;
      readonly receiverDrops: number;
    };

/** UDP ports of the sender and of the receiver. */
export const SENDER_PORT = 47_001;
export const RECEIVER_PORT = 47_000;
