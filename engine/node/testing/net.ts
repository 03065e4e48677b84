import type { Random } from '../../crypto/random.ts';
import { createTypescriptKernel } from '../../ipsec/typescript-kernel.ts';
import type { IpsecKernel } from '../../ipsec/kernel.ts';
import { parseMac } from '../../wire/address.ts';
import { encodeEthernet, EtherType } from '../../wire/ethernet.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import type { Offload } from '../../wire/offload.ts';
import type { NodeConfig } from '../config.ts';
import { createNode } from '../create.ts';
import type { Effects, Frame, LocalPacket, Node, NodeEvent } from '../node.ts';

/** A frame as it went over a wire. */
export interface SeenFrame {
  /** `node:port`. */
  readonly from: string;
  readonly octets: Uint8Array;
  readonly offload: Offload | null;
}

/** Nodes of a test on wires without delay or loss, and a clock that the test moves. */
export interface Net {
  readonly nodes: ReadonlyMap<string, Node>;
  readonly seen: SeenFrame[];
  readonly now: () => Instant;
  readonly node: (name: string) => Node;
  /** What a node has handed up since the last call. */
  readonly takeDeliveries: (name: string) => Uint8Array[];
  readonly takeEvents: (name: string) => NodeEvent[];
  /** From the host stack of a node, in one batch. */
  readonly send: (name: string, ...packets: readonly (Uint8Array | LocalPacket)[]) => void;
  /** Into a node as if its wire had brought it; the frames that leave go their way. */
  readonly inject: (name: string, port: string, ...frames: readonly Uint8Array[]) => void;
  /** The same for IP packets, in frames from a stranger to that port. */
  readonly injectPackets: (name: string, port: string, ...packets: readonly Uint8Array[]) => void;
  /** Lets time pass, running every timer on the way. */
  readonly advance: (ns: number) => void;
  /** Decides what happens to each frame from now on; null loses it. */
  alter: ((frame: SeenFrame) => Uint8Array | null) | null;
  /** Runs what a command or call returned. */
  readonly take: (name: string, effects: Effects) => void;
}

const STRANGER = Uint8Array.of(2, 0xff, 0, 0, 0, 1);

/** `wires` name the two ends: `alice:net0`. Every node is started. */
export function createNet(
  configs: readonly NodeConfig[],
  wires: readonly (readonly [string, string])[],
  kernelFor: (name: string) => IpsecKernel = name => createTypescriptKernel(testRandom(name)),
): Net {
  const ends = new Map(wires.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
  const nodes = new Map(
    configs.map(config => {
      const context = { random: testRandom(config.name), kernel: kernelFor(config.name) };
      return [config.name, createNode(config, context)] as const;
    }),
  );
  const deliveries = new Map<string, Uint8Array[]>();
  const events = new Map<string, NodeEvent[]>();
  let now: Instant = 0;

  const nodeNamed = (name: string): Node => {
    const node = nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  };

  const net: Net = {
    nodes,
    seen: [],
    alter: null,
    now: () => now,
    node: nodeNamed,
    takeDeliveries: name => {
      const taken = deliveries.get(name) ?? [];
      deliveries.delete(name);
      return taken;
    },
    takeEvents: name => {
      const taken = events.get(name) ?? [];
      events.delete(name);
      return taken;
    },
    send: (name, ...packets) => {
      const local = packets.map(packet => (packet instanceof Uint8Array ? { octets: packet, offload: null } : packet));
      take(name, nodeNamed(name).send(local, now));
    },
    inject: (name, port, ...frames) => {
      const batch = frames.map(octets => ({ port, octets, offload: null }));
      take(name, nodeNamed(name).receive(batch, now));
    },
    injectPackets: (name, port, ...packets) => {
      const config = configs.find(candidate => candidate.name === name);
      const mac = parseMac(config?.interfaces.find(candidate => candidate.name === port)?.mac ?? '');
      if (mac === null) throw new Error(`no port ${name}:${port}`);
      const frames = packets.map(payload => {
        const etherType = (payload[0] ?? 0) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4;
        return encodeEthernet({ destination: mac, source: STRANGER, etherType, payload });
      });
      net.inject(name, port, ...frames);
    },
    advance: ns => {
      const until = now + ns;
      for (let step = 0; ; step++) {
        if (step > 100_000) throw new Error('timers without end');
        const due = [...nodes].map(([name, node]) => ({ name, node, at: node.wakeAt() ?? Number.POSITIVE_INFINITY }));
        due.sort((a, b) => a.at - b.at);
        const [next] = due;
        if (next === undefined || next.at > until) break;
        now = Math.max(now, next.at);
        take(next.name, next.node.wake(now));
      }
      now = until;
    },
    take,
  };

  function take(name: string, effects: Effects): void {
    const queue: [string, Effects][] = [[name, effects]];
    for (let i = 0; i < queue.length; i++) {
      if (i > 100_000) throw new Error('frames without end');
      const [from, { frames, deliveries: up, events: heard }] = queue[i] as [string, Effects];
      append(
        deliveries,
        from,
        up.map(packet => packet.octets),
      );
      append(events, from, heard);
      for (const [to, batch] of carried(from, frames)) queue.push([to, nodeNamed(to).receive(batch, now)]);
    }
  }

  /** The frames that arrive, by node, in order. */
  function carried(from: string, frames: readonly Frame[]): Map<string, Frame[]> {
    const arrivals = new Map<string, Frame[]>();
    for (const { port, octets, offload } of frames) {
      const seen = { from: `${from}:${port}`, octets, offload };
      net.seen.push(seen);
      const end = ends.get(seen.from);
      const arriving = net.alter === null ? octets : net.alter(seen);
      if (end === undefined || arriving === null) continue;
      const [to = '', toPort = ''] = end.split(':');
      arrivals.set(to, [...(arrivals.get(to) ?? []), { port: toPort, octets: arriving, offload }]);
    }
    return arrivals;
  }

  for (const [name, node] of nodes) take(name, node.wake(now));
  net.advance(2 * NS_PER_S);
  net.seen.length = 0;
  for (const name of nodes.keys()) net.takeEvents(name);
  return net;
}

/** A generator for tests: the same octets for the same seed (xorshift32). */
export function testRandom(seed: string): Random & { next(): number } {
  let state = 0x9e3779b9;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x85ebca6b) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return { next, bytes: count => Uint8Array.from({ length: count }, () => next() & 0xff) };
}

function append<Value>(map: Map<string, Value[]>, name: string, values: readonly Value[]): void {
  map.set(name, [...(map.get(name) ?? []), ...values]);
}
