import { describe, expect, it } from 'vitest';
import { Doi, IsakmpExchange, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { NodeEvent } from '../../node/node.ts';
import { kinds, twoGateways } from '../testing/gateways.ts';
import { Network, type Station } from '../testing/network.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { STEPS } from '../steps.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

const SECOND = v1Child({
  name: 'second',
  policy: 'second',
  start: 'start',
  local: [{ addresses: '10.2.0.0/24', protocol: 'any', ports: 'any' }],
  remote: [{ addresses: '10.3.0.0/24', protocol: 'any', ports: 'any' }],
});

const childrenOf = ({ daemon }: Station, { now }: Network) =>
  daemon.status(now).sas.flatMap(({ children }) => children);

describe('Child SAs whose ISAKMP SA the peer has deleted', () => {
  it('go on (RFC 2408 §2.1), and the next ISAKMP SA takes them over', () => {
    const { network, alice, bob } = abandoned();
    expect(kinds(bob)).toContain('ikeDeleted');
    expect(sasOf(bob)).toHaveLength(2);
    network.command(bob, { kind: 'rekey', child: 'net' });
    network.run(6_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    network.run(60_000);
    expect(childrenOf(bob, network)).toHaveLength(1);
    expect(sasOf(bob)).toHaveLength(2);
  });

  it('end at their time where nobody can be asked any more', () => {
    const { network, bob } = abandoned();
    network.intercept = () => [];
    network.run(4_200_000);
    expect(sasOf(bob)).toEqual([]);
  });
});

it('INITIAL-CONTACT behind phase 1 ends what was before it (RFC 2407 §4.6.3.3)', () => {
  const network = new Network('seed');
  const configs = v1Pair({ livenessSeconds: 0 }, { initialContact: false });
  const contact: IsakmpPayload = {
    type: 'N',
    doi: Doi.IPSEC,
    protocolId: IsakmpProtocol.ISAKMP,
    spi: new Uint8Array(16),
    notifyType: IsakmpNotify['INITIAL-CONTACT'],
    data: new Uint8Array(0),
  };
  const says: V1Steps['outgoing'] = message => {
    if (message.exchangeType !== IsakmpExchange.INFORMATIONAL) return message;
    return { ...message, payloads: [...message.payloads.slice(0, 1), contact] };
  };
  const alice = network.add('alice', ['192.0.2.1'], configs.alice);
  const bob = network.add('bob', ['192.0.2.2'], configs.bob, STEPS, { ...V1_STEPS, hashJudged: () => true });
  network.run(3_000);
  const [old] = childrenOf(bob, network);
  // Alice has lost her memory, and calls again.
  network.stations.splice(0, 1);
  const again = network.add('alice again', ['192.0.2.1'], configs.alice, STEPS, { ...V1_STEPS, outgoing: says });
  network.run(3_000);
  network.command(again, { kind: 'terminate', child: 'none of that name' });
  network.command(again, { kind: 'terminate', child: 'net' });
  network.run(1_000);
  expect(kinds(bob)).toContain('childDeleted');
  expect(childrenOf(bob, network).map(({ spiIn }) => spiIn)).not.toContain(old?.spiIn);
  expect(alice.events.length).toBeGreaterThan(0);
});

it('who has forgotten all and only answers phase 1 has the Child SAs again soon', () => {
  const { network, alice, bob } = twoGateways(v1Pair({ livenessSeconds: 5 }));
  network.run(3_000);
  expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  network.stations.splice(network.stations.indexOf(bob), 1);
  network.run(8_000);
  network.command(alice, { kind: 'rekey' });
  network.run(500);
  const again = network.add('bob again', ['192.0.2.2'], v1Pair({ livenessSeconds: 5 }).bob);
  network.run(10_000);
  expect(kinds(again)).toContain('ikeEstablished');
  expect(carriesTraffic(alice, again) && carriesTraffic(again, alice)).toBe(true);
});

describe('a Quick Mode that nobody answers under the keys of before', () => {
  const configs = v1Pair({
    livenessSeconds: 0,
    children: [v1Child({ start: 'start' }), SECOND],
    // It is given up while the ISAKMP SA that it was begun in is still there.
    retransmission: { firstMs: 300, factor: 1.5, longestMs: 2_000, sends: 4 },
  });

  it('is asked under the next ones, and so are the Child SAs that a peer without memory has lost as well', () => {
    const { network, alice, bob } = twoGateways(configs);
    network.run(3_000);
    network.stations.splice(network.stations.indexOf(bob), 1);
    network.command(alice, { kind: 'rekey', child: 'net' });
    network.command(alice, { kind: 'rekey' });
    network.run(500);
    const again = network.add('bob again', ['192.0.2.2'], configs.bob);
    network.run(60_000);
    for (const policy of ['net', 'second']) expect(carriesTraffic(alice, again, policy)).toBe(true);
    expect(childrenOf(alice, network)).toMatchObject([{ state: 'installed' }, { state: 'installed' }]);
  });

  it('is asked again, where the peer has lost nothing but the question', () => {
    const { network, alice, bob } = twoGateways(configs);
    network.run(3_000);
    network.intercept = datagram => (datagram.octets[18] === IsakmpExchange.QUICK_MODE ? [] : [datagram]);
    network.command(alice, { kind: 'rekey', child: 'net' });
    network.command(alice, { kind: 'rekey' });
    network.run(3_500);
    network.intercept = datagram => [datagram];
    network.run(60_000);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    expect(childrenOf(alice, network)).toMatchObject([{ state: 'installed' }, { state: 'installed' }]);
  });
});

it('who has forgotten all says so when it answers phase 1, and has the Child SAs again (RFC 2407 §4.6.3.3)', () => {
  const configs = v1Pair({ livenessSeconds: 0 });
  const { network, alice, bob } = twoGateways(configs);
  network.run(3_000);
  bob.commands.length = 0;
  network.restart(bob, configs.bob);
  network.command(alice, { kind: 'rekey' });
  network.run(10_000);
  expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  network.run(90_000);
  expect(childrenOf(alice, network)).toHaveLength(1);
});

describe('what the node asks for', () => {
  it('is made when a packet wants it', () => {
    const { network, alice, bob } = twoGateways(v1Pair({ children: [v1Child({ start: 'trap' })] }));
    network.run(5_000);
    expect(alice.sent).toEqual([]);
    network.command(alice, { kind: 'noted', event: wanted(1024, 80) });
    network.run(5_000);
    expect(carriesTraffic(alice, bob)).toBe(true);
  });

  it('is for the port of that packet where a range cannot be said', () => {
    const remote = [{ addresses: '10.0.1.0/24', protocol: 6, ports: [80, 90] }] as const;
    const { network, alice, bob } = twoGateways(v1Pair({ children: [v1Child({ start: 'trap', remote })] }));
    network.run(1_000);
    network.command(alice, { kind: 'noted', event: wanted(1024, 85) });
    network.run(5_000);
    expect(childrenOf(bob, network)).toMatchObject([{ local: ['10.0.1.0-10.0.1.255 6[85-85]'] }]);
    expect(carriesTraffic(alice, bob)).toBe(true);
  });

  it('is replaced when it has carried as much as it may', () => {
    const { network, alice, bob } = twoGateways(v1Pair());
    network.run(3_000);
    const [old] = sasOf(alice);
    if (old === undefined) throw new Error('no SA');
    const { spi, direction, source, destination, policy } = old;
    const sa = { spi, direction, protocol: 'esp', source, destination, policy } as const;
    network.command(alice, { kind: 'noted', event: { kind: 'saSoftExpired', detail: '', sa } });
    network.run(3_000);
    expect(kinds(alice)).toContain('childRekeyed');
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });
});

function wanted(sourcePort: number, destinationPort: number): NodeEvent {
  const flow = { source: '10.0.0.7', destination: '10.0.1.9', protocol: 6, sourcePort, destinationPort };
  return { kind: 'saWanted', detail: '', wanted: { policy: 'net', transform: 0, flow } };
}

function abandoned() {
  const lab = twoGateways(v1Pair({ livenessSeconds: 0 }));
  lab.network.run(3_000);
  let told = 0;
  lab.network.intercept = (datagram, from) => {
    const isNotice = from === lab.alice && datagram.octets[18] === IsakmpExchange.INFORMATIONAL;
    // Alice says first that the child goes: that is lost.
    return isNotice && told++ === 0 ? [] : [datagram];
  };
  lab.network.command(lab.alice, { kind: 'terminate', ike: 'bob' });
  lab.network.run(1_000);
  lab.network.intercept = datagram => [datagram];
  return lab;
}
