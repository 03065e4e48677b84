import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { createTypescriptKernel } from '../ipsec/typescript-kernel.ts';
import type { Random } from '../crypto/random.ts';
import type { IpsecKernel } from '../ipsec/kernel.ts';
import { ikePorts } from '../ike/datagram.ts';
import type { IkeStatus } from '../ike/status.ts';
import type { NodeConfig } from '../node/config.ts';
import { createNode } from '../node/create.ts';
import type { Node, NodeContext, NodeEvent } from '../node/node.ts';
import { parseMac } from '../wire/address.ts';
import { LiveClock } from './clock.ts';
import { type IkeOutside, IkeThread, launchIkeThread } from './ike-thread.ts';
import { type IkeStarter, LiveLoop } from './live-loop.ts';
import type { IkeOrder, Implementation, NodeAnswers, NodeOrder, NodeRequest, UpOrder } from './messages.ts';
import { openPacketPort } from './packet-port.ts';
import type { FramePort, PortStatistics, UpPort } from './port.ts';
import { createSystemRandom } from './system-random.ts';
import { openTunPort } from './tun-port.ts';
import { openVethUpPort } from './veth-up-port.ts';

/** A node that runs on this machine's interfaces. */
export interface LiveNode {
  answer(request: NodeRequest): Answer;
  close(): void;
}

type Answer = NodeAnswers[keyof NodeAnswers] | Promise<IkeStatus | null>;

/** Who hears of what a live node does. */
export interface LiveOutside extends Pick<IkeOutside, 'onSecrets'> {
  readonly onEvents: (events: readonly NodeEvent[]) => void;
  readonly onIkeEvents: IkeOutside['onEvents'];
  /** All ports are open and nothing has been read from them: for whoever wants to give up the rights that this took. */
  readonly onOpened: () => void;
}

/** Opens the ports that the order names and lets the node run on them. `worker`: the thread of its daemon, if it was launched before. */
export async function startLiveNode(
  order: NodeOrder,
  outside: LiveOutside,
  worker: Worker | null = null,
): Promise<LiveNode> {
  const random = createSystemRandom();
  const context = { random, kernel: await loadKernel(order.kernel, random) };
  const node = await makeNode(order, context);
  const ports = order.ports.map(port => openPacketPort(port));
  const up = order.up === null ? null : openUpPort(order.up);
  outside.onOpened();
  const clock = new LiveClock();
  const starter = (ike: IkeOrder, thread: Worker | null) =>
    ikeStarter(ike, order.implementation, node, outside, thread, clock);
  const startIke = order.ike === null ? null : starter(order.ike, worker);
  const loop = new LiveLoop({ node, ports, up, clock, onEvents: outside.onEvents, startIke });
  return {
    answer: request =>
      request.kind === 'configureIke'
        ? configureIke(request.order, loop, ike => starter(ike, null))
        : answer(request, node, loop, clock, ports, up),
    close: () => loop.close(),
  };
}

/** Resolves when the daemon that is not wanted any more has gone. */
async function configureIke(
  order: IkeOrder | null,
  loop: LiveLoop,
  starter: (ike: IkeOrder) => IkeStarter,
): Promise<null> {
  const ports = order === null ? null : ikePorts(order.config);
  if (order !== null && loop.ike !== null && isDeepStrictEqual(loop.ike.ports, ports)) {
    loop.ike.command({ kind: 'configure', config: order.config });
    return null;
  }
  await loop.releaseIke()?.retire();
  const negotiation =
    ports === null ? null : { ports: [...ports.plain, ...ports.marked], encapsulationPorts: ports.marked };
  loop.command({ kind: 'setNegotiation', negotiation });
  if (order !== null) loop.startIke(starter(order));
  return null;
}

function ikeStarter(
  ike: IkeOrder,
  implementation: Implementation | null,
  node: Node,
  { onIkeEvents, onSecrets }: LiveOutside,
  worker: Worker | null,
  clock: LiveClock,
): IkeStarter {
  const order = { ...ike, implementation, skewNs: clock.skewNs };
  return outside =>
    new IkeThread(worker ?? launchIkeThread(), order, node, { ...outside, onEvents: onIkeEvents, onSecrets });
}

async function loadKernel(name: string, random: Random): Promise<IpsecKernel> {
  if (name === 'typescript') return createTypescriptKernel(random);
  const module = (await import(pathToFileURL(name).href)) as { createKernel(random: Random): IpsecKernel };
  return module.createKernel(random);
}

type NodeMaker = (config: NodeConfig, context: NodeContext) => Node;

async function makeNode(order: NodeOrder, context: NodeContext): Promise<Node> {
  if (order.implementation === null) return createNode(order.config, context);
  const { file, name } = order.implementation;
  const module = (await import(pathToFileURL(file).href)) as { findSubject(name: string): { make: NodeMaker } | null };
  const subject = module.findSubject(name);
  if (subject === null) throw new Error(`${file} has no subject ${name}`);
  return subject.make(order.config, context);
}

function openUpPort(order: UpOrder): UpPort {
  if (order.kind === 'tun') return openTunPort(order);
  const kernelMac = parseMac(order.kernelMac);
  if (kernelMac === null) throw new Error(`not a MAC address: ${order.kernelMac}`);
  return openVethUpPort({ interface: order.interface, netns: order.netns, kernelMac });
}

function answer(
  request: Exclude<NodeRequest, { kind: 'configureIke' }>,
  node: Node,
  loop: LiveLoop,
  clock: LiveClock,
  ports: readonly FramePort[],
  up: UpPort | null,
): Answer {
  switch (request.kind) {
    case 'status':
      loop.wake(); // what it says of ages is as of the last call
      return node.status();
    case 'explain':
      return node.explain(request.flow);
    case 'ports':
      return portStatistics(ports, up);
    case 'command':
      loop.command(request.command);
      return null;
    case 'skew':
      clock.skew(request.byNs);
      loop.ike?.skew(request.byNs);
      loop.wake();
      return null;
    case 'mute':
      loop.mute(request.port, request.direction);
      return null;
    case 'unmute':
      loop.unmute(request.port);
      return null;
    case 'sources':
      return request.destinations.map(destination => node.sourceFor(destination));
    case 'ike':
      return loop.ike?.status() ?? null;
    case 'ikeCommand':
      loop.ike?.command(request.command);
      return loop.ike !== null;
  }
}

function portStatistics(ports: readonly FramePort[], up: UpPort | null): Readonly<Record<string, PortStatistics>> {
  const own = ports.map((port): [string, PortStatistics] => [port.name, port.statistics()]);
  return Object.fromEntries(up === null ? own : [...own, ['up', up.statistics()]]);
}
