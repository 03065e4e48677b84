import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { podCommand, withSystemPath } from '../../drivers/netns/pod.ts';
import { projectRoot } from '../project.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { asRoot, findProgram, installCommand, type PackageName } from './programs.ts';

/** What the netns driver needs, cheapest first. */
export const liveCapabilities: readonly (() => MachineCapability)[] = [
  linux,
  addon,
  () => program('ip', { 'apt-get': 'iproute2' }, 'makes links and namespaces'),
  () => program('unshare', { 'apt-get': 'util-linux' }, 'starts a lab apart from the machine'),
  () => program('nsenter', { 'apt-get': 'util-linux' }, 'takes lab exec into a lab'),
  () => program('setpriv', { 'apt-get': 'util-linux', apk: 'setpriv' }, 'leaves rights over the machine outside'),
  () => program('env', { 'apt-get': 'coreutils' }, 'keeps Ctrl-C where it belongs'),
  namespaces,
];

/** The first thing that keeps netns from working, or null: then a namespace was made just now, to be sure. */
export function whyNotLive(): MachineCapability | null {
  for (const look of liveCapabilities) {
    const found = look();
    if (!found.ok) return found;
  }
  return null;
}

export function program(
  name: string,
  fromPackage: PackageName,
  use: string,
  neededFor: MachineCapability['neededFor'] = 'netns',
): MachineCapability {
  const path = findProgram(name);
  return path === null
    ? missing(name, neededFor, use, installCommand([fromPackage]))
    : there(name, neededFor, `${use} (${path})`);
}

function linux(): MachineCapability {
  const name = 'Linux';
  if (process.platform === 'linux') return there(name, 'netns', 'network namespaces');
  return missing(name, 'netns', `this is ${process.platform}: network namespaces are Linux's`, null);
}

export const ADDON_FILE = fileURLToPath(new URL('build/Release/ipsec_lab.node', projectRoot()));

const COMPILER: readonly PackageName[] = [
  { 'apt-get': 'g++', dnf: 'gcc-c++', pacman: 'gcc', zypper: 'gcc-c++' },
  { 'apt-get': 'make' },
  { 'apt-get': 'python3', pacman: 'python' },
];

function addon(): MachineCapability {
  const name = 'native addon';
  if (!existsSync(ADDON_FILE)) {
    const tools = COMPILER.filter(({ 'apt-get': tool }) => findProgram(tool) === null);
    const install = tools.length === 0 ? '' : `${installCommand(tools)} && `;
    return missing(name, 'netns', 'packet sockets for gateways; it is not built', `${install}npm rebuild`);
  }
  try {
    createRequire(import.meta.url)(ADDON_FILE);
    return there(name, 'netns', 'packet sockets for gateways');
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return missing(name, 'netns', `it does not load: ${why}`, 'npm rebuild');
  }
}

/** Tries it: whether namespaces are permitted depends on more switches than one could ask. */
function namespaces(): MachineCapability {
  const isRoot = process.getuid?.() === 0;
  const name = isRoot ? 'namespaces' : 'user namespaces';
  const tried = inTrialPod(['ip', 'netns', 'add', 'trial']);
  if (tried === null) return there(name, 'netns', isRoot ? 'made as root' : 'made without root');
  return missing(name, 'netns', `not permitted: ${tried}`, closedSwitchFix() ?? (isRoot ? FIX_CONTAINER : FIX_ROOT));
}

const FIX_CONTAINER = 'in a container: start it with --privileged';

const FIX_ROOT = 'sudo lab up …; in a container, start it with --privileged';

/** The switches that distributions and administrators use, and the command that turns each. */
function closedSwitchFix(): string | null {
  if (readSwitch('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1')
    return asRoot('sysctl -w kernel.apparmor_restrict_unprivileged_userns=0');
  if (readSwitch('/proc/sys/kernel/unprivileged_userns_clone') === '0')
    return asRoot('sysctl -w kernel.unprivileged_userns_clone=1');
  const closed = ['user', 'net', 'mnt', 'pid'].find(
    kind => readSwitch(`/proc/sys/user/max_${kind}_namespaces`) === '0',
  );
  return closed === undefined ? null : asRoot(`sysctl -w user.max_${closed}_namespaces=10000`);
}

function readSwitch(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

const TRIAL_MS = 10_000;

/** Runs a command in a pod that ends with it; null when it went well, else the last line of what it said. */
export function inTrialPod(argv: readonly string[]): string | null {
  const [unshare = '', ...rest] = [...podCommand(process.getuid?.() === 0), ...argv];
  const run = spawnSync(unshare, rest, {
    encoding: 'utf8',
    env: withSystemPath(process.env),
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: TRIAL_MS,
  });
  if (run.status === 0) return null;
  return run.error?.message ?? (run.stderr.trim().split('\n').at(-1) || `status ${run.status ?? -1}`);
}
