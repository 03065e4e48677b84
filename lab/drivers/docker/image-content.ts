import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programFile } from '../../../engine/host/program.ts';
import { MachineObstacle } from '../machine-obstacle.ts';

/** Where the engine is in an image, as in the package: package.json, dist/bundle, build/Release. */
export const HOME_IN_IMAGE = '/opt/ipsec-lab';
const BUNDLE = 'dist/bundle';
const ADDON = 'build/Release/ipsec_lab.node';
/** Programs that nodes run; each names by the hash in its name every part that it loads. */
const PROGRAMS = [
  'engine/host/main',
  'engine/host/ike-worker',
  'lab/drivers/netns/http-main',
  'lab/drivers/netns/errand-main',
  'lab/drivers/swarm/agent-main',
];
/** To be raised when an image is made otherwise of the same things. */
const RECIPE = '1';

export const programInImage = (module: string): string => `${HOME_IN_IMAGE}/${BUNDLE}/${module}.js`;

/** What of this package goes into an image. */
export interface PackageContent {
  /** The package's folder. */
  readonly root: string;
  /** Files and folders below it. */
  readonly paths: readonly string[];
  /** Of another build there is another image: 12 hexadecimal digits. */
  readonly build: string;
}

/** Throws a `MachineObstacle` where this package is not built, or not since it was changed. */
export function packageContent(): PackageContent {
  const main = programFile('engine/host/main');
  const end = `/${BUNDLE}/engine/host/main.js`;
  if (!main.endsWith(end) || !existsSync(main)) throw new MachineObstacle('ipsec-lab is not built', 'npm run build');
  const root = main.slice(0, -end.length);
  if (!existsSync(join(root, ADDON))) {
    throw new MachineObstacle(
      "the engine's native addon is not built",
      'apt-get install g++ make python3, then npm rebuild',
    );
  }
  const hash = createHash('sha256').update(`${RECIPE} ${process.version} ${process.arch}`);
  for (const path of [...PROGRAMS.map(program => `${BUNDLE}/${program}.js`), ADDON]) {
    hash.update(readFileSync(join(root, path)));
  }
  return { root, paths: ['package.json', BUNDLE, ADDON], build: hash.digest('hex').slice(0, 12) };
}

/** The image that nodes of this build run in. */
export const imageName = (build: string = packageContent().build): string => `ipsec-lab/node:${build}`;
