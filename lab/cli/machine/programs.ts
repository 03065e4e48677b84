import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { withSystemPath } from '../../drivers/netns/pod.ts';

/** Where a program is, with the folders of the system's own programs behind the PATH; null: nowhere. */
export function findProgram(name: string): string | null {
  for (const folder of (withSystemPath(process.env)['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not there: the next folder
    }
  }
  return null;
}

type PackageTool = 'apt-get' | 'dnf' | 'apk' | 'pacman' | 'zypper';

const INSTALL: Readonly<Record<PackageTool, string>> = {
  'apt-get': 'apt-get install',
  dnf: 'dnf install',
  apk: 'apk add',
  pacman: 'pacman -S',
  zypper: 'zypper install',
};

/** Debian's name of the package first; other systems' where it differs. */
export type PackageName = { readonly 'apt-get': string } & Partial<Readonly<Record<PackageTool, string>>>;

/** The command that installs packages here, with sudo for an ordinary user. */
export function installCommand(packages: readonly PackageName[]): string {
  const tools = Object.keys(INSTALL) as PackageTool[];
  const tool = tools.find(name => findProgram(name) !== null) ?? 'apt-get';
  return asRoot(`${INSTALL[tool]} ${packages.map(name => name[tool] ?? name['apt-get']).join(' ')}`);
}

export const asRoot = (command: string): string => (process.getuid?.() === 0 ? command : `sudo ${command}`);
