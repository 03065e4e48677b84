import { spawnSync } from 'node:child_process';
import type { DriverName } from '../../drivers/driver.ts';
import { type MachineCapability, missing, there } from './capability.ts';
import { dockerCapabilities, dockerDaemon, swarmManager } from './docker-capabilities.ts';
import { ADDON_FILE, inTrialPod, liveCapabilities, program } from './live-capabilities.ts';
import { libreswan, strongswan } from './other-implementations.ts';
import { mininetCapabilities } from './mininet-capabilities.ts';
import { findProgram, installCommand } from './programs.ts';

export interface MachineReport {
  readonly capabilities: readonly MachineCapability[];
  /** Which drivers therefore work; `auto` takes netns before sim. */
  readonly drivers: Readonly<Record<DriverName, boolean>>;
}

/** Everything that `lab doctor` looks at. Makes a few namespaces for a moment. */
export async function examineMachine(): Promise<MachineReport> {
  const everything = [nodeVersion(), unixLab()];
  const live = liveCapabilities.map(look => look());
  const sim = everything.every(found => found.ok);
  const netns = sim && live.every(found => found.ok);
  const before = dockerCapabilities.map(look => look());
  const mininet = mininetCapabilities.map(look => look());
  const containers = before.every(found => found.ok) ? [...before, await dockerDaemon()] : before;
  const docker = netns && containers.every(found => found.ok);
  const swarm = docker ? [await swarmManager()] : [];
  return {
    capabilities: [
      ...everything,
      ...live,
      ...containers,
      ...swarm,
      ...mininet,
      ...(netns ? [tun(), netem(), seccomp(), strongswan(), libreswan()] : []),
      ...comforts(),
    ],
    drivers: {
      sim,
      netns,
      docker,
      mininet: netns && mininet.every(found => found.ok),
      swarm: docker && swarm.every(found => found.ok),
    },
  };
}

const NODE_OLDEST = [20, 19] as const;

function nodeVersion(): MachineCapability {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > NODE_OLDEST[0] || (major === NODE_OLDEST[0] && minor >= NODE_OLDEST[1]);
  if (isNewEnough) return there('Node.js', 'everything', process.version);
  return missing('Node.js', 'everything', `${process.version} is too old`, `install ${NODE_OLDEST.join('.')} or newer`);
}

function unixLab(): MachineCapability {
  if (process.platform === 'linux') return there('/proc', 'everything', 'how labs are found again');
  return missing('/proc', 'everything', 'labs that stay up need Linux; suites and validate work here', null);
}

function tun(): MachineCapability {
  const name = '/dev/net/tun';
  const failed = inTrialPod(['sh', '-c', 'exec 9<>/dev/net/tun']);
  if (failed === null) return there(name, 'comfort', "a gateway's way up to the kernel");
  return missing(name, 'comfort', "closed to you: a gateway's way up to the kernel is a veth pair instead", null);
}

function netem(): MachineCapability {
  const failed = inTrialPod(['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms']);
  if (failed === null) return there('netem', 'comfort', 'impairs live links in the kernel');
  return missing('netem', 'comfort', "not in this kernel: the lab's own user-space link impairs live links", null);
}

/** Tries it, in a process that ends with it. */
function seccomp(): MachineCapability {
  const name = 'seccomp';
  const script = 'process.stdout.write(require(process.argv[1]).confine({}).filter)';
  const said = spawnSync(process.execPath, ['-e', script, ADDON_FILE], { encoding: 'utf8' }).stdout;
  if (said === 'on') return there(name, 'comfort', 'engines give up system calls with all their other rights');
  const why = said === 'unknownArchitecture' ? `no filter is written for ${process.arch}` : 'not in this kernel';
  return missing(name, 'comfort', `${why}: engines give up their rights, and keep all system calls`, null);
}

/** Programs that are good to have on nodes, or beside a lab. */
function comforts(): MachineCapability[] {
  return [
    program(
      'ping',
      { 'apt-get': 'iputils-ping', dnf: 'iputils', pacman: 'iputils' },
      'lab exec a1 -- ping …',
      'comfort',
    ),
    program('nc', { 'apt-get': 'netcat-openbsd', dnf: 'nmap-ncat' }, 'lab exec a1 -- nc …', 'comfort'),
    program('traceroute', { 'apt-get': 'traceroute' }, 'lab exec a1 -- traceroute …', 'comfort'),
    program('iperf3', { 'apt-get': 'iperf3' }, 'measures throughput', 'comfort'),
    program(
      'tshark',
      { 'apt-get': 'tshark', dnf: 'wireshark-cli', pacman: 'wireshark-cli' },
      'reads captures; tests use it',
      'comfort',
    ),
    scapy(),
  ];
}

function scapy(): MachineCapability {
  const use = 'tests compare our ESP with its';
  const pythons = [findProgram('python3'), '/usr/bin/python3'].filter(python => python !== null);
  const found = pythons.some(python => spawnSync(python, ['-c', FIND_SCAPY]).status === 0);
  if (found) return there('scapy', 'comfort', use);
  return missing('scapy', 'comfort', use, installCommand([{ 'apt-get': 'python3-scapy', apk: 'scapy' }]));
}

/** Importing it takes a second; asking where it is does not. */
const FIND_SCAPY = 'import importlib.util as u, sys; sys.exit(u.find_spec("scapy") is None)';
