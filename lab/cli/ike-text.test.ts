import { expect, test } from 'vitest';
import type { IkeStatus } from '../../engine/ike/status.ts';
import type { SaStatus } from '../../engine/node/node.ts';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { durationText } from './duration-text.ts';
import {
  childTable,
  extensionTable,
  ikeLines,
  ikeTable,
  ikeUsageTable,
  trafficText,
  withPrefixes,
} from './ike-text.ts';

const ike: IkeStatus = {
  halfOpen: 3,
  cookies: true,
  counters: {},
  sas: [
    {
      id: 1,
      connection: 'bob',
      version: 2,
      role: 'initiator',
      state: 'established',
      initiatorSpi: '0011223344556677',
      responderSpi: '8899aabbccddeeff',
      local: '192.0.2.1:4500',
      remote: '198.51.100.2:4500',
      localIdentity: 'alice.lab',
      remoteIdentity: 'bob.lab',
      localAuthentication: 'psk',
      remoteAuthentication: 'ed25519',
      suite: 'aes256gcm16-prfsha384-x25519',
      nat: 'local',
      extensions: ['mobike'],
      virtualAddresses: ['10.9.0.1'],
      ageSeconds: 61.4,
      rekeySeconds: 3539,
      reauthenticateSeconds: null,
      sent: 4,
      received: 5,
      retransmitted: 1,
      children: [
        {
          id: 2,
          name: 'v4_bob0',
          state: 'installed',
          protocol: 'esp',
          mode: 'tunnel',
          spiIn: 0xc000_0001,
          spiOut: 0xc000_0002,
          suite: 'aes256gcm16',
          esn: true,
          encapsulated: true,
          local: ['10.0.0.0/24'],
          remote: ['10.0.1.0/24', '10.0.2.0/24'],
          ageSeconds: 60,
          rekeySeconds: null,
        },
      ],
    },
  ],
};

const sa = (direction: 'inbound' | 'outbound', spi: number, packets: number) =>
  ({ direction, spi, protocol: 'esp', packets, octets: packets * 100 }) as SaStatus;

const nodes = [
  { name: 'alice', ike, sas: [sa('outbound', 0xc000_0002, 7), sa('inbound', 0xc000_0001, 6)] },
  { name: 'router', ike: null, sas: [] },
] as unknown as LabNodeStatus[];

function never(): never {
  throw new Error('there is one');
}

const words = (lines: readonly string[]) => lines.map(line => line.trim().replace(/ {2,}/g, ' | '));

test('an IKE SA: with whom, by what, and how it fares', () => {
  expect(words(ikeTable(nodes))).toEqual([
    'IKE SA | NODE | STATE | REMOTE | SUITE',
    'bob 1 | alice | established, initiator, NAT local | bob.lab (198.51.100.2:4500) | aes256gcm16-prfsha384-x25519',
  ]);
  expect(words(ikeUsageTable(nodes))).toEqual([
    'IKE SA | NODE | LOCAL | AUTHENTICATION | AGE | REKEY | SENT | RECEIVED | AGAIN',
    'bob 1 | alice | alice.lab (192.0.2.1:4500) | psk / ed25519 | 1m1s | 58m59s | 4 | 5 | 1',
  ]);
  expect(words(extensionTable(nodes))[1]).toBe('bob 1 | alice | 10.9.0.1 | mobike');
});

test('when it is authenticated anew, where it is', () => {
  const [first = never(), ...others] = nodes;
  const [only = never()] = ike.sas;
  const again = { ...first, ike: { ...ike, sas: [{ ...only, reauthenticateSeconds: 43_200 }] } };
  expect(words(ikeUsageTable([again, ...others]))[1]).toMatch(/ \| 58m59s \| 12h \| 4 \|/);
});

test('its Child SA, with the packets of its two SAs', () => {
  expect(words(childTable(nodes, 'with counters'))[1]).toBe(
    'v4_bob0 2 | alice | bob 1 | 0xc0000002 / 0xc0000001 | esp aes256gcm16 esn udp | 10.0.0.0/24 <-> 10.0.1.0/24,10.0.2.0/24 | - | 7 / 6',
  );
});

test.each([
  [0, '0s'],
  [59.6, '1m'],
  [3661, '1h1m'],
  [3605, '1h'],
  [90_000, '1d1h'],
  [null, '-'],
])('%s seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

test('traffic selectors in few words', () => {
  const everything = ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
  expect(trafficText(everything)).toBe('any');
  expect(trafficText(everything.slice(0, 1))).toBe('0.0.0.0/0');
  expect(trafficText(['10.0.0.0-10.0.0.255', '10.0.1.1-10.0.1.1 tcp 80', '10.0.0.1-10.0.0.9'])).toBe(
    '10.0.0.0/24,10.0.1.1 tcp 80,10.0.0.1-10.0.0.9',
  );
  expect(trafficText(['10.0.0.0/24', 'dynamic'])).toBe('10.0.0.0/24,dynamic');
});

test('what an event says of traffic, shorter', () => {
  const all = '0.0.0.0-255.255.255.255, ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  expect(
    withPrefixes(`v4: in 0x1 out 0x2 aes256gcm16-x25519 ${all} = 10.0.0.0-10.0.0.255 tcp, 10.1.0.1-10.1.0.9`),
  ).toBe('v4: in 0x1 out 0x2 aes256gcm16-x25519 any = 10.0.0.0/24 tcp, 10.1.0.1-10.1.0.9');
});

test('a daemon under siege says so', () => {
  expect(ikeLines(nodes)).toEqual(['alice: 3 half-open IKE SAs, asks for cookies']);
});
