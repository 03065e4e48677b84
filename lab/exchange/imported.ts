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
