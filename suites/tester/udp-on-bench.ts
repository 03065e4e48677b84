import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import { type Bench, FAR, HOST, type Seen } from './bench.ts';
import { type EspOpened, type EspOrder, openEsp, sealEsp } from './esp.ts';
import { addressOf, filler, packet, udp } from './ip.ts';

/** RFC 3948 §2: the port of both IKE and ESP. */
export const NAT_T_PORT = 4500;

/** A datagram as it stands behind an IP header. */
export interface DatagramOrder {
  readonly source: string;
  readonly destination: string;
  readonly from?: number;
  readonly to?: number;
  readonly payload: Uint8Array;
  /** `zero` unless the tester wants it right, or wrong. */
  readonly checksum?: 'zero' | 'right' | 'wrong';
}

/** A whole IP packet with it. */
export function datagram({
  from = NAT_T_PORT,
  to = NAT_T_PORT,
  checksum = 'zero',
  ...order
}: DatagramOrder): Uint8Array {
  const { source, destination, payload } = order;
  const octets = Buffer.from(
    encodeUdp({ sourcePort: from, destinationPort: to, payload }, addressOf(source), addressOf(destination)),
  );
  if (checksum === 'zero') octets.writeUInt16BE(0, 6);
  if (checksum === 'wrong') octets.writeUInt16BE(octets.readUInt16BE(6) ^ 0x5a5a, 6);
  return packet({ source, destination, protocol: IpProtocol.UDP, payload: octets });
}

export type EncapsulatedOrder = Partial<Omit<EspOrder, 'keys' | 'payload' | 'nextHeader'>> &
  Partial<Omit<DatagramOrder, 'payload'>> & {
    readonly sequence: number;
    /** A datagram with it is inside, unless `inside` is given. */
    readonly text?: string;
    readonly inside?: Uint8Array;
    readonly nextHeader?: number;
    readonly spoil?: (esp: Uint8Array) => void;
  };

/** ESP in UDP from the peer, under alice’s inbound SA. */
export function encapsulated(bench: Bench, order: EncapsulatedOrder): Uint8Array {
  const { text = '', nextHeader = IpProtocol.IPV4, spoil, inside, ...rest } = order;
  const sa = bench.sa('in');
  const payload = inside ?? udp({ source: FAR[4], destination: HOST[4], payload: filler(text) });
  const esp = sealEsp({ ...rest, keys: sa, nextHeader, payload });
  spoil?.(esp);
  return datagram({ source: sa.source, destination: sa.destination, ...rest, payload: esp });
}

/** A datagram of alice’s from or to the port of ESP in UDP. */
export interface DatagramFromAlice extends Seen {
  readonly from: number;
  readonly to: number;
  /** As it was sent. */
  readonly checksum: number;
  readonly length: number;
  readonly content: Uint8Array;
  /** null: it is no ESP of her outbound SA that verifies. */
  readonly opened: EspOpened | null;
}

export function datagramsFrom(bench: Bench): readonly DatagramFromAlice[] {
  const sa = bench.sa('out');
  return bench.outside().flatMap((seen): DatagramFromAlice[] => {
    const { protocol, payload } = seen.header;
    if (protocol !== IpProtocol.UDP || payload.length < 8) return [];
    const octets = Buffer.from(payload);
    const [from, to] = [octets.readUInt16BE(0), octets.readUInt16BE(2)];
    const content = octets.subarray(8);
    const isEsp = content.length >= 8 && content.readUInt32BE(0) === sa.spi;
    return [
      {
        ...seen,
        from,
        to,
        length: octets.readUInt16BE(4),
        checksum: octets.readUInt16BE(6),
        content,
        opened: isEsp ? openEsp(sa, content) : null,
      },
    ];
  });
}
