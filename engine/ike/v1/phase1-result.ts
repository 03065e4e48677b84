import type { IkeFetch } from '../daemon.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { NegotiatingIsakmpSa } from './isakmp-sa.ts';
import type { Effect, Step } from './step.ts';

/** What comes of a message of phase 1 about an ISAKMP SA that is there. */
export type PhaseOneResult =
  | { readonly kind: 'step'; readonly step: Step }
  /** The message is dropped, and the exchange waits for a better one: whoever sent it has shown nothing. */
  | { readonly kind: 'ignored'; readonly why: string; readonly notifyType: number | null }
  /** The same, of one that says to be somebody who it is not: told, and believed when nothing better comes. */
  | { readonly kind: 'doubted'; readonly why: string; readonly notifyType: number | null }
  /** It cannot be judged before this is fetched: the handler is called again with the same message then. */
  | { readonly kind: 'waits'; readonly fetches: readonly Omit<IkeFetch, 'id'>[] }
  /** The exchange is over: the peer has the keys, and is not who it has to be. It is told under them. */
  | { readonly kind: 'failed'; readonly why: string; readonly notifyType: number };

export const next = (sa: Step['sa'], ...effects: readonly Effect[]): PhaseOneResult => ({
  kind: 'step',
  step: { sa, effects },
});
export const ignored = (why: string, notifyType: number | null = null): PhaseOneResult => ({
  kind: 'ignored',
  why,
  notifyType,
});
export const doubted = (why: string, notifyType: number | null): PhaseOneResult => ({
  kind: 'doubted',
  why,
  notifyType,
});
export const failed = (why: string, notifyType: number): PhaseOneResult => ({ kind: 'failed', why, notifyType });

/** What comes of a first message. */
export type FirstAnswer =
  /** The new ISAKMP SA, and the answer, in the clear. */
  | {
      readonly kind: 'accepted';
      readonly sa: NegotiatingIsakmpSa;
      readonly payloads: readonly IsakmpPayload[];
      readonly effects: readonly Effect[];
    }
  /** Nothing is kept of it. */
  | { readonly kind: 'refused'; readonly why: string; readonly notifyType: number | null };

export const refusedFirst = (why: string, notifyType: number | null): FirstAnswer => ({
  kind: 'refused',
  why,
  notifyType,
});
