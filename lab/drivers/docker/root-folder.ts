import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { MachineObstacle } from '../machine-obstacle.ts';
import { withSystemPath } from '../netns/pod.ts';
import { run } from '../netns/run.ts';
import { HOME_IN_IMAGE, type PackageContent } from './image-content.ts';

/** What every node needs, and the package of Debian that has it. */
const NEEDED: Readonly<Record<string, string>> = {
  sh: 'dash',
  cat: 'coreutils',
  sleep: 'coreutils',
  env: 'coreutils',
  ip: 'iproute2',
  ping: 'iputils-ping',
};
/** Taken along where this machine has them: what one runs on nodes. */
const WELCOME =
  'ls echo id head tail tee wc mkdir rm cp true false date uname hostname seq tr touch mount ' +
  'grep sed ps kill bridge tc ss nft nc traceroute iperf3 tcpdump setpriv';
const FOLDERS = [
  'dev',
  'etc',
  'opt',
  'proc',
  'root',
  'run',
  'sys',
  'tmp',
  'usr/bin',
  'usr/lib',
  'usr/lib64',
  'usr/sbin',
  'var',
];
/** As Debian has them, so that libraries are found wherever they are looked for. */
const LINKS = ['bin', 'sbin', 'lib', 'lib64'];

/**
 * Fills an empty folder with the root of a node: programs of this machine with the libraries that they load, this Node.js, and the engine.
 * Nothing is fetched. Throws a `MachineObstacle` for a program that is missing.
 */
export async function fillRootFolder(folder: string, content: PackageContent): Promise<void> {
  for (const name of FOLDERS) mkdirSync(join(folder, name), { recursive: true });
  for (const name of LINKS) symlinkSync(`usr/${name}`, join(folder, name));
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files\n');
  const programs = new Map([['node', process.execPath]]);
  for (const name of [...Object.keys(NEEDED), ...WELCOME.split(' ')]) {
    const path = find(name);
    if (path !== null) programs.set(name, path);
    else if (NEEDED[name] !== undefined) {
      throw new MachineObstacle(`an image of nodes needs ${name}`, `apt-get install ${NEEDED[name]}`);
    }
  }
  for (const [name, path] of programs) copy(path, join(folder, 'usr/bin', name), 0o755);
  for (const path of content.paths) {
    cpSync(join(content.root, path), join(folder, HOME_IN_IMAGE, path), { recursive: true, dereference: true });
  }
  const loading = [
    ...programs.values(),
    ...content.paths.filter(path => path.endsWith('.node')).map(path => join(content.root, path)),
  ];
  for (const library of await librariesOf(loading)) copy(library, join(folder, inUsr(library)), 0o755);
}

function find(name: string): string | null {
  for (const folder of (withSystemPath(process.env)['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (existsSync(path)) return realpathSync(path);
  }
  return null;
}

function copy(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(realpathSync(from), to);
  chmodSync(to, mode);
}

/** Absolute paths as the loader knows them, of all that the dynamic loader would bring; scripts and static programs load none. */
async function librariesOf(files: readonly string[]): Promise<ReadonlySet<string>> {
  const lists = await Promise.all(files.map(file => run(['ldd', file]).catch(() => '')));
  return new Set([...lists.join('\n').matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(match => match[1] ?? ''));
}

const inUsr = (path: string): string => path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/');
