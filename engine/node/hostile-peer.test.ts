import { describe, expect, test } from 'vitest';
import type { EspOutboundSa } from '../ipsec/sa.ts';
import { createOutboundSa } from '../ipsec/sa-input.ts';
import { createTypescriptKernel } from '../ipsec/typescript-kernel.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import type { Frame } from './node.ts';
import { type Below, mutate } from './testing/fuzz.ts';
import { fuzzTraffic } from './testing/fuzz-subjects.ts';
import { createNet, testRandom } from './testing/net.ts';
import { ipPacket, udp } from './testing/packets.ts';
import { line } from './testing/read.ts';
import { SITE_WIRES, sites, type SitesOptions, TO_BOB } from './testing/sites.ts';

const PACKETS = Number(process.env['FUZZ_FRAMES'] ?? 50_000) / 5;
const [ALICE, BOB] = ['1.2.3.4', '5.6.7.8'];

/** Alice has the keys and means ill: whatever is in her packets, it is authentic. */
describe('a peer that puts anything into its SA', () => {
  test.each([
    ['tunnel mode', {}],
    ['transport mode over IP-in-IP', { protect: 'transport' }],
    ['ESP in UDP', { by: 'udp' }],
    ['stateful fragments', { fragments: 'stateful' }],
  ] as const)('throws nothing and gets nothing out in the clear: %s', (_, options: SitesOptions) => {
    const net = createNet(sites(options), SITE_WIRES);
    const alice = sites(options).find(config => config.name === 'alice');
    const config = alice?.sas.find(sa => sa.spi === TO_BOB);
    if (config === undefined) throw new Error('no SA');
    const sa = createOutboundSa(config, 0);
    if (sa.protocol !== 'esp') throw new Error('not ESP');
    const corpus = [...fuzzTraffic(net, 'alice'), ...fuzzTraffic(net, 'bob')];
    sa.sequence = 1_000_000n; // beyond what the corpus has used
    const random = testRandom('hostile peer');
    const below: Below = limit => random.next() % limit;
    net.seen.length = 0;
    const kernel = createTypescriptKernel(testRandom('k'));
    for (let done = 0; done < PACKETS; done += 50) {
      const batch = Array.from({ length: 50 }, () =>
        sealed(kernel, sa, mutate(corpus[below(corpus.length)], corpus, below), below),
      );
      net.injectPackets('bob', 'net0', ...batch);
      if (done % 1000 === 0) net.advance(below(3_000_000_000));
    }
    const leaks = net.seen
      .filter(({ from }) => from === 'bob:net0')
      .map(({ octets }) => line(octets.subarray(14)))
      .filter(text => /^(?:10\.0\.[01]\.|2001:470:24:c6[67]:)\S* > (?:10\.0\.[01]\.|2001:470:24:c6[67]:)/.test(text));
    expect(leaks).toEqual([]);
    net.advance(120_000_000_000);
    net.injectPackets(
      'bob',
      'net0',
      sealed(kernel, sa, frameOf(udp('10.0.0.2', '10.0.1.2', [1, 2])), () => 1),
    );
    expect(net.takeDeliveries('b1').map(line)).toContain('10.0.0.2 > 10.0.1.2 | udp 1 > 2');
  });
});

function frameOf(packet: Uint8Array): Frame {
  const octets = new Uint8Array(14 + packet.length);
  octets.set(packet, 14);
  return { port: 'net1', octets, offload: null };
}

/** What the frame carries, as the content of an SA: mostly with the Next Header that it has, sometimes with any. */
function sealed(
  kernel: ReturnType<typeof createTypescriptKernel>,
  sa: EspOutboundSa,
  { octets }: Frame,
  below: Below,
): Uint8Array {
  const payload = octets.subarray(14);
  const honest = (payload[0] ?? 0) >> 4 === 6 ? IpProtocol.IPV6 : IpProtocol.IPV4;
  const nextHeader = below(16) === 0 ? below(256) : honest;
  const [result] = kernel.seal([{ sa, nextHeader, payload }]);
  if (result?.kind !== 'sealed') throw new Error('not sealed');
  return ipPacket(ALICE, BOB, IpProtocol.ESP, result.esp);
}
