import { readIkePreshared } from '../../engine/config/ike-preshared.ts';
import { readSolarisIke } from '../../engine/config/solaris-ike.ts';
import { type Files, readText } from './files.ts';
import { ikeCredentials } from './ike-credentials.ts';
import { type KeyDaemon, keyDaemonConfig, type KeyFilesReading, type NodeIkeConfig } from './key-daemon.ts';
import { policiesOfService } from './negotiated-policies.ts';
import { IKE_CONFIG, IKE_PRESHARED } from './service-files.ts';
import type { System } from './system.ts';

/** All algorithms that in.iked has: whoever follows an old guide gets what it asks for, and hears that it is weak. */
const RULES = { legacy: true } as const;

const IN_IKED: KeyDaemon = {
  rulesFile: IKE_CONFIG,
  secretsFile: IKE_PRESHARED,
  ruleFor: (local, remote) => `add one with local_addr ${local} and remote_addr ${remote}`,
  secretFor: (local, remote) => `add an entry with localid ${local} and remoteid ${remote}`,
  certificates: 'the databases of ikecert',
};

/** What in.iked finds in its files. */
export function readIkeFiles(files: Files): KeyFilesReading {
  const text = readText(files, IKE_CONFIG);
  if (text === null) return { kind: 'missing' };
  const { stated, diagnostics, notes } = readSolarisIke(IKE_CONFIG, text, RULES);
  const { secrets, diagnostics: more } = readIkePreshared(IKE_PRESHARED, readText(files, IKE_PRESHARED) ?? '');
  if (stated === null || secrets === null) return { kind: 'wrong', diagnostics: [...diagnostics, ...more] };
  return { kind: 'read', rules: stated, secrets, notes };
}

/** What in.iked negotiates by those files for the policies and tunnels that the node has now. null: it cannot read them. */
export function ikeConfigOf(system: System, files: Files): NodeIkeConfig | null {
  const reading = readIkeFiles(files);
  return reading.kind === 'read'
    ? keyDaemonConfig(IN_IKED, reading, ikeCredentials(files), policiesOfService(system))
    : null;
}
