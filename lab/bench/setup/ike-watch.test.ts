import { expect, test } from 'vitest';
import { EtherType, encodeEthernet } from '../../../engine/wire/ethernet.ts';
import { encodeIkeMessage } from '../../../engine/wire/ike/codec.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { addressOf } from '../../../engine/wire/testing/must.ts';
import { packet4 } from '../../../engine/wire/testing/packets.ts';
import { encodeUdp } from '../../../engine/wire/udp.ts';
import { createIkeWatch } from './ike-watch.ts';

/** A frame of UDP 500 with a message of no payload. */
function message(initiatorSpi: string, exchangeType: number, isResponse: boolean): Uint8Array {
  const octets = encodeIkeMessage({
    initiatorSpi,
    responderSpi: '0000000000000000',
    majorVersion: 2,
    minorVersion: 0,
    exchangeType,
    isInitiator: !isResponse,
    isResponse,
    higherVersion: false,
    messageId: 0,
    payloads: [],
  });
  const datagram = { sourcePort: 500, destinationPort: 500, payload: octets };
  const payload = packet4(encodeUdp(datagram, addressOf('10.0.0.1'), addressOf('10.0.1.2')));
  const mac = new Uint8Array(6);
  return encodeEthernet({ destination: mac, source: mac, etherType: EtherType.IPV4, payload });
}

test('a handshake is from the first datagram of IKE_SA_INIT, said again or not, to the last response of IKE_AUTH', () => {
  const { IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA } = ExchangeType;
  const watch = createIkeWatch();
  const [first, second] = ['0000000000000001', '0000000000000002'];
  const story: readonly [at: bigint, spi: string, exchange: number, isResponse: boolean][] = [
    [100n, first, IKE_SA_INIT, false],
    [150n, first, IKE_SA_INIT, false],
    [200n, first, IKE_SA_INIT, true],
    [300n, first, IKE_AUTH, false],
    [400n, first, IKE_AUTH, true],
    // The second fragment of the same answer.
    [410n, first, IKE_AUTH, true],
    [500n, first, CREATE_CHILD_SA, false],
    [510n, first, CREATE_CHILD_SA, true],
    [600n, second, IKE_SA_INIT, false],
    [640n, second, IKE_AUTH, true],
  ];
  for (const [at, spi, exchange, isResponse] of story) watch.see({ at, octets: message(spi, exchange, isResponse) });
  expect(watch.handshakesNs()).toEqual([310, 40]);
  expect(watch.lastBeganAt()).toBe(600n);
  expect(watch.rekeyRequests()).toBe(1);
});

test('what is no IKE is passed over', () => {
  const watch = createIkeWatch();
  watch.see({ at: 1n, octets: Uint8Array.of(1, 2, 3) });
  expect([watch.handshakesNs(), watch.lastBeganAt(), watch.rekeyRequests()]).toEqual([[], null, 0]);
});
