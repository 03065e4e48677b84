import { flowOf } from '../ipsec/selector.ts';
import { formatAddress } from '../wire/address.ts';
import { readFragment } from '../wire/fragment.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { WireError } from '../wire/wire-error.ts';
import type { Core, Ingress } from './core.ts';
import type { Decision } from './decision.ts';
import type { FragmentTable } from './fragment-table.ts';
import type { Packet } from './packet.ts';
import { wayOf } from './reassemble.ts';
import { refusal } from './refusal.ts';

/**
 * What becomes of a fragment without waiting for the others, RFC 4301 §7.3: the first is decided on by what it shows, the later
 * ones go where it went, if they came the same way. What could change the ports of the first afterwards is refused: a first
 * fragment that does not show them, a second one that is decided on otherwise, and a later one that begins before its end.
 */
export function decideFragment(
  core: Core,
  table: FragmentTable,
  packet: Packet,
  ingress: Ingress,
  decide: () => Decision,
): Decision {
  const fragment = readOrNull(packet.octets);
  if (fragment === null) return refusal('malformed', 'a fragment that cannot be read');
  const key = `${wayOf(ingress).name} ${fragment.key}`;
  const known = table.find(key, core.now);
  const refuse = (why: string) => refusal('fragmentRefused', `${describe(packet)}: ${why}`);
  if (packet.fragmentOffset > 0) {
    if (known === null) return refuse('its first fragment was not let through');
    return fragment.offset < known.end ? refuse('it overlaps the first fragment') : known.decision;
  }
  if (!fragment.hasHeaders || hidesPorts(packet)) return refuse('the first fragment ends before the ports');
  const decision = decide();
  if (decision.kind === 'drop') return decision;
  if (known !== null && !isAlike(known.decision, decision)) return refuse('two first fragments, of different policies');
  table.remember(key, decision, fragment.data.length, core.now);
  return decision;
}

function readOrNull(octets: Uint8Array) {
  try {
    return readFragment(octets);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

function hidesPorts(packet: Packet): boolean {
  const flow = flowOf(packet.octets);
  if (flow === null) return true;
  if (packet.protocol === IpProtocol.ICMP || packet.protocol === IpProtocol.ICMPV6) return flow.icmp === null;
  const hasPorts = packet.protocol === IpProtocol.TCP || packet.protocol === IpProtocol.UDP;
  return hasPorts && flow.sourcePort === null;
}

function isAlike(a: Decision, b: Decision): boolean {
  return a.kind === b.kind && a.policy === b.policy;
}

function describe({ source, destination, fragmentOffset }: Packet): string {
  return `fragment at ${fragmentOffset} from ${formatAddress(source)} to ${formatAddress(destination)}`;
}
