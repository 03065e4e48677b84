import type { PolicyConfig } from '../../engine/node/config.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { done } from './effect.ts';
import type { Files } from './files.ts';
import { keyDaemonConfig, type NodeIkeConfig } from './key-daemon.ts';
import { policiesOfNode } from './negotiated-policies.ts';
import { racoonCredentials, racoonFolders, readRacoonFiles } from './racoon-files.ts';
import { RACOON_CONF } from './service-files.ts';
import type { Outcome } from './service-start.ts';
import type { System, SystemAction, SystemStep, SystemView } from './system.ts';

const MISSING = `racoon: ${RACOON_CONF}: No such file or directory
  fix: write it: lab exec NODE -- tee ${RACOON_CONF} < FILE, or vi ${RACOON_CONF} in lab shell NODE
`;

/** racoon begins, or reads its files again: what it has had till then goes on as far as they still say so. */
export function startRacoon(system: System, view: SystemView): Outcome {
  const reading = readRacoonFiles(system.files, RACOON_CONF);
  if (reading.kind === 'missing') return { kind: 'failed', trouble: MISSING };
  if (reading.kind === 'wrong') {
    return {
      kind: 'failed',
      trouble: `${diagnosticLines(reading.diagnostics)}racoon: failed to parse configuration file.\n`,
    };
  }
  const next = { ...system, loaded: { ...system.loaded, racoon: system.files } };
  const found = racoonConfig(next, system.files, configsOf(view));
  const notes = (found?.notes ?? []).map(note => `racoon: ${note}\n`).join('');
  const actions: SystemAction[] = found === null ? [] : [{ kind: 'ike', config: found.config }];
  return { kind: 'done', system: next, actions, notes };
}

/** What racoon negotiates by those files for policies of the node, whoever has given them to it. null: it cannot read them. */
export function racoonConfig(
  system: System,
  files: Files,
  policies: readonly PolicyConfig[],
  path = RACOON_CONF,
): NodeIkeConfig | null {
  const reading = readRacoonFiles(files, path);
  if (reading.kind !== 'read') return null;
  const { certificates, secrets } = racoonFolders(files, path);
  const daemon = {
    rulesFile: path,
    secretsFile: secrets,
    ruleFor: (_: string, remote: string) => `add remote ${remote} { … }, or remote anonymous { … }`,
    secretFor: (_: string, remote: string) => `add a line with ${remote} and the key`,
    certificates,
  };
  return keyDaemonConfig(daemon, reading, racoonCredentials(files, certificates), policiesOfNode(system, policies));
}

export const configsOf = ({ status }: SystemView): PolicyConfig[] => status.policies.map(({ config }) => config);

/** A racoon that runs hears from the kernel which policies there are now. */
export const followKernel: SystemStep = (system, view) => {
  const { racoon } = system.loaded;
  const found = racoon === null ? null : racoonConfig(system, racoon, configsOf(view));
  return found === null ? done(system) : { ...done(system), actions: [{ kind: 'ike', config: found.config }] };
};
