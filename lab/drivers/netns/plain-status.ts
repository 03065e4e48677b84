import type { NodeStatus } from '../../../engine/node/node.ts';
import type { TopologyNode } from '../../topology/model.ts';
import { kernelNamespace } from './names.ts';
import { runScript, type Shell } from './run.ts';

/** The parts of `ip -json -statistics address` that we read. */
interface IpAddress {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly operstate: string;
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen?: number }[];
  readonly stats64?: { readonly rx: IpCounters; readonly tx: IpCounters };
}
interface IpCounters {
  readonly bytes: number;
  readonly packets: number;
}
/** And of `ip -json route`. */
interface IpRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
}

const BETWEEN = '---\n';
/** In one process: to start one is dear for whoever has as much memory as a lab. */
const QUESTIONS = ['-statistics address', 'route', '-6 route']
  .map(words => `ip -json ${words}`)
  .join(' && echo --- && ');

/** What the kernel of a plain node says about itself. */
export async function plainStatus(node: TopologyNode, shell: Shell = runScript): Promise<NodeStatus> {
  const printed = await shell(kernelNamespace(node.name), `${QUESTIONS}\n`);
  const [addresses = '', routes4 = '', routes6 = ''] = printed.split(BETWEEN);
  const own = new Set(node.interfaces.map(iface => iface.name));
  const interfaces = (parse(addresses) as readonly IpAddress[]).filter(({ ifname }) => own.has(ifname));
  return {
    name: node.name,
    interfaces: interfaces.map(interfaceStatus),
    routes: [
      ...(parse(routes4) as readonly IpRoute[]),
      ...(parse(routes6) as readonly IpRoute[]).filter(isOfInterest),
    ].map(({ dst, gateway, dev }) => ({
      destination: dst === 'default' ? (gateway?.includes(':') === true ? '::/0' : '0.0.0.0/0') : dst,
      via: gateway ?? null,
      interface: dev ?? '',
    })),
    policies: [],
    filter: null,
    sas: [],
    drops: {},
  };
}

function interfaceStatus(found: IpAddress): NodeStatus['interfaces'][number] {
  const none = { bytes: 0, packets: 0 };
  const { rx, tx } = found.stats64 ?? { rx: none, tx: none };
  return {
    name: found.ifname,
    kind: 'ethernet',
    // A VXLAN device, whose other end is a matter of addresses, does not know: it has a carrier while it is up itself.
    up: found.operstate === 'UP' || (found.operstate === 'UNKNOWN' && found.flags.includes('LOWER_UP')),
    mtu: found.mtu,
    addresses: found.addr_info.flatMap(({ local, prefixlen }) =>
      local === undefined ? [] : [`${local}/${prefixlen}`],
    ),
    counters: { receivedPackets: rx.packets, receivedOctets: rx.bytes, sentPackets: tx.packets, sentOctets: tx.bytes },
  };
}

/** `ip` prints nothing where there is nothing. */
const parse = (json: string): unknown => (json.trim() === '' ? [] : JSON.parse(json));

const isOfInterest = ({ dst }: IpRoute): boolean => !dst.startsWith('fe80:') && !dst.startsWith('ff00:');
