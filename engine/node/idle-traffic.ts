import { dummyPacket } from '../ipsec/dummy-packet.ts';
import type { OutboundSa } from '../ipsec/sa.ts';
import { splitOutbound } from '../ipsec/transport-mode.ts';
import { encapsulate } from '../ipsec/tunnel-mode.ts';
import { keepaliveDatagram } from '../ipsec/udp-encapsulation.ts';
import type { Address } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At } from '../wire/octets.ts';
import { type Core, nextIdentification, type Sealing } from './core.ts';
import { sendOriginated } from './output.ts';
import { endsOf } from './sa-choice.ts';
import type { Upkeep } from './sa-upkeep.ts';

/** Dummies are as long as many packets are: any of these lengths. */
const DUMMY_OCTETS_MIN = 40;
const DUMMY_OCTETS_RANGE = 1024;

/** A dummy packet, RFC 4303 §2.6, the way that the SA's last packet went; before the first one, as the SA alone would. */
export function sendDummy(core: Core, sa: OutboundSa, upkeep: Upkeep): void {
  if (sa.protocol !== 'esp') return;
  const outer = sa.mode === 'tunnel' ? { source: sa.source, destination: sa.destination } : null;
  const isThere = upkeep.way?.layers.every(each => core.upkeep.of(each.sa) !== null) === true;
  const sealing: Sealing =
    upkeep.way !== null && isThere ? upkeep.way : { layers: [{ sa, outer }], index: 0, depth: 0 };
  const layer = sealing.layers[sealing.index];
  const ends = layer === undefined ? null : endsOf(layer);
  const octets = DUMMY_OCTETS_MIN + (u16At(core.random.bytes(2), 0) % DUMMY_OCTETS_RANGE);
  const job = dummyPacket(sa, octets, core.random);
  upkeep.usedAt = core.now;
  if (ends !== null) {
    core.seals.push({ job, wrap: { kind: 'tunnel', inner: emptyHeader(sa.source), outer: ends }, sealing });
    return;
  }
  const packet = packetAround(core, new Uint8Array(0), sa, IpProtocol.NO_NEXT);
  const split = packet === null ? null : splitOutbound(packet);
  if (split !== null) core.seals.push({ job, wrap: { kind: 'transport', split }, sealing });
}

/** What keeps the mapping of a NAT alive, RFC 3948 §2.3. */
export function sendKeepalive(core: Core, sa: OutboundSa): void {
  if (sa.encapsulation === null) return;
  const { localPort, remotePort, remoteAddress } = sa.encapsulation;
  const ends = { source: sa.source, destination: remoteAddress };
  const datagram = keepaliveDatagram({ sourcePort: localPort, destinationPort: remotePort, ...ends });
  const octets = packetAround(core, datagram, ends, IpProtocol.UDP);
  if (octets === null) throw new Error('one octet does not fit');
  sendOriginated(core, { octets, offload: null, origin: 'node', depth: 0, isProtected: true, zone: null });
}

function packetAround(
  core: Core,
  payload: Uint8Array,
  ends: { readonly source: Address; readonly destination: Address },
  protocol: number,
): Uint8Array | null {
  const identification = nextIdentification(core);
  return encapsulate(emptyHeader(ends.source), ends.source, ends.destination, { protocol, payload, identification });
}

/** A packet that asks nothing of the header around it: no DSCP, no ECN, no DF. */
function emptyHeader(address: Address): Uint8Array {
  const header = new Uint8Array(address.length === 4 ? 20 : 40);
  header[0] = address.length === 4 ? 0x45 : 0x60;
  return header;
}
