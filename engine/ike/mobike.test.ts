import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { ExchangeType, NotifyType } from '../wire/ike/registry.ts';
import type { ConnectionConfig } from './config.ts';
import type { IkeDatagram } from './daemon.ts';
import { altering } from './testing/alter.ts';
import { childConfig, pair } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';
import { carriesTraffic, sasOf } from './testing/node-sas.ts';
import { notifyPayload } from './v2/notify.ts';

const address = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array();

/** Alice calls Bob; `local` is left open, since it is to change. */
function scene(addresses: { alice?: string[]; bob?: string[] } = {}, given: Partial<ConnectionConfig> = {}) {
  const network = new Network('seed');
  const configs = pair({ mobike: true, local: [], livenessSeconds: 5, ...given });
  for (const config of [configs.alice, configs.bob]) {
    for (const connection of config.connections)
      Object.assign(connection, { remote: connection.name === 'bob' ? ['192.0.2.2'] : [] });
  }
  const own = { alice: addresses.alice ?? ['192.0.2.1'], bob: addresses.bob ?? ['192.0.2.2'] };
  return { network, own, configs };
}

function started(lab: ReturnType<typeof scene>) {
  const alice = lab.network.add('alice', lab.own.alice, lab.configs.alice);
  const bob = lab.network.add('bob', lab.own.bob, lab.configs.bob);
  lab.network.run(1000);
  return { alice, bob };
}

/** A node has other addresses from now on. */
function readdress(network: Network, station: Station, own: string[], addresses: readonly string[]): void {
  own.splice(0, own.length, ...addresses);
  network.command(station, { kind: 'addresses', addresses: [...own] });
}

const placesOf = (station: Station) =>
  sasOf(station).map(({ direction, source, destination }) => `${direction} ${source} > ${destination}`);
const pathsOf = (network: Network, station: Station) =>
  station.daemon.status(network.now).sas.map(({ local, remote }) => `${local} > ${remote}`);
const kinds = ({ events }: Station) => events.map(({ kind }) => kind);

test('both float to port 4500, NAT or not, and say so (§3.3)', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  expect(pathsOf(lab.network, alice)).toEqual(['192.0.2.1:4500 > 192.0.2.2:4500']);
  for (const station of [alice, bob]) {
    expect(station.daemon.status(lab.network.now).sas[0]?.extensions).toContain('mobike');
    expect(sasOf(station)[0]?.encapsulation).toBeNull();
  }
});

test('who began the IKE SA moves, and the SAs of both ends with it', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  const spis = sasOf(alice).map(({ spi }) => spi);
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.77']);
  lab.network.run(1000);
  expect(placesOf(alice)).toEqual(['inbound 192.0.2.2 > 192.0.2.77', 'outbound 192.0.2.77 > 192.0.2.2']);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.77 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.77']);
  expect(pathsOf(lab.network, bob)).toEqual(['192.0.2.2:4500 > 192.0.2.77:4500']);
  expect(sasOf(alice).map(({ spi }) => spi)).toEqual(spis);
  expect(kinds(bob)).toContain('peerMoved');
  lab.network.command(bob, { kind: 'rekey', child: 'net' });
  lab.network.command(bob, { kind: 'rekey', ike: 'alice' });
  lab.network.run(100_000);
  expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice), sasOf(bob).length]).toEqual([true, true, 2]);
  // Bob has rekeyed it; Alice still decides where it goes.
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.78']);
  lab.network.run(1000);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.78 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.78']);
});

test('what was said of an IKE SA that was rekeyed is older than all that is said of its successor', () => {
  const lab = scene({}, { livenessSeconds: 0 });
  const { alice, bob } = started(lab);
  for (const last of [71, 72, 73, 74]) {
    readdress(lab.network, alice, lab.own.alice, [`192.0.2.${last}`]);
    lab.network.run(1000);
  }
  lab.network.command(alice, { kind: 'rekey', ike: 'bob' });
  lab.network.run(1000);
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.75']);
  lab.network.run(1000);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.75 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.75']);
});

test('a peer that allows no NAT is told when there is one, and no IKE SA comes of it (§3.9)', () => {
  const lab = scene();
  const ports = [0x11, 0x94, 0x11, 0x94];
  const said = (source: string) =>
    notifyPayload(NotifyType.NO_NATS_ALLOWED, Uint8Array.of(...address(source), ...address('192.0.2.2'), ...ports));
  const calls = (source: string) => {
    const { network, configs, own } = lab;
    const steps = altering(ExchangeType.IKE_AUTH, 'request', payloads => [...payloads, said(source)]);
    const bob = network.add('bob', own.bob, configs.bob);
    const alice = network.add('alice', own.alice, configs.alice, steps);
    network.run(1000);
    network.stations.splice(0);
    return { alice, bob };
  };
  expect(kinds(calls('192.0.2.1').bob)).toContain('ikeEstablished');
  const { alice, bob } = calls('10.0.0.1');
  expect(kinds(bob)).toContain('authenticationFailed');
  expect(alice.events.map(({ detail }) => detail).join()).toContain('UNEXPECTED_NAT_DETECTED');
  expect(kinds(bob)).not.toContain('ikeEstablished');
});

test('what the responder sends follows when the peer has shown that it is there (§3.7)', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  // Alice hears nothing at her new address: the cookie does not come back.
  lab.network.intercept = datagram => (formatAddress(datagram.remote) === '192.0.2.77' ? [] : [datagram]);
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.77']);
  lab.network.run(1000);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.77 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.1']);
  lab.network.intercept = datagram => [datagram];
  lab.network.run(10_000);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.77 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.77']);
});

test('addresses of the other end are known, and taken when its first one does not answer (§3.5, §3.6)', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  readdress(lab.network, bob, lab.own.bob, ['192.0.2.2', '198.51.100.2']);
  lab.network.run(1000);
  lab.network.intercept = datagram => {
    const ends = [formatAddress(datagram.local), formatAddress(datagram.remote)];
    return ends.includes('192.0.2.2') ? [] : [datagram];
  };
  lab.network.run(30_000);
  expect(pathsOf(lab.network, alice)).toEqual(['192.0.2.1:4500 > 198.51.100.2:4500']);
  expect(placesOf(alice)).toEqual(['inbound 198.51.100.2 > 192.0.2.1', 'outbound 192.0.2.1 > 198.51.100.2']);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.1 > 198.51.100.2', 'outbound 198.51.100.2 > 192.0.2.1']);
});

test('addresses that were said in IKE_AUTH do as well, of either end', () => {
  const lab = scene({ alice: ['192.0.2.1', '198.51.100.1'], bob: ['192.0.2.2', '198.51.100.2'] });
  const { alice, bob } = started(lab);
  lab.network.intercept = datagram => (formatAddress(datagram.local).startsWith('192') ? [] : [datagram]);
  lab.network.run(60_000);
  expect(pathsOf(lab.network, alice)).toEqual(['198.51.100.1:4500 > 198.51.100.2:4500']);
  expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice)]).toEqual([true, true]);
});

test('the responder whose address is gone says where it is now', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  readdress(lab.network, bob, lab.own.bob, ['198.51.100.2']);
  lab.network.run(60_000);
  expect(pathsOf(lab.network, alice)).toEqual(['192.0.2.1:4500 > 198.51.100.2:4500']);
  expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice)]).toEqual([true, true]);
});

/** A NAT in front of Alice: what she sends comes from 203.0.113.1 and a port that can change. */
function nat(mapping: { port: number }) {
  const outside = address('203.0.113.1');
  return (datagram: IkeDatagram, from: Station): IkeDatagram[] => {
    if (from.name === 'alice')
      return [{ ...datagram, local: outside, localPort: mapping.port + (datagram.localPort === 500 ? 0 : 1) }];
    const port = datagram.remotePort - mapping.port;
    if (formatAddress(datagram.remote) !== '203.0.113.1' || (port !== 0 && port !== 1)) return [datagram];
    return [{ ...datagram, remote: address('192.0.2.1'), remotePort: port === 0 ? 500 : 4500 }];
  };
}

test('behind a NAT all goes in UDP, and a mapping that has changed is noticed (§3.8)', () => {
  const lab = scene();
  const mapping = { port: 20_000 };
  lab.network.intercept = nat(mapping);
  const { alice, bob } = started(lab);
  expect(sasOf(bob).map(({ encapsulation }) => encapsulation)).toEqual([
    { localPort: 4500, remotePort: 20_001, followsPeer: false },
    { localPort: 4500, remotePort: 20_001, followsPeer: false },
  ]);
  expect(sasOf(alice)[0]?.encapsulation).toEqual({ localPort: 4500, remotePort: 4500, followsPeer: false });
  mapping.port = 30_000;
  lab.network.run(20_000);
  expect(placesOf(bob)).toEqual(['inbound 203.0.113.1 > 192.0.2.2', 'outbound 192.0.2.2 > 203.0.113.1']);
  expect(sasOf(bob).map(({ encapsulation }) => encapsulation?.remotePort)).toEqual([30_001, 30_001]);
});

test('who moves out from behind a NAT needs no UDP any more, and back', () => {
  const lab = scene();
  const mapping = { port: 20_000 };
  lab.network.intercept = nat(mapping);
  const { alice, bob } = started(lab);
  lab.network.intercept = datagram => [datagram];
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.9']);
  lab.network.run(2000);
  for (const station of [alice, bob]) {
    expect(sasOf(station).map(({ encapsulation }) => encapsulation)).toEqual([null, null]);
  }
  lab.network.intercept = nat(mapping);
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.1']);
  lab.network.run(2000);
  expect(sasOf(bob).map(({ encapsulation }) => encapsulation?.remotePort)).toEqual([20_001, 20_001]);
  expect(carriesTraffic(bob, alice)).toBe(true);
});

test('without MOBIKE the end that is not behind the NAT goes where the other comes from (RFC 7296 §2.23)', () => {
  const lab = scene({}, { mobike: false });
  const mapping = { port: 20_000 };
  lab.network.intercept = nat(mapping);
  const { alice, bob } = started(lab);
  expect(sasOf(bob)[0]?.encapsulation).toMatchObject({ remotePort: 20_001, followsPeer: true });
  mapping.port = 30_000;
  lab.network.command(alice, { kind: 'rekey', child: 'net' });
  lab.network.run(10_000);
  expect(pathsOf(lab.network, bob)).toEqual(['192.0.2.2:4500 > 203.0.113.1:30001']);
  const [inbound] = sasOf(bob).filter(({ direction }) => direction === 'inbound');
  if (inbound === undefined) throw new Error('no SA');
  const { spi, source, destination, policy } = inbound;
  const sa = { spi, direction: 'inbound', protocol: 'esp', source, destination, policy } as const;
  const place = { address: '203.0.113.9', port: 4711 };
  lab.network.command(bob, { kind: 'noted', event: { kind: 'peerMoved', detail: '', sa, place } });
  expect(pathsOf(lab.network, bob)).toEqual(['192.0.2.2:4500 > 203.0.113.9:4711']);
});

test('without MOBIKE a Child SA whose outbound half is late is for where the peer is by then (RFC 7296 §2.23)', () => {
  const lab = scene({}, { mobike: false });
  const mapping = { port: 20_000 };
  lab.network.intercept = nat(mapping);
  const { alice, bob } = started(lab);
  // Bob sends by the new one when he hears that the old one is closed.
  lab.network.intercept = (datagram, from) => {
    const isDelete = from === alice && datagram.octets[18] === ExchangeType.INFORMATIONAL;
    return isDelete ? [] : nat(mapping)(datagram, from);
  };
  lab.network.command(alice, { kind: 'rekey', child: 'net' });
  lab.network.run(200);
  expect(sasOf(bob)).toHaveLength(3);
  mapping.port = 30_000;
  lab.network.intercept = nat(mapping);
  lab.network.run(4_000);
  const outbound = sasOf(bob).filter(({ direction }) => direction === 'outbound');
  expect(outbound.map(({ encapsulation }) => encapsulation?.remotePort)).toEqual([30_001]);
  expect(carriesTraffic(bob, alice)).toBe(true);
});

test('transport mode through a NAT: each end has the addresses that its packets have (RFC 7296 §2.23.1)', () => {
  const dynamic = { addresses: 'dynamic', protocol: 'any', ports: 'any' } as const;
  const children = [childConfig({ mode: 'transport', local: [dynamic], remote: [dynamic], start: 'start' })];
  const lab = scene({}, { mobike: false, children });
  lab.network.intercept = nat({ port: 20_000 });
  const { alice, bob } = started(lab);
  expect(sasOf(alice).map(({ mode, selector }) => [mode, selector])).toEqual(
    Array.from({ length: 2 }, () => [
      'transport',
      [
        {
          local: ['192.0.2.1-192.0.2.1'],
          remote: ['192.0.2.2-192.0.2.2'],
          protocol: 'any',
          localPort: 'any',
          remotePort: 'any',
        },
      ],
    ]),
  );
  expect(sasOf(bob)[0]?.selector).toMatchObject([
    { local: ['192.0.2.2-192.0.2.2'], remote: ['203.0.113.1-203.0.113.1'] },
  ]);
  lab.network.command(bob, { kind: 'rekey', child: 'net' });
  lab.network.run(20_000);
  expect([carriesTraffic(alice, bob), carriesTraffic(bob, alice), sasOf(bob).length]).toEqual([true, true, 2]);
});

test('a connection that names its address speaks of no other, and stays there when nothing comes back', () => {
  const lab = scene({ alice: ['192.0.2.1', '10.0.0.1'] }, { local: ['192.0.2.1'] });
  for (const connection of lab.configs.bob.connections) Object.assign(connection, { local: ['192.0.2.2'] });
  const { alice, bob } = started(lab);
  lab.network.intercept = datagram => (formatAddress(datagram.local) === '10.0.0.1' ? [datagram] : []);
  lab.network.run(12_000);
  lab.network.intercept = datagram => [datagram];
  lab.network.run(30_000);
  expect(pathsOf(lab.network, alice)).toEqual(['192.0.2.1:4500 > 192.0.2.2:4500']);
  expect(pathsOf(lab.network, bob)).toEqual(['192.0.2.2:4500 > 192.0.2.1:4500']);
  expect(new Set(alice.sent.map(({ local }) => formatAddress(local)))).toEqual(new Set(['192.0.2.1']));
});

test('moves again after the IKE SA was rekeyed: Message IDs begin anew', () => {
  const lab = scene();
  const { alice, bob } = started(lab);
  for (const last of [71, 72, 73, 74]) {
    readdress(lab.network, alice, lab.own.alice, [`192.0.2.${last}`]);
    lab.network.run(1000);
  }
  lab.network.command(alice, { kind: 'rekey' });
  lab.network.run(1000);
  readdress(lab.network, alice, lab.own.alice, ['192.0.2.75']);
  lab.network.run(1000);
  expect(placesOf(bob)).toEqual(['inbound 192.0.2.75 > 192.0.2.2', 'outbound 192.0.2.2 > 192.0.2.75']);
});
