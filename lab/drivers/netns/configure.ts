import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { nodeConfig } from '../../topology/node-config.ts';
import { kernelNamespaceScript, oneNamespaceScript, wireNamespaceScript } from './engine-namespace.ts';
import type { Ground } from './ground.ts';
import { type Cable, looseInterfaces, type WayUp } from './layout.ts';
import { kernelNamespace, MIDDLE_NAMESPACE, type NicsPlace, UP_DEVICE, wireNamespace } from './names.ts';
import { netemArguments } from './netem.ts';
import { plainNodeScript } from './plain-node.ts';
import { runScript, type Shell } from './run.ts';
import { script, setting } from './script.ts';

/**
 * The TUN devices of the engine nodes, which outlive the engine. Before an engine starts: to make a device is to hold it for a
 * moment, and only one process can.
 */
export async function makeUpDevices(topology: Topology, wayUp: WayUp, shell: Shell = runScript): Promise<void> {
  if (wayUp !== 'tun') return;
  const names = topology.nodes.filter(node => node.engine).map(node => kernelNamespace(node.name));
  await Promise.all(names.map(name => shell(name, `exec ip tuntap add dev ${UP_DEVICE} mode tun\n`)));
}

/** Settings, addresses and routes of every namespace, and its devices up; but for nodes that are left as they are. */
export async function configure(
  topology: Topology,
  cables: readonly Cable[],
  wayUp: WayUp,
  nics: NicsPlace,
  ground: Pick<Ground, 'leaves' | 'shell'> = {},
): Promise<void> {
  const { shell = runScript } = ground;
  const middle = cables.flatMap(({ kind, ends }) => (kind === 'middle' ? ends.map(({ far }) => far.interface) : []));
  const loose = looseInterfaces(topology).map(({ plug }) => plug);
  const middleScript = script(
    [
      setting('ipv6/conf/default/disable_ipv6', true),
      ...[...middle, ...loose].map(name => setting(`ipv6/conf/${name}/disable_ipv6`, true)),
    ],
    middle.map(name => `link set dev ${name} arp off up`),
  );
  await Promise.all([
    runScript(MIDDLE_NAMESPACE, middleScript),
    ...topology.nodes.map(node => {
      if (ground.leaves?.(node) === true) return null;
      const kernel = kernelNamespace(node.name);
      if (!node.engine) return shell(kernel, plainNodeScript(node));
      const sourceFor = sourceChooser(topology, node);
      if (nics === 'together') return shell(kernel, oneNamespaceScript(node, sourceFor));
      return Promise.all([
        shell(wireNamespace(node), wireNamespaceScript(node, wayUp)),
        shell(kernel, kernelNamespaceScript(node, sourceFor)),
      ]);
    }),
  ]);
}

/** The engine itself says which source it would choose: a node that never runs, asked beside the one that does. */
function sourceChooser(topology: Topology, node: TopologyNode): (destination: string) => string | null {
  const random = createSystemRandom();
  const twin = createNode(nodeConfig(topology, node.name, []), { random, kernel: createTypescriptKernel(random) });
  return destination => twin.sourceFor(destination);
}

/** netem on both ends, for frames that are packets each: an impairment must not hit a superframe as a whole. */
export async function impair({ link, ends }: Cable): Promise<void> {
  for (const [side, { netns, end }] of ends.entries()) {
    const words = netemArguments(link.impairments[side === 0 ? 0 : 1]);
    await passSingly(netns, end.interface);
    await runScript(netns, `tc qdisc replace dev ${end.interface} root netem ${words.join(' ')}\n`);
  }
}

/** From now on what leaves by this device are packets each, never superframes. */
export const passSingly = (netns: string, device: string): Promise<string> =>
  runScript(netns, `ip link set dev ${device} gso_max_segs 1\n`);
