import { formatAddress } from '../../engine/wire/address.ts';
import { EtherType, decodeEthernet } from '../../engine/wire/ethernet.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4 } from '../../engine/wire/ipv4.ts';
import { decodeIpv6 } from '../../engine/wire/ipv6.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';
import { Reassembly } from '../../engine/wire/reassembly.ts';
import { WireError } from '../../engine/wire/wire-error.ts';
import { EspDecryptor } from '../../lab/capture/decrypt.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { Scene } from './scene.ts';

/** An ESP packet on wan as its receiver could see it, decrypted without a line of the engine's. */
export interface EspSeen {
  /** The frame; the last of its fragments where it came in pieces. */
  readonly packet: CapturedPacket;
  readonly outer: { readonly source: string; readonly destination: string; readonly dscpEcn: number };
  readonly spi: number;
  readonly sequence: number;
  readonly iv: Uint8Array;
  readonly ciphertextOctets: number;
  readonly icvIsRight: boolean;
  /** null when it does not decrypt. */
  readonly padding: Uint8Array | null;
  readonly nextHeader: number | null;
  readonly inner: Uint8Array | null;
}

const SENDERS = { alice: 'alice:net0', bob: 'internet:alice' } as const;

/** What one gateway sent over wan under SAs of the run, in order. */
export function espFrom(scene: Scene, gateway: keyof typeof SENDERS): EspSeen[] {
  return everyEsp(scene).filter(esp => esp.packet.from === SENDERS[gateway]);
}

/** All ESP on wan, both ways; packets under an SPI of no SA only when asked for. */
export function everyEsp(scene: Scene, { withUnknownSpi = false } = {}): EspSeen[] {
  const decryptor = new EspDecryptor(() => scene.keys());
  return wholePackets(scene, { link: 'wan' }).flatMap(({ packet, ip }): EspSeen[] => {
    const opening = decryptor.open(ip);
    if (opening === null) return [];
    const outer = outerOf(ip);
    const contents = opening.kind === 'unknownSa' ? null : opening.contents;
    if (contents === null) {
      if (!withUnknownSpi || opening.kind !== 'unknownSa') return [];
      const { spi, sequence } = opening;
      const unread = {
        iv: new Uint8Array(0),
        ciphertextOctets: 0,
        icvIsRight: false,
        padding: null,
        nextHeader: null,
        inner: null,
      };
      return [{ packet, outer, spi, sequence, ...unread }];
    }
    return [
      {
        packet,
        outer,
        spi: contents.spi,
        sequence: contents.sequence,
        iv: contents.iv,
        ciphertextOctets: contents.ciphertext.length,
        icvIsRight: contents.icvOk,
        padding: contents.padding,
        nextHeader: contents.nextHeader,
        inner: opening.kind === 'opened' ? contents.payload : null,
      },
    ];
  });
}

const OFFICE_A = ['10.0.0.0/24', '2001:470:24:c66::/64'];
const OFFICE_B = ['10.0.1.0/24', '2001:470:24:c67::/64'];

/** The frames on wan that hold a packet between the offices in the clear, however deep in IP-in-IP. */
export function clearOf(scene: Scene): CapturedPacket[] {
  return wholePackets(scene, { link: 'wan' })
    .filter(({ ip }) => isClear(ip, 0))
    .map(({ packet }) => packet);
}

function isClear(ip: Uint8Array, depth: number): boolean {
  const header = headerOf(ip);
  if (header === null || depth > 8) return false;
  const { source, destination, protocol, payload } = header;
  if (isIn(OFFICE_A, source) && isIn(OFFICE_B, destination)) return true;
  if (isIn(OFFICE_B, source) && isIn(OFFICE_A, destination)) return true;
  return (protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6) && isClear(payload, depth + 1);
}

function isIn(prefixes: readonly string[], address: Uint8Array): boolean {
  return prefixes.some(text => {
    const prefix = parsePrefix(text);
    return prefix !== null && prefixContains(prefix, address);
  });
}

function outerOf(ip: Uint8Array): EspSeen['outer'] {
  const header = headerOf(ip);
  if (header === null) throw new Error('an ESP packet without an IP header');
  return {
    source: formatAddress(header.source),
    destination: formatAddress(header.destination),
    dscpEcn: header.dscpEcn,
  };
}

function headerOf(ip: Uint8Array) {
  try {
    if ((ip[0] ?? 0) >> 4 === 4) return decodeIpv4(ip);
    const { source, destination, nextHeader: protocol, trafficClass: dscpEcn, payload } = decodeIpv6(ip);
    return { source, destination, protocol, dscpEcn, payload };
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** The IP packets on a link, or sent by one of its ends, fragments put together. */
export function wholePackets(
  scene: Scene,
  where: { readonly link: string; readonly from?: string },
): { readonly packet: CapturedPacket; readonly ip: Uint8Array }[] {
  const pieces = new Reassembly({ maxBuffers: 64, maxOctets: 1 << 20, timeoutNs: 30e9 });
  return scene.packets(where).flatMap((packet, index) => {
    const { etherType, payload } = decodeEthernet(packet.octets);
    if (etherType !== EtherType.IPV4 && etherType !== EtherType.IPV6) return [];
    const whole = pieces.add(payload, index);
    return whole instanceof Uint8Array ? [{ packet, ip: whole }] : [];
  });
}
