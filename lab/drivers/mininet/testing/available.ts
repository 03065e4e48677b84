import { existsSync } from 'node:fs';
import { programFile } from '../../../../engine/host/program.ts';
import { namespacesAvailable, tunAvailable } from '../../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../../engine/native/addon.ts';
import { findMininet } from '../python.ts';

/** What a test that starts a network of Mininet's says that it needs, and with it the command that brings it. */
export const NEEDS_MININET =
  'npm run build, g++ make python3, namespaces, and Mininet: apt-get install --no-install-recommends mininet bridge-utils';

/** Whether labs in Mininet can be tried on this machine. */
export function mininetAvailable(): boolean {
  const isBuilt = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
  return isBuilt && tunAvailable() && namespacesAvailable() && findMininet() !== null;
}
