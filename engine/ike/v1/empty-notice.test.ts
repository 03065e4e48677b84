import { expect, it } from 'vitest';
import { encodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import { cookieOf } from '../../wire/isakmp/header.ts';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import { Network } from '../testing/network.ts';
import { v1Pair } from './testing/connection.ts';

it.each(['main', 'aggressive'] as const)('a notice with nothing in it harms nobody in %s mode', mode => {
  const network = new Network(`an empty notice, ${mode}`);
  const { alice, bob } = v1Pair({}, { mode, accepts: [mode] });
  const from = network.add('alice', ['192.0.2.1'], alice);
  const to = network.add('bob', ['192.0.2.2'], bob);
  network.intercept = datagram => {
    const [initiatorCookie, responderCookie] = [datagram.octets.subarray(0, 8), datagram.octets.subarray(8, 16)];
    const empty = encodeIsakmpMessage({
      initiatorCookie: cookieOf(initiatorCookie),
      responderCookie: cookieOf(responderCookie),
      majorVersion: 1,
      minorVersion: 0,
      exchangeType: IsakmpExchange.INFORMATIONAL,
      isEncrypted: true,
      isCommit: false,
      isAuthenticationOnly: false,
      messageId: 7,
      payloads: [],
      firstPayload: 0,
      body: new Uint8Array(16),
    });
    return [datagram, { ...datagram, octets: empty }];
  };
  network.run(3000);
  for (const { daemon } of [from, to]) expect(daemon.status(network.now).sas).toMatchObject([{ state: 'established' }]);
});
