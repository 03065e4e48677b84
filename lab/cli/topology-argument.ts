import { badInput } from '../state/failure.ts';
import { type Diagnostic, formatDiagnostic } from '../../engine/config/diagnostic.ts';
import type { Topology } from '../topology/model.ts';
import { openTopology } from '../topology/shipped.ts';
import type { Style, Terminal } from './terminal.ts';

/** The topology that a shipped name or a file stands for. Every error of it goes to stderr, and one Failure is thrown. */
export function topologyArgument(nameOrFile: string, terminal: Terminal): Topology {
  const { topology, diagnostics } = openTopology(nameOrFile);
  if (topology !== null) return topology;
  for (const diagnostic of diagnostics) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
  const count = diagnostics.length === 1 ? 'an error' : `${diagnostics.length} errors`;
  throw badInput(`${count} in the topology`, null);
}

/** The form of all diagnostics, with the place in bold where colour is. */
export function diagnosticText(diagnostic: Diagnostic, style: Style): string {
  const [first = '', ...rest] = formatDiagnostic(diagnostic).split('\n');
  const end = first.length - diagnostic.message.length;
  return [style.bold(first.slice(0, end)) + first.slice(end), ...rest].join('\n');
}
