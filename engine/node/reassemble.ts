import type { InboundSa } from '../ipsec/sa.ts';
import { formatAddress } from '../wire/address.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, drop, type Ingress, originOf } from './core.ts';
import { type Packet, parsePacket } from './packet.ts';
import type { Way } from './reassembly-pool.ts';

/**
 * How the fragments of one packet must have come: by the same interface, or under the same policies. Those have name spaces of
 * their own. Shared SAs are told apart by their ends, not by their SPIs, since their successors go on with what they began.
 */
export function wayOf(ingress: Ingress): Way {
  const names: string[] = [];
  for (let at = ingress.protection; at !== null; at = at.outer) names.push(wayBy(at.sa));
  const name = names.length === 0 ? `interface ${ingress.interface?.name}` : names.join(', ');
  return { name, origin: originOf(ingress) };
}

function wayBy({ policy, transform, protocol, mode, source, destination }: InboundSa): string {
  if (policy !== null) return `policy ${policy} ${transform}`;
  return `${protocol} ${mode} ${formatAddress(source)} ${formatAddress(destination)}`;
}

/** A whole packet out of fragments that came the same way; null while some are missing, or when they do not make one. */
export function reassemble(core: Core, packet: Packet, way: Way): Packet | null {
  try {
    const result = core.reassembly.add(way, packet.octets, core.now);
    if (result === null) return null;
    if (result instanceof Uint8Array) return parsed(core, result);
    const from = formatAddress(packet.source);
    drop(core, 'reassemblyFailed', () => `fragment from ${from}: ${result.drop}`);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    drop(core, 'malformed', () => error.message);
  }
  return null;
}

function parsed(core: Core, octets: Uint8Array): Packet | null {
  const packet = parsePacket(octets, null);
  if (typeof packet !== 'string') return packet;
  drop(core, 'malformed', () => packet);
  return null;
}
