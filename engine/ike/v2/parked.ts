import type { Occasion } from './apply.ts';

/** A message whose handler waits for something to be fetched: it is called again when all of it has come, or not. */
export interface ParkedMessage {
  readonly occasion: Occasion;
  /** Ids of fetches that are under way, and what each is for. */
  readonly waitsFor: ReadonlyMap<number, string>;
}

/** More fetches for one message are refused: its handler learns that they failed. */
export const FETCHES_MAX = 16;

/** What a fetch is known by. */
export function fetchKey(url: string, body: Uint8Array | null): string {
  return body === null ? url : `${url} ${Buffer.from(body).toString('hex')}`;
}
