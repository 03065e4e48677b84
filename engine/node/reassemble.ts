import { formatAddress } from '../wire/address.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, drop, type Ingress, originOf } from './core.ts';
import { type Packet, parsePacket } from './packet.ts';
import type { Way } from './reassembly-pool.ts';

/** How the fragments of one packet must have come. Policies and interfaces have name spaces of their own. */
export function wayOf(ingress: Ingress): Way {
  const { interface: arrival, sa } = ingress;
  const name = sa === null ? `interface ${arrival?.name}` : `policy ${sa.policy}`;
  return { name, origin: originOf(ingress) };
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
