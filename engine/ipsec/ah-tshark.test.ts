import { expect, test } from 'vitest';
import { icvFieldOctets } from '../crypto/ah-suite.ts';
import { integrityAlgorithms } from '../crypto/integrity.ts';
import { ahOctets } from '../wire/ah.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { addressOf, must, toHex } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import { hasTshark, NEEDS_TSHARK, PcapLink, tsharkFields } from '../wire/testing/tshark.ts';
import { encodeUdp } from '../wire/udp.ts';
import { authenticateOne } from './testing/one-packet.ts';
import { ahPair } from './testing/sa-pair.ts';
import { splitInbound } from './transport-mode.ts';
import { encapsulate } from './tunnel-mode.ts';
import { createTypescriptKernel } from './typescript-kernel.ts';

const kernel = createTypescriptKernel({ bytes: count => new Uint8Array(count) });

function udpPacket(version: 4 | 6, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const payload = encodeUdp({ sourcePort: 9, destinationPort: 9, payload: new Uint8Array(33) }, source, destination);
  if (version === 4) {
    const options = Uint8Array.of(148, 4, 0, 0);
    return packet4(payload, { identification: 7, dontFragment: true, source, destination, options });
  }
  const chained = Uint8Array.of(IpProtocol.UDP, 0, 5, 2, 0, 0, 1, 0, ...payload);
  return packet6(chained, { flowLabel: 5, nextHeader: IpProtocol.HOPOPT, source, destination });
}

const ENDS = {
  4: [addressOf('192.0.2.1'), addressOf('198.51.100.1')],
  6: [addressOf('2001:db8::1'), addressOf('2001:db8::2')],
} as const;

test.skipIf(!hasTshark)(`tshark reads our AH and what it covers ${NEEDS_TSHARK}`, () => {
  const packets: Uint8Array[] = [];
  const expected: string[] = [];
  for (const integrity of integrityAlgorithms()) {
    for (const version of [4, 6] as const) {
      for (const mode of ['transport', 'tunnel'] as const) {
        const { out } = ahPair(integrity.token);
        out.sequence = 41n;
        const plain = udpPacket(version, ...ENDS[version]);
        const around = { protocol: version === 4 ? 4 : 41, payload: plain, identification: 1 };
        const whole = mode === 'tunnel' ? must(encapsulate(plain, ...ENDS[version], around)) : plain;
        const packet = authenticateOne(kernel, out, whole);
        packets.push(packet);
        const octets = ahOctets(icvFieldOctets(integrity), version);
        const { payload } = must(splitInbound(packet, IpProtocol.AH));
        const next = mode === 'transport' ? IpProtocol.UDP : around.protocol;
        expected.push(
          [integrity.token, '0x12345678', 42, octets / 4 - 2, toHex(payload.subarray(12, octets)), next, '1', ''].join(
            ' ',
          ),
        );
      }
    }
  }
  const fields = ['ah.spi', 'ah.sequence', 'ah.length', 'ah.icv', 'ah.next_header', 'udp.checksum.status'];
  const rows = tsharkFields(packets, [...fields, '_ws.malformed'], { link: PcapLink.RAW_IP });
  const tokens = integrityAlgorithms().flatMap(({ token }) => Array.from({ length: 4 }, () => token));
  expect(rows.map((row, i) => [tokens[i], ...row].join(' '))).toEqual(expected);
});
