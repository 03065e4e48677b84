import { expect } from 'vitest';
import { decodeLine } from '../../lab/capture/decode-line.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { Driver, LabEvent, ProbeResult, RunningLab } from '../../lab/drivers/driver.ts';
import type { Topology } from '../../lab/topology/model.ts';
import { frameBetween } from '../tester/frames.ts';
import { openTopology } from '../../lab/topology/shipped.ts';

/** What a command came to. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody who follows a guide in a lab: types what it says, and looks at the wire. */
export interface Walk {
  readonly lab: RunningLab;
  readonly events: readonly LabEvent[];
  /** A command line on a node, in words as a shell has them; `input` is what it reads. */
  type(node: string, line: string, input?: string): Promise<Ended>;
  /** The same of words that are no shell's. */
  exec(node: string, argv: readonly string[], input?: string): Promise<Ended>;
  /** The same for one that must work: what it printed. */
  does(node: string, line: string, input?: string): Promise<string>;
  /** Writes a file on a node. */
  write(node: string, path: string, text: string): Promise<void>;
  /** An IP packet from the host behind a gateway, as if that had sent it. */
  sendFrom(gateway: string, packet: Uint8Array): Promise<void>;
  ping(from: string, to: string): Promise<ProbeResult>;
  /**
   * One gets through to the other: with the first packet where time is the lab's own; where the machine may be too busy for one, with
   * one of three. What fails says what the wires have shown meanwhile.
   */
  reaches(from: string, to: string): Promise<void>;
  /** Until it is so, for at most that much lab time. */
  until(isSo: () => Promise<boolean> | boolean, withinMs?: number): Promise<void>;
  /** What a link has shown since the walk began, or since the place that `here` gave. */
  packets(link: string, since?: number): readonly CapturedPacket[];
  /** The same, a line each. */
  lines(link: string, since?: number): readonly string[];
  /** A place in what has been seen. */
  here(): number;
}

/** A lab of that topology, before anything is typed. */
export async function beginWalk(driver: Driver, name: string): Promise<Walk> {
  return walkIn(driver, shipped(name));
}

/** The same of a topology that does not ship. */
export async function walkIn(driver: Driver, topology: Topology): Promise<Walk> {
  const seen: CapturedPacket[] = [];
  const events: LabEvent[] = [];
  const lab = await driver.up(topology, {
    runId: `walk-${topology.name}`,
    seed: 'walk',
    onPacket: packet => seen.push(packet),
    onEvent: event => events.push(event),
  });
  const packets = (link: string, since = 0) => seen.slice(since).filter(packet => packet.link === link);
  const exec = (node: string, argv: readonly string[], input?: string) => execOn(lab, node, argv, input);
  const type = (node: string, line: string, input?: string) => exec(node, wordsOf(line), input);
  const does = async (node: string, line: string, input?: string) => {
    const { status, stdout, stderr } = await type(node, line, input);
    expect({ line, status, stderr }, stdout).toMatchObject({ line, status: 0 });
    return stdout;
  };
  const ping = (from: string, to: string) =>
    lab.probe({ from, to, toNode: null, timeoutMs: 3000, sizeOctets: 56, with: 'icmp', dontFragment: false });
  const tries = driver.name === 'sim' ? 1 : 3;
  return {
    lab,
    events,
    type,
    exec,
    does,
    write: async (node, path, text) => void (await does(node, `tee ${path}`, text)),
    sendFrom: async (gateway, octets) => {
      const link = topology.links.find(({ endpoints }) => endpoints.some(end => isBehind(end, gateway)));
      const host = link?.endpoints.find(end => end.node !== gateway);
      if (link === undefined || host === undefined) throw new Error(`nobody is behind ${gateway}`);
      const to = `${gateway}:net1`;
      await lab.inject(link.name, to, frameBetween(topology, `${host.node}:${host.interface}`, to, octets));
      await lab.sleep(300);
    },
    ping,
    reaches: async (from, to) => {
      const [since, told] = [seen.length, events.length];
      for (let i = 0; i < tries; i++) if ((await ping(from, to)).kind === 'answered') return;
      const shown = seen.slice(since).map(packet => `${packet.link}: ${decodeLine(packet)}`);
      const said = events.slice(told).map(({ node, kind, detail }) => `${node}: ${kind} ${detail}`);
      throw new Error([`${from} does not reach ${to}`, ...shown, ...said].join('\n'));
    },
    until: async (isSo, withinMs = 20_000) => {
      for (let waited = 0; !(await isSo()); waited += 100) {
        if (waited > withinMs) throw new Error(`not so after ${withinMs} ms: ${isSo.toString()}`);
        await lab.sleep(100);
      }
    },
    packets,
    lines: (link, since) => packets(link, since).map(decodeLine),
    here: () => seen.length,
  };
}

export function shipped(name: string): Topology {
  const { topology } = openTopology(name);
  if (topology === null) throw new Error(`topology ${name} does not load`);
  return topology;
}

const isBehind = (end: { readonly node: string; readonly interface: string }, gateway: string): boolean =>
  end.node === gateway && end.interface === 'net1';

async function execOn(lab: RunningLab, node: string, argv: readonly string[], input?: string): Promise<Ended> {
  const stdout: Uint8Array[] = [];
  const stderr: Uint8Array[] = [];
  const status = await lab.exec(node, argv, {
    stdin: input === undefined ? null : once(input),
    stdout: octets => void stdout.push(octets),
    stderr: octets => void stderr.push(octets),
    signal: null,
  });
  return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** In words; what stands in double quotes is one. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

// oxlint-disable-next-line typescript/require-await -- nothing to wait for
async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
