import type { NodeCommand } from '../node/node.ts';
import type { IkeDatagram, IkeEffects, IkeEvent, IkeFetch, IkeSecrets } from './daemon.ts';

/** What the call at hand of a daemon of either version has brought so far. */
export interface Outbox {
  commands: NodeCommand[];
  datagrams: IkeDatagram[];
  events: IkeEvent[];
  secrets: IkeSecrets[];
  fetches: IkeFetch[];
}

export const emptyOutbox = (): Outbox => ({ commands: [], datagrams: [], events: [], secrets: [], fetches: [] });

/** Hands out what came of a call. */
export function takeEffects({ out }: { readonly out: Outbox }): IkeEffects {
  const effects = { ...out };
  Object.assign(out, emptyOutbox());
  return effects;
}
