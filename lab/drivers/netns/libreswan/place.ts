import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Names the folder where libreswan's packages are unpacked. */
export const LIBRESWAN_VARIABLE = 'IPSEC_LAB_LIBRESWAN';

/** Below a root: `/` where it is installed, or the folder. */
export const PLUTO = 'usr/libexec/ipsec/pluto';

/**
 * Where libreswan is: `/` where it is installed; else the folder that the variable names, or that of this user's data
 * ($XDG_DATA_HOME), with its packages unpacked: Debian does not install it beside strongSwan. null: nowhere.
 */
export function libreswanRoot(environment: NodeJS.ProcessEnv = process.env): string | null {
  const roots = [environment[LIBRESWAN_VARIABLE] ?? '/', unpackedPlace(environment)];
  return roots.find(root => existsSync(join(root, PLUTO))) ?? null;
}

/** Where scripts/unpack-libreswan.sh puts it. */
export function unpackedPlace(environment: NodeJS.ProcessEnv = process.env): string {
  const data = environment['XDG_DATA_HOME'] ?? '';
  return join(data.startsWith('/') ? data : join(homedir(), '.local/share'), 'ipsec-lab/libreswan');
}
