import { expect, test } from 'vitest';
import type { IkeStatus } from '../../engine/ike/status.ts';
import type { SaStatus } from '../../engine/node/node.ts';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { childTable, ikeLines, ikeTable, trafficText } from './ike-text.ts';

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

const words = (lines: readonly string[]) => lines.map(line => line.trim().replace(/ {2,}/g, ' | '));

test('an IKE SA: who, where, by what, and how it fares', () => {
  expect(words(ikeTable(nodes, 'with counters'))).toEqual([
    'IKE SA | NODE | STATE | LOCAL | REMOTE | SUITE | AUTHENTICATION | EXTENSIONS | AGE | REKEY | SENT | RECEIVED | AGAIN',
    'bob 1 | alice | established, initiator, NAT local | alice.lab (192.0.2.1:4500) | bob.lab (198.51.100.2:4500) | aes256gcm16-prfsha384-x25519 | psk / ed25519 | mobike 10.9.0.1 | 61s | 3539s | 4 | 5 | 1',
  ]);
  expect(words(ikeTable(nodes, 'without counters'))[0]).toMatch(/AUTHENTICATION$/);
});

test('its Child SA, with the packets of its two SAs', () => {
  expect(words(childTable(nodes, 'with counters'))[1]).toBe(
    'v4_bob0 2 | alice | bob 1 | installed | 0xc0000002 / 0xc0000001 | esp tunnel aes256gcm16 esn udp | 10.0.0.0/24 <-> 10.0.1.0/24,10.0.2.0/24 | 60s | - | 7 / 6 | 700 / 600',
  );
});

test('traffic selectors in few words', () => {
  const everything = ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
  expect(trafficText(everything)).toBe('any');
  expect(trafficText(everything.slice(0, 1))).toBe('0.0.0.0/0');
  expect(trafficText(['10.0.0.0-10.0.0.255', '10.0.1.1-10.0.1.1 tcp 80', '10.0.0.1-10.0.0.9'])).toBe(
    '10.0.0.0/24,10.0.1.1 tcp 80,10.0.0.1-10.0.0.9',
  );
  expect(trafficText(['10.0.0.0/24', 'dynamic'])).toBe('10.0.0.0/24,dynamic');
});

test('a daemon under siege says so', () => {
  expect(ikeLines(nodes)).toEqual(['alice: 3 half-open IKE SAs, asks for cookies']);
});
