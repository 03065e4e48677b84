import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../wire/address.ts';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import type { IkeDatagram } from '../daemon.ts';
import { twoGateways } from '../testing/gateways.ts';
import type { Network, Station } from '../testing/network.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { v1Child, v1Pair, withConnection } from './testing/connection.ts';

const OUTSIDE = '203.0.113.1';
const dynamic = { addresses: 'dynamic', protocol: 'any', ports: 'any' } as const;
const transport = v1Child({ mode: 'transport', local: [dynamic], remote: [dynamic], start: 'start' });

function address(text: string): Uint8Array {
  const octets = parseAddress(text);
  if (octets === null) throw new Error(text);
  return octets;
}

/** A NAT in front of Alice: what she sends comes from elsewhere and a port that can change. */
function nat(mapping: { port: number }) {
  return (datagram: IkeDatagram, from: Station): IkeDatagram[] => {
    if (from.name === 'alice') {
      return [{ ...datagram, local: address(OUTSIDE), localPort: mapping.port + (datagram.localPort === 500 ? 0 : 1) }];
    }
    const port = datagram.remotePort - mapping.port;
    if (formatAddress(datagram.remote) !== OUTSIDE || (port !== 0 && port !== 1)) return [datagram];
    return [{ ...datagram, remote: address('192.0.2.1'), remotePort: port === 0 ? 500 : 4500 }];
  };
}

function scene(given: Partial<ConnectionConfig> = {}) {
  const both = v1Pair({ livenessSeconds: 0, ...given });
  const lab = twoGateways({ ...both, bob: withConnection(both.bob, { remote: [] }) });
  const mapping = { port: 20_000 };
  lab.network.intercept = nat(mapping);
  lab.network.run(5_000);
  return { ...lab, mapping };
}

const pathOf = ({ now }: Network, { daemon }: Station) => daemon.status(now).sas.map(({ remote }) => remote);

const isAggressive = ({ octets }: IkeDatagram) => octets[18] === IsakmpExchange.AGGRESSIVE;

/** Messages 1 and 3, where Alice begins. */
const isOfQuickMode = ({ octets }: IkeDatagram, { name }: Station) =>
  name === 'alice' && octets[18] === IsakmpExchange.QUICK_MODE;

describe('behind a NAT (RFC 3947)', () => {
  it('ESP goes in UDP on port 4500, and who is not behind it goes where packets come from', () => {
    const { network, alice, bob } = scene();
    expect(sasOf(bob).map(({ encapsulation }) => encapsulation)).toEqual(
      Array.from({ length: 2 }, () => ({ localPort: 4500, remotePort: 20_001, followsPeer: true })),
    );
    expect(sasOf(alice)[0]?.encapsulation).toEqual({ localPort: 4500, remotePort: 4500, followsPeer: false });
    expect(pathOf(network, bob)).toEqual([`${OUTSIDE}:20001`]);
    expect(carriesTraffic(alice, bob)).toBe(true);
  });

  it('who makes another phase 1 by another port of the NAT is told what is gone, and has it made anew', () => {
    const children = [v1Child({ start: 'start', onClose: 'start' })];
    const { network, alice, bob, mapping } = scene({ children });
    mapping.port = 30_000;
    network.command(alice, { kind: 'rekey' });
    network.run(30_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    const counts = [alice, bob].map(station => sasOf(station).length);
    expect(counts).toEqual([2, 2]);
  });

  it('who comes from another port while a Child SA is being made is sent to there by it, too', () => {
    const { network, alice, bob, mapping } = scene();
    const [before] = bob.daemon.status(network.now).sas.flatMap(({ children }) => children);
    if (before === undefined) throw new Error('no child');
    // Message 3 is late.
    const translate = network.intercept;
    let count = 0;
    network.intercept = (datagram, from) =>
      isOfQuickMode(datagram, from) && ++count > 1 ? [] : translate(datagram, from);
    network.command(alice, { kind: 'rekey', child: 'net' });
    network.run(500);
    mapping.port = 30_000;
    const sa = {
      spi: before.spiIn,
      direction: 'inbound',
      protocol: 'esp',
      source: '',
      destination: '',
      policy: 'net',
    } as const;
    const place = { address: OUTSIDE, port: 30_001 };
    network.command(bob, { kind: 'noted', event: { kind: 'peerMoved', detail: '', sa, place } });
    network.intercept = translate;
    network.run(10_000);
    const places = sasOf(bob).flatMap(({ direction, encapsulation }) =>
      direction === 'outbound' ? [encapsulation?.remotePort] : [],
    );
    expect(places).toEqual([20_001, 30_001]);
  });

  it('transport mode is between the addresses that packets have at each end (§5.2)', () => {
    const { network, alice, bob } = scene({ children: [transport] });
    const [a] = alice.daemon.status(network.now).sas.flatMap(({ children }) => children);
    const [b] = bob.daemon.status(network.now).sas.flatMap(({ children }) => children);
    expect(a).toMatchObject({ mode: 'transport', encapsulated: true, local: ['192.0.2.1-192.0.2.1'] });
    expect(b).toMatchObject({ mode: 'transport', encapsulated: true, remote: [`${OUTSIDE}-${OUTSIDE}`] });
  });

  it('another Quick Mode and another phase 1 go the same way, from a port that has changed', () => {
    const { network, alice, bob, mapping } = scene({ children: [transport] });
    mapping.port = 30_000;
    network.command(alice, { kind: 'rekey', child: 'net' });
    network.run(5_000);
    expect(pathOf(network, bob)).toEqual([`${OUTSIDE}:30001`]);
    network.command(alice, { kind: 'rekey' });
    network.run(20_000);
    expect(pathOf(network, bob)).toEqual([`${OUTSIDE}:30001`]);
    const children = bob.daemon.status(network.now).sas.flatMap(one => one.children);
    expect(children.filter(({ state }) => state === 'installed')).toMatchObject([{ encapsulated: true }]);
  });

  it('AH cannot be, and is not asked for', () => {
    const ah = { protocol: 'ah', encryption: [], integrity: ['sha256'] } as const;
    const proposals = v1Child().proposals.map(one => ({ ...one, ...ah }));
    const { alice } = scene({ children: [v1Child({ start: 'start', proposals })] });
    expect(sasOf(alice)).toEqual([]);
    expect(alice.events.findLast(({ kind }) => kind === 'negotiationFailed')?.detail).toContain('AH through a NAT');
  });

  it('UDP where there is no NAT, because somebody wants it', () => {
    const { network, alice, bob } = twoGateways(v1Pair({ forceEncapsulation: true }));
    network.run(5_000);
    expect(sasOf(alice)[0]?.encapsulation).toMatchObject({ localPort: 4500, remotePort: 4500 });
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('who has changed to port 4500 says nothing from the old one any more, asked again or not (§4)', () => {
    const { network, alice, bob } = twoGateways(
      v1Pair({ forceEncapsulation: true }, { mode: 'aggressive', accepts: ['aggressive'] }),
    );
    // Message 3 is lost, and message 2 comes twice.
    let isLost = false;
    network.intercept = (datagram, from) => {
      if (from.name === 'bob' && isAggressive(datagram)) return [datagram, datagram];
      if (isLost || !isAggressive(datagram) || datagram.localPort === 500) return [datagram];
      isLost = true;
      return [];
    };
    network.run(10_000);
    expect(isLost).toBe(true);
    const [, ...later] = alice.sent.map(({ localPort }) => localPort);
    expect(new Set(later)).toEqual(new Set([4500]));
    expect(pathOf(network, bob)).toEqual(['192.0.2.1:4500']);
    expect(sasOf(bob).map(({ encapsulation }) => encapsulation?.localPort)).toEqual([4500, 4500]);
  });
});

describe('transport mode without a NAT', () => {
  it('is for the two ends, and for what is narrower', () => {
    const { network, alice, bob } = twoGateways(v1Pair({ children: [transport] }));
    network.run(5_000);
    expect(alice.daemon.status(network.now).sas.flatMap(({ children }) => children)).toMatchObject([
      { mode: 'transport', encapsulated: false, local: ['192.0.2.1-192.0.2.1'], remote: ['192.0.2.2-192.0.2.2'] },
    ]);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('is refused where the other end wants a tunnel', () => {
    const both = v1Pair({ children: [transport] });
    const bob = withConnection(both.bob, { children: [v1Child({ local: [dynamic], remote: [dynamic] })] });
    const lab = twoGateways({ ...both, bob });
    lab.network.run(5_000);
    expect(sasOf(lab.bob)).toEqual([]);
    expect(lab.alice.events.findLast(({ kind }) => kind === 'negotiationFailed')?.detail).toContain('NO-PROPOSAL');
  });
});
