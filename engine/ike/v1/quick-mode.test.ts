import { describe, expect, it } from 'vitest';
import type { ChildConfig } from '../config.ts';
import { kinds, states, twoGateways } from '../testing/gateways.ts';
import { Network, type Station } from '../testing/network.ts';
import { STEPS } from '../steps.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { v1Child, v1Pair, withConnection, withV1 } from './testing/connection.ts';

const childrenOf = ({ daemon }: Station, { now }: Network) =>
  daemon.status(now).sas.flatMap(({ children }) => children);
const last = ({ events }: Station, kind: string) => events.findLast(one => one.kind === kind)?.detail ?? '';

function connected(configs = v1Pair()) {
  const scene = twoGateways(configs);
  scene.network.run(5_000);
  return scene;
}

/** A child with one proposal, changed. */
function proposing(given: Partial<ChildConfig['proposals'][number]>, more: Partial<ChildConfig> = {}): ChildConfig {
  const { proposals } = v1Child();
  return v1Child({ start: 'start', proposals: proposals.map(one => ({ ...one, ...given })), ...more });
}

describe('Quick Mode', () => {
  it('makes a pair of SAs that are the same at both ends', () => {
    const { network, alice, bob } = connected();
    expect(kinds(alice)).toContain('childEstablished');
    expect(kinds(bob)).toContain('childEstablished');
    expect(carriesTraffic(alice, bob)).toBe(true);
    expect(carriesTraffic(bob, alice)).toBe(true);
    const [a] = childrenOf(alice, network);
    const [b] = childrenOf(bob, network);
    expect(a).toMatchObject({ state: 'installed', suite: 'aes128-sha256', local: ['10.0.0.0-10.0.0.255'] });
    expect(b).toMatchObject({ state: 'installed', spiIn: a?.spiOut, spiOut: a?.spiIn });
  });

  it.each([
    ['AES-GCM', { encryption: ['aes256gcm16'], integrity: [] }, 'aes256gcm16'],
    ['triple DES and MD5', { encryption: ['3des'], integrity: ['md5'] }, '3des-md5'],
    ['Blowfish', { encryption: ['blowfish'], integrity: ['sha1'] }, 'blowfish-sha1'],
    ['CAST', { encryption: ['cast'], integrity: ['sha1'] }, 'cast-sha1'],
    ['Camellia', { encryption: ['camellia192'], integrity: ['sha384'] }, 'camellia192-sha384'],
    ['AES-CTR', { encryption: ['aes192ctr'], integrity: ['sha512'] }, 'aes192ctr-sha512'],
    ['AES-CCM', { encryption: ['aes128ccm12'], integrity: [] }, 'aes128ccm12'],
    ['GMAC', { encryption: ['aes128gmac'], integrity: [] }, 'aes128gmac'],
    ['NULL', { encryption: ['null'], integrity: ['aesxcbc'] }, 'null-aesxcbc'],
    ['AH', { protocol: 'ah', encryption: [], integrity: ['sha1'] }, 'sha1'],
    ['AH with GMAC', { protocol: 'ah', encryption: [], integrity: ['aes192gmac'] }, 'aes192gmac'],
    ['PFS', { keyExchange: ['modp2048'] }, 'aes128-sha256-modp2048'],
    ['PFS with ECP', { keyExchange: ['ecp384'] }, 'aes128-sha256-ecp384'],
    ['extended sequence numbers', { esn: ['yes'] }, 'aes128-sha256'],
  ] as const)('with %s', (_, given, suite) => {
    const { network, alice, bob } = connected(v1Pair({ children: [proposing(given)] }));
    expect(childrenOf(alice, network)).toMatchObject([{ suite, esn: 'esn' in given }]);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('prefers what the responder prefers', () => {
    const both = v1Pair({ children: [proposing({ encryption: ['3des', 'aes256'] })] });
    const bob = withConnection(both.bob, { children: [proposing({ encryption: ['aes256', '3des'] }, atBob())] });
    const { network, alice } = connected({ ...both, bob });
    expect(childrenOf(alice, network)).toMatchObject([{ suite: 'aes256-sha256' }]);
  });

  it.each(['10.0.0.7/32', '10.0.0.0/23', '10.0.0.3-10.0.0.12', '0.0.0.0/0'])('for %s', addresses => {
    const local = [{ addresses, protocol: 'any', ports: 'any' }] as const;
    const { network, bob } = connected(v1Pair({ children: [v1Child({ start: 'start', local })] }));
    expect(childrenOf(bob, network)).toHaveLength(1);
  });

  it('for one protocol and port, and for IPv6', () => {
    const local = [{ addresses: '2001:db8::/64', protocol: 6, ports: 'any' }] as const;
    const remote = [{ addresses: '2001:db8:1::/64', protocol: 6, ports: [443, 443] }] as const;
    const { network, bob } = connected(v1Pair({ children: [v1Child({ start: 'start', local, remote })] }));
    expect(childrenOf(bob, network)).toMatchObject([
      {
        local: ['2001:db8:1::-2001:db8:1:0:ffff:ffff:ffff:ffff 6[443-443]'],
        remote: ['2001:db8::-2001:db8::ffff:ffff:ffff:ffff 6'],
      },
    ]);
  });

  it('makes an SA for each pair of selectors', () => {
    const local = prefixes('10.0.0.0/24', '10.0.2.0/24');
    const remote = prefixes('10.0.1.0/24', '10.0.3.0/24');
    const { network, alice, bob } = connected(v1Pair({ children: [v1Child({ start: 'start', local, remote })] }));
    expect(new Set(childrenOf(alice, network).map(child => [...child.local, ...child.remote].join(' '))).size).toBe(4);
    expect(childrenOf(bob, network)).toHaveLength(4);
  });

  it('gives back what is narrower than a policy, and not what is wider', () => {
    const both = v1Pair();
    const wide = [{ addresses: '10.0.0.0/8', protocol: 'any', ports: 'any' }] as const;
    const narrow = connected({
      ...both,
      bob: withConnection(both.bob, { children: [v1Child({ local: wide, remote: wide })] }),
    });
    expect(childrenOf(narrow.bob, narrow.network)).toHaveLength(1);
    const alice = withConnection(both.alice, { children: [v1Child({ start: 'start', local: wide, remote: wide })] });
    const refused = connected({ ...both, alice });
    expect(childrenOf(refused.bob, refused.network)).toEqual([]);
    expect(last(refused.alice, 'negotiationFailed')).toContain('INVALID-ID-INFORMATION');
  });

  it('refuses what it does not want, and says so', () => {
    const both = v1Pair();
    const bob = withConnection(both.bob, { children: [proposing({ encryption: ['aes256'] }, atBob())] });
    const { network, alice, bob: refusing } = connected({ ...both, bob });
    expect(last(alice, 'negotiationFailed')).toContain('NO-PROPOSAL-CHOSEN');
    expect(childrenOf(refusing, network)).toEqual([]);
    expect(sasOf(refusing)).toEqual([]);
    expect(states(alice, network.now)).toEqual(['established']);
  });

  it('installs what comes in before message 2, and what goes out when message 3 is there', () => {
    const { network, alice, bob } = twoGateways(v1Pair());
    let lost = 0;
    network.intercept = (datagram, from) => {
      // Bob has answered: Alice's next is message 3.
      const isLast = from === alice && sasOf(bob).length > 0 && lost < 1;
      if (isLast) lost++;
      return isLast ? [] : [datagram];
    };
    network.run(300);
    expect(lost).toBe(1);
    expect(sasOf(bob).map(({ direction }) => direction)).toEqual(['inbound']);
    expect(childrenOf(bob, network)).toMatchObject([{ state: 'installing' }]);
    expect(sasOf(alice).map(({ direction }) => direction)).toEqual(['inbound', 'outbound']);
    network.run(3_000);
    expect(sasOf(bob).map(({ direction }) => direction)).toEqual(['inbound', 'outbound']);
    expect(childrenOf(bob, network)).toMatchObject([{ state: 'installed' }]);
  });

  it('takes away what the initiator never confirms, and tells it', () => {
    const { network, alice, bob } = twoGateways(v1Pair());
    network.intercept = (datagram, from) => (from === alice && sasOf(bob).length > 0 ? [] : [datagram]);
    network.run(60_000, () => kinds(bob).includes('childDeleted'));
    expect(kinds(bob)).toContain('childDeleted');
    network.run(1_000);
    expect(kinds(alice)).toContain('childDeleted');
    expect(sasOf(bob)).toEqual([]);
    expect(sasOf(alice)).toEqual([]);
  });

  it('waits for CONNECTED where the responder sets the commit bit, and not for ever', () => {
    const configs = v1Pair({}, { commitBit: true });
    const { network, alice, bob } = connected(configs);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
    const silent = twoGateways(configs);
    silent.network.intercept = (datagram, from) =>
      from === silent.bob && sasOf(silent.bob).length > 1 ? [] : [datagram];
    silent.network.run(1_000);
    expect(sasOf(silent.alice).map(({ direction }) => direction)).toEqual(['inbound']);
    silent.network.run(10_000);
    expect(sasOf(silent.alice)).toHaveLength(2);
    expect(network.now).toBeGreaterThan(0);
  });
});

describe('a peer that says less', () => {
  const dynamic = { addresses: 'dynamic', protocol: 'any', ports: 'any' } as const;

  it('no client identities: the ends of the ISAKMP SA are meant (RFC 2409 §5.5)', () => {
    const child = v1Child({ mode: 'transport', local: [dynamic], remote: [dynamic], start: 'start' });
    const { network, alice, bob } = altered(child, payloads => payloads.filter(({ type }) => type !== 'ID'));
    expect(childrenOf(bob, network)).toMatchObject([{ mode: 'transport', remote: ['192.0.2.1-192.0.2.1'] }]);
    expect(carriesTraffic(alice, bob) && carriesTraffic(bob, alice)).toBe(true);
  });

  it('no client identities, where a policy is for networks', () => {
    const { bob } = altered(v1Child({ start: 'start' }), payloads => payloads.filter(({ type }) => type !== 'ID'));
    expect(sasOf(bob)).toEqual([]);
    expect(last(bob, 'negotiationFailed')).toContain('is for that');
  });

  it('no lifetime: eight hours are meant (RFC 2407 §4.5)', () => {
    const { network, bob } = altered(limited(100_000), payloads =>
      payloads.map(payload =>
        payload.type === 'SA'
          ? {
              ...payload,
              proposals: payload.proposals.map(proposal => ({
                ...proposal,
                transforms: proposal.transforms.map(one => ({
                  ...one,
                  attributes: one.attributes.filter(({ type }) => type > 2),
                })),
              })),
            }
          : payload,
      ),
    );
    const [child] = childrenOf(bob, network);
    expect(child?.rekeySeconds).toBeLessThan(28_800);
    expect(child?.rekeySeconds).toBeGreaterThan(20_000);
  });
});

describe('lifetimes', () => {
  it.each([
    ['strict', 7200, 3600, 1],
    ['strict', 1800, 3600, 1],
    ['claim', 7200, 3600, 1],
    ['obey', 7200, 3600, 1],
    ['exact', 1800, 3600, 0],
    ['exact', 3600, 3600, 1],
  ] as const)('%s: %i s offered, %i s here', (lifetimeCheck, offered, own, children) => {
    const both = v1Pair({ children: [limited(offered)] }, { lifetimeCheck });
    const bob = withConnection(both.bob, { children: [limited(own, atBob())] });
    const { network, alice, bob: responder } = connected({ ...both, bob });
    expect(childrenOf(responder, network)).toHaveLength(children);
    if (lifetimeCheck !== 'claim') return;
    for (const end of [alice, responder]) {
      const [child] = childrenOf(end, network);
      expect(child?.rekeySeconds).toBeLessThan(own);
    }
  });

  it('counts kilobytes as both ends have agreed', () => {
    const rekey = { seconds: 3600, octets: 1024 * 1000, packets: null };
    const { alice } = connected(v1Pair({ children: [v1Child({ start: 'start', rekey })] }));
    const [sa] = sasOf(alice);
    expect(sa?.lifetime?.hard?.octets).toBe(1_024_000);
    expect(sa?.lifetime?.soft?.octets).toBeLessThan(1_024_000);
  });

  it('needs a PFS group where one is wanted', () => {
    const both = v1Pair();
    const bob = withConnection(both.bob, { children: [proposing({ keyExchange: ['modp2048'] }, atBob())] });
    const strict = connected({ ...both, bob });
    expect(childrenOf(strict.bob, strict.network)).toEqual([]);
    const obeying = connected({ alice: both.alice, bob: withV1(bob, { lifetimeCheck: 'obey' }) });
    expect(childrenOf(obeying.bob, obeying.network)).toHaveLength(1);
  });
});

/** What a child has on Bob's side. */
function atBob(): Partial<ChildConfig> {
  const { local, remote } = v1Child();
  return { local: remote, remote: local, start: 'none' };
}

function limited(seconds: number, more: Partial<ChildConfig> = {}): ChildConfig {
  return v1Child({ start: 'start', rekey: { seconds, octets: null, packets: null }, ...more });
}

function prefixes(...all: readonly string[]): ChildConfig['local'] {
  return all.map(addresses => ({ addresses, protocol: 'any', ports: 'any' }));
}

/** Alice's messages of Quick Mode are other than she meant; Bob takes them for authentic. */
function altered(child: ChildConfig, alter: (payloads: readonly IsakmpPayload[]) => IsakmpPayload[]) {
  const { alice, bob } = v1Pair({ children: [child] });
  const network = new Network('seed');
  const outgoing: V1Steps['outgoing'] = message =>
    message.exchangeType === IsakmpExchange.QUICK_MODE ? { ...message, payloads: alter(message.payloads) } : message;
  const caller = network.add('alice', ['192.0.2.1'], alice, STEPS, { ...V1_STEPS, outgoing });
  const answerer = network.add('bob', ['192.0.2.2'], bob, STEPS, { ...V1_STEPS, hashJudged: () => true });
  network.run(5_000);
  return { network, alice: caller, bob: answerer };
}
