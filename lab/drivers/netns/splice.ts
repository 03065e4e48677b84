import type { Cable, CableEnd } from './layout.ts';
import { MIDDLE_NAMESPACE } from './names.ts';
import { plainNodeScript } from './plain-node.ts';
import { ipBatch, runScript } from './run.ts';
import { script, setting } from './script.ts';

/** A cable through the middle in place of a straight one. */
export interface Splice {
  readonly cable: Cable;
  /** The end that gets a new device; the other one keeps its own. */
  readonly renewed: 0 | 1;
}

/**
 * How a straight cable becomes one through the middle, with devices there by this name. One of its two veths goes to the middle, so
 * that the node there gets another one: only a plain node can, for an engine holds its port. null: there is none at either end.
 */
export function spliced({ link, ends }: Cable, name: string): Splice | null {
  const renewed = ends[1].node.engine ? (ends[0].node.engine ? null : 0) : 1;
  if (renewed === null) return null;
  const through = (end: CableEnd, side: number): CableEnd => ({
    ...end,
    far: { netns: MIDDLE_NAMESPACE, interface: `${name}s${side}` },
  });
  return { cable: { link, kind: 'middle', ends: [through(ends[0], 0), through(ends[1], 1)] }, renewed };
}

/** Makes it so. The renewed end has its addresses and routes again; both ends have no carrier for a moment. */
export async function spliceIn({ cable, renewed }: Splice): Promise<void> {
  const [moving, kept] = renewed === 0 ? cable.ends : [cable.ends[1], cable.ends[0]];
  const { node, end, netns, far } = moving;
  const port = node.interfaces.find(each => each.name === end.interface);
  if (port === undefined) throw new Error(`${node.name} has no interface ${end.interface}`);
  // netem would go on impairing in front of the middle; there is none on most.
  await runScript(kept.netns, clean(kept.end.interface));
  await runScript(
    netns,
    `${clean(port.name)}ip link set dev ${port.name} down\nip link set dev ${port.name} netns ${MIDDLE_NAMESPACE} name ${kept.far.interface}\n`,
  );
  await ipBatch([
    `link add name ${port.name} netns ${netns} address ${port.mac} mtu ${port.mtu} type veth peer name ${far.interface} netns ${MIDDLE_NAMESPACE} mtu 65535`,
  ]);
  const devices = [kept.far.interface, far.interface];
  await runScript(
    MIDDLE_NAMESPACE,
    script(
      devices.map(name => setting(`ipv6/conf/${name}/disable_ipv6`, true)),
      devices.map(name => `link set dev ${name} mtu 65535 arp off up`),
    ),
  );
  await runScript(netns, plainNodeScript(node));
}

const clean = (device: string): string => `tc qdisc del dev ${device} root 2>/dev/null || true\n`;
