import { IpProtocol } from '../../wire/ip-protocol.ts';
import { join, splitInbound, splitOutbound } from '../transport-mode.ts';

/** For tests: the packet with what `seal` returns, the octets from the SPI to the ICV, between its headers and its payload. */
export function protect(
  packet: Uint8Array,
  seal: (nextHeader: number, payload: Uint8Array) => Uint8Array | null,
): Uint8Array | null {
  const split = splitOutbound(packet);
  if (split === null) return null;
  const esp = seal(split.nextHeader, split.payload);
  return esp === null ? null : join(split, IpProtocol.ESP, esp);
}

/** The packet as it was: it carried ESP (or `protocol`), `nextHeader` and `payload` came out. null where `splitInbound` is. */
export function restore(
  packet: Uint8Array,
  nextHeader: number,
  payload: Uint8Array,
  protocol: number = IpProtocol.ESP,
): Uint8Array | null {
  const split = splitInbound(packet, protocol);
  return split === null ? null : join(split, nextHeader, payload);
}
