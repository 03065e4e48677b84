import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { UP_DEVICE } from '../drivers/netns/names.ts';
import { withSystemPath } from '../drivers/netns/pod.ts';
import { badInput, machineCannot } from '../state/failure.ts';
import { identify, type ProcessIdentity, RUN_VARIABLE } from '../state/process.ts';
import { UNIMPAIRED } from '../topology/impairment.ts';
import type { Topology, TopologyNode } from '../topology/model.ts';

/** A topology as it is in hosts that run already. */
export interface AttachedNetwork {
  readonly topology: Topology;
  /** A process of each node's host; null: a lab makes its own. */
  readonly hosts: Readonly<Record<string, ProcessIdentity>> | null;
}

/**
 * Finds the host of each node among those of Mininet that run on this machine: by the node's name, or as `asked`, words like `gw1=GW1`
 * and `gw1=4711`. Addresses of NICs are taken from the hosts; what links do to frames is left to their network. A Failure where
 * the two do not match.
 */
export function attachedNetwork(topology: Topology, asked: readonly string[]): AttachedNetwork {
  const wanted = new Map(asked.map(word => askedHost(word, topology)));
  const running = mininetHosts();
  const hosts = Object.fromEntries(
    topology.nodes.map(node => [node.name, hostOf(node.name, wanted.get(node.name) ?? null, running)]),
  );
  const nodes = topology.nodes.map(node => asInHost(node, hosts[node.name]?.pid ?? 0));
  const links = topology.links.map(link => ({ ...link, impairments: [UNIMPAIRED, UNIMPAIRED] as const }));
  return { topology: { ...topology, nodes, links, faults: [] }, hosts };
}

function askedHost(word: string, { nodes }: Topology): [string, string] {
  const [, node = '', host = ''] = /^([^=]+)=(.+)$/.exec(word) ?? [];
  if (nodes.some(({ name }) => name === node)) return [node, host];
  throw badInput(`"${word}" names no node and its host`, `--host ${nodes[0]?.name ?? 'gw1'}=PID`);
}

interface RunningHost {
  /** In Mininet. */
  readonly name: string;
  readonly pid: number;
}

/**
 * Mininet names the shell of each host, and of each switch, in its arguments. Those that share our network are no hosts, and those of
 * labs belong to them.
 */
function mininetHosts(): RunningHost[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .flatMap(entry => {
      const name = /\0mininet:([^\0]+)\0$/.exec(readOrNothing(`/proc/${entry}/cmdline`))?.[1];
      if (name === undefined || networkOf(entry) === networkOf('self')) return [];
      return `\0${readOrNothing(`/proc/${entry}/environ`)}`.includes(`\0${RUN_VARIABLE}=`)
        ? []
        : [{ name, pid: Number(entry) }];
    });
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

function networkOf(process: string): string | null {
  try {
    return readlinkSync(`/proc/${process}/ns/net`);
  } catch {
    return null;
  }
}

function hostOf(node: string, wanted: string | null, running: readonly RunningHost[]): ProcessIdentity {
  const name = wanted ?? node;
  const byPid = wanted !== null && /^\d+$/.test(wanted) ? [{ name, pid: Number(wanted) }] : [];
  const exactly = running.filter(host => host.name === name);
  const alike = running.filter(host => host.name.toLowerCase() === name.toLowerCase());
  const found = [byPid, exactly, alike].find(hosts => hosts.length > 0) ?? [];
  const [only, another] = found;
  if (only === undefined) {
    const there = [...new Set(running.map(host => host.name))].join(', ');
    const fix = there === '' ? 'start the network first' : `--host ${node}=NAME; there are ${there}`;
    throw badInput(`no host of Mininet that runs is called "${name}"`, fix);
  }
  if (another !== undefined) {
    const pids = found.map(({ pid }) => pid).join(', ');
    throw badInput(
      `several hosts that run are called "${name}", with the processes ${pids}`,
      `--host ${node}=${only.pid}`,
    );
  }
  const identity = identify(only.pid);
  if (identity === null) throw badInput(`there is no process ${only.pid}`, `--host ${node}=PID, of a host that runs`);
  if (networkOf(String(only.pid)) === networkOf('self')) {
    throw badInput(
      `process ${only.pid} is in the network of the machine itself`,
      `--host ${node}=PID, of a host that runs`,
    );
  }
  return identity;
}

interface Device {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
}

function asInHost(node: TopologyNode, pid: number): TopologyNode {
  const { name, engine } = node;
  if (node.implementation !== null) {
    throw badInput(
      `${name} runs ${node.implementation}, which cannot be put into a host that runs`,
      'make it a gateway',
    );
  }
  const devices = devicesOf(name, pid).filter(({ ifname }) => ifname !== 'lo');
  if (devices.some(({ ifname }) => ifname === UP_DEVICE)) {
    throw badInput(`a lab is in the host of ${name} already`, 'lab status says which; lab down it first');
  }
  const known = devices.map(({ ifname }) => ifname);
  const unknown = known.find(device => node.interfaces.every(iface => iface.name !== device));
  if (engine && unknown !== undefined) {
    throw badInput(
      `the host of ${name} has an interface ${unknown} that the topology does not know`,
      `give ${name} all of them: the engine is to have every packet`,
    );
  }
  const interfaces = node.interfaces.map(iface => {
    const device = devices.find(({ ifname }) => ifname === iface.name);
    if (device !== undefined) {
      return { ...iface, mac: device.address, mtu: device.mtu, advertise: engine && iface.advertise };
    }
    if (!engine && iface.link === null) return iface;
    throw badInput(`the host of ${name} has no interface ${iface.name}`, `it has ${known.join(', ') || 'none'}`);
  });
  return { ...node, interfaces };
}

function devicesOf(node: string, pid: number): readonly Device[] {
  const run = spawnSync('nsenter', [`--target=${pid}`, '--net', 'ip', '-j', 'link', 'show'], {
    encoding: 'utf8',
    env: withSystemPath(process.env),
  });
  if (run.status === 0) return JSON.parse(run.stdout) as Device[];
  throw machineCannot(`the host of ${node} cannot be looked into: ${run.stderr.trim()}`, 'as root: sudo lab attach …');
}
