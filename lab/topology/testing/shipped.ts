import { formatDiagnostic } from '../../../engine/config/diagnostic.ts';
import type { Topology } from '../model.ts';
import { openTopology } from '../shipped.ts';

/** A shipped topology; throws when it does not load. */
export function shipped(name: string): Topology {
  const { topology, diagnostics } = openTopology(name);
  if (topology === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return topology;
}
