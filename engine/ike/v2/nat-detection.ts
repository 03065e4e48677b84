import { createHash } from 'node:crypto';
import type { Address } from '../../wire/address.ts';
import { ikeSpiOctets } from '../../wire/ike/header.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { IkeDatagram } from '../daemon.ts';
import { notifyPayload } from './notify.ts';

/** The SPIs of the message that a digest goes in: the responder's is zero in the first request. */
export interface NatDetectionSpis {
  readonly initiatorSpi: IkeSpi;
  readonly responderSpi: IkeSpi;
}

/** SHA-1 of SPIs, IP address and port, RFC 7296 §2.23. */
function natDetectionDigest({ initiatorSpi, responderSpi }: NatDetectionSpis, address: Address, port: number) {
  const hash = createHash('sha1').update(ikeSpiOctets(initiatorSpi)).update(ikeSpiOctets(responderSpi));
  return new Uint8Array(
    hash
      .update(address)
      .update(Uint8Array.of(port >>> 8, port & 255))
      .digest(),
  );
}

/** Both notifies for a message that goes this way. With `pretend` the source is one that nobody has: the peer sees a NAT. */
export function natDetectionNotifies(
  spis: NatDetectionSpis,
  way: Omit<IkeDatagram, 'octets'>,
  encapsulation: 'asDetected' | 'pretend',
): NotifyPayload[] {
  const [source, port] =
    encapsulation === 'pretend' ? [new Uint8Array(way.local.length), 0] : [way.local, way.localPort];
  return [
    notifyPayload(NotifyType.NAT_DETECTION_SOURCE_IP, natDetectionDigest(spis, source, port)),
    notifyPayload(NotifyType.NAT_DETECTION_DESTINATION_IP, natDetectionDigest(spis, way.remote, way.remotePort)),
  ];
}

export interface DetectedNats {
  readonly isLocalNatted: boolean;
  readonly isRemoteNatted: boolean;
}

/**
 * What the digests of a message that came say; null: it has none. There may be many of a source, of an initiator that does
 * not know which of its addresses is taken: one that is right is enough.
 */
export function detectNats(
  payloads: readonly Payload[],
  spis: NatDetectionSpis,
  way: Omit<IkeDatagram, 'octets'>,
): DetectedNats | null {
  const sources = digestsOf(payloads, NotifyType.NAT_DETECTION_SOURCE_IP);
  const destinations = digestsOf(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP);
  if (sources.length === 0 || destinations.length === 0) return null;
  const remote = natDetectionDigest(spis, way.remote, way.remotePort);
  const local = natDetectionDigest(spis, way.local, way.localPort);
  return {
    isLocalNatted: !destinations.some(digest => octetsEqual(digest, local)),
    isRemoteNatted: !sources.some(digest => octetsEqual(digest, remote)),
  };
}

function digestsOf(payloads: readonly Payload[], notifyType: number): Uint8Array[] {
  return payloads.flatMap(payload => (payload.type === 'N' && payload.notifyType === notifyType ? [payload.data] : []));
}
