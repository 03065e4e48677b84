import { ikeConfigOf, readIkeFiles } from './ike-config.ts';
import { IKE_CONFIG } from './service-files.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import type { Outcome } from './service-start.ts';
import type { System, SystemAction } from './system.ts';

const MISSING = `in.iked: ${IKE_CONFIG}: No such file or directory
  fix: write it: lab exec NODE -- tee ${IKE_CONFIG} < FILE, or vi ${IKE_CONFIG} in lab shell NODE
`;

/** The start method of ipsec/ike: in.iked reads its files now, and not again until somebody asks it to. */
export function startIke(system: System): Outcome {
  const reading = readIkeFiles(system.files);
  if (reading.kind === 'missing') return { kind: 'failed', trouble: MISSING };
  if (reading.kind === 'wrong') return { kind: 'failed', trouble: diagnosticLines(reading.diagnostics) };
  const next = { ...system, loaded: { ...system.loaded, ike: system.files } };
  const found = ikeConfigOf(next, system.files);
  const notes = (found?.notes ?? []).map(note => `in.iked: ${note}\n`).join('');
  return { kind: 'done', system: next, actions: ikeActions(next), notes };
}

/** in.iked hears of policies and tunnels from the kernel: what it negotiates follows them while it runs. */
export function ikeActions(system: System): SystemAction[] {
  const { ike } = system.loaded;
  const found = ike === null ? null : ikeConfigOf(system, ike);
  return found === null ? [] : [{ kind: 'ike', config: found.config }];
}
