import { stepsOf } from '../../engine/config/tools/setkey-step.ts';
import { readSetkeyStatements } from '../../engine/config/setkey.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { complain, done, nodeAction } from './effect.ts';
import { readText } from './files.ts';
import { SETKEY_CONF } from './service-files.ts';
import type { System, SystemEffect, SystemView } from './system.ts';

/**
 * What the start script of setkey does as a node comes up: its file is carried out. Where the file is as the topology has given it,
 * the node has what it says already.
 */
export function changedSetkeyConf(system: System, { status, unixSeconds }: SystemView): SystemEffect {
  const text = readText(system.files, SETKEY_CONF);
  if (text === readText(system.given, SETKEY_CONF)) return done(system);
  const emptied = { ...status, policies: [], sas: [] };
  const start = [nodeAction({ kind: 'setPolicies', policies: [] }), nodeAction({ kind: 'flushSas' })];
  if (text === null) return { ...done(system), actions: start };
  const { statements, diagnostics } = readSetkeyStatements(SETKEY_CONF, text, { legacy: false });
  if (statements === null) return { ...complain(system, ''), actions: start, stderr: diagnosticLines(diagnostics) };
  const effects = stepsOf(statements, SETKEY_CONF).map(step => step({ status: emptied, unixSeconds }));
  return {
    ...done(system),
    actions: [...start, ...effects.flatMap(({ commands }) => commands.map(nodeAction))],
    stderr: effects.map(({ stderr }) => stderr).join(''),
  };
}
