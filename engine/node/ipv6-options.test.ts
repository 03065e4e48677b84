import { expect, test } from 'vitest';
import { createNet } from './testing/net.ts';
import { ipPacket } from './testing/packets.ts';
import { traffic } from './testing/read.ts';
import { nodeConfig, port } from './testing/sites.ts';

const [HOST, PEER] = ['2001:db8::1', '2001:db8::2'];

function host() {
  return createNet(
    [
      nodeConfig('h', { interfaces: [port('e', [`${HOST}/64`])] }),
      nodeConfig('peer', { interfaces: [port('e', [`${PEER}/64`])] }),
    ],
    [['h:e', 'peer:e']],
  );
}

/** An empty UDP datagram behind eight octets of options that begin with this type. */
function withOption(header: 0 | 60, type: number, to = HOST): Uint8Array {
  const payload = new Uint8Array(16);
  payload.set([17, 0, type, 0, 1, 2, 0, 0], 0);
  payload.set([0, 1, 0, 2, 0, 8, 0, 0], 8);
  return ipPacket(PEER, to, header, payload);
}

/** RFC 8200 §4.2: the upper two bits of an unknown option's type say what is done about it. */
test.each([
  [0, 0x1e, HOST, true, false],
  [60, 0x1e, HOST, true, false],
  [60, 0x5e, HOST, false, false],
  [60, 0x9e, HOST, false, true],
  [0, 0x9e, 'ff02::1', false, true],
  [60, 0xde, HOST, false, true],
  [60, 0xde, 'ff02::1', false, false],
] as const)('header %i, option type %i to %s: taken %s, told %s', (header, type, to, isTaken, isTold) => {
  const net = host();
  net.send('peer', withOption(header, type));
  net.takeDeliveries('h');
  net.takeDeliveries('peer');
  net.seen.length = 0;
  net.injectPackets('h', 'e', withOption(header, type, to));
  expect(net.takeDeliveries('h')).toHaveLength(isTaken ? 1 : 0);
  expect(traffic(net, 'h:e')).toEqual(isTold ? [`${HOST} > ${PEER} | icmp 4/2`] : []);
});

test('an option in the middle of others is found, and the pointer is right', () => {
  const net = host();
  const payload = new Uint8Array(24);
  payload.set([17, 1, 0, 1, 2, 0, 0, 5, 2, 0, 0, 0x8a, 0, 0], 0);
  payload.set([0, 1, 0, 2, 0, 8, 0, 0], 16);
  net.injectPackets('h', 'e', ipPacket(PEER, HOST, 60, payload));
  net.advance(1);
  const error = net.seen.find(frame => frame.from === 'h:e' && frame.octets[54] === 4);
  expect([...(error?.octets.subarray(58, 62) ?? [])]).toEqual([0, 0, 0, 40 + 11]);
});
