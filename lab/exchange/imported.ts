import type { Diagnostic } from '../../engine/config/diagnostic.ts';
import type { NetworkDraft } from './network-draft.ts';

/** What another tool's file came to. */
export interface Imported {
  /** null: it has errors, and nothing was taken over. */
  readonly draft: NetworkDraft | null;
  /** What cannot be imported, in the order of the file. */
  readonly errors: readonly Diagnostic[];
  /** What was left out or assumed while the rest was taken over, in the order of the file. */
  readonly notes: readonly Diagnostic[];
}

/** For the head of a topology that was imported. */
export const HOW_TO_GO_ON =
  'It has no IPsec yet: make the nodes that are to protect something "kind: gateway" and give them a "policy:", as ' +
  'topologies/site-to-site-manual.yaml does.';
