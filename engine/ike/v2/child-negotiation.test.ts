import { expect, test } from 'vitest';
import { parseAddress } from '../../wire/address.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ChildConfig, TrafficSelectorConfig } from '../config.ts';
import { childConfig, connectionConfig } from '../testing/connection.ts';
import { answerChild } from './child-answer.ts';
import { concludeChild, offerChild, offerPayloads } from './child-offer.ts';
import { type ChildPlace, childPlace } from './child-place.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { formatSelector } from './sa-selector.ts';

const address = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array();

function place(local: string, remote: string, nat: 'none' | 'local' | 'remote' = 'none'): ChildPlace {
  const path = {
    local: address(local),
    localPort: 4500,
    remote: address(remote),
    remotePort: 4500,
    isLocalNatted: nat === 'local',
    isRemoteNatted: nat === 'remote',
  };
  return childPlace({ connection: connectionConfig(), path, extensions: new Set() }, []);
}

const ALICE = place('192.0.2.1', '192.0.2.2');
const BOB = place('192.0.2.2', '192.0.2.1');
const any = (addresses: string): TrafficSelectorConfig => ({ addresses, protocol: 'any', ports: 'any' });
const mirrored = (config: ChildConfig): ChildConfig => ({ ...config, local: config.remote, remote: config.local });

function request(config: ChildConfig, from = ALICE, flow: Parameters<typeof offerChild>[4] = { flow: null }) {
  const offer = offerChild(config, 1000, from, 'without', flow);
  if (offer === null) throw new Error('nothing to be offered');
  const { notifies, sa, selectors } = offerPayloads(offer);
  return { offer, payloads: [...notifies, sa, ...selectors] };
}

function answered(payloads: readonly Payload[], candidates: readonly ChildConfig[], at = BOB) {
  return answerChild(payloads, candidates, 'without', at, () => 2000, null);
}

function agree(alice: ChildConfig, bob: ChildConfig, from = ALICE, at = BOB) {
  const { offer, payloads } = request(alice, from);
  const answer = answered(payloads, [bob], at);
  if (answer.kind === 'refused') return answer.error;
  const conclusion = concludeChild(offer, [...answer.notifies, answer.sa, ...answer.selectors], from);
  if (conclusion.kind === 'unusable') return conclusion.why;
  return { initiator: conclusion.child, responder: answer.child };
}

test('what both want they agree on, each from its own side', () => {
  const agreed = agree(childConfig(), mirrored(childConfig()));
  if (typeof agreed === 'string' || !('initiator' in agreed)) throw new Error(JSON.stringify(agreed));
  const { initiator, responder } = agreed;
  expect([initiator.spiIn, initiator.spiOut, responder.spiIn, responder.spiOut]).toEqual([1000, 2000, 2000, 1000]);
  expect(initiator.local).toEqual(responder.remote);
  expect(initiator.remote).toEqual(responder.local);
  expect(initiator.suite).toEqual(responder.suite);
});

test('of several children the one that is just for this traffic is meant, wherever it stands', () => {
  const wide = childConfig({ name: 'wide', local: [any('10.0.0.0/8')], remote: [any('10.0.0.0/8')] });
  const exact = mirrored(childConfig({ name: 'exact' }));
  const answer = answered(request(childConfig()).payloads, [wide, exact]);
  expect(answer.kind === 'agreed' && answer.child.config.name).toBe('exact');
});

test.each<[string, Partial<ChildConfig>, Partial<ChildConfig>, object | string]>([
  ['traffic that is not allowed', {}, { remote: [any('172.16.0.0/12')] }, { notifyType: NotifyType.TS_UNACCEPTABLE }],
  [
    'algorithms that are not wanted',
    {},
    {
      proposals: [
        {
          protocol: 'esp',
          encryption: ['aes128'],
          integrity: ['sha256'],
          keyExchange: [],
          additionalKeyExchanges: [],
          esn: ['no'],
        },
      ],
    },
    { kind: 'noProposalChosen' },
  ],
  ['a tunnel where transport mode is wanted', {}, { mode: 'transport' }, { kind: 'noProposalChosen' }],
  ['transport mode where there are only tunnels', { mode: 'transport' }, {}, 'tunnel mode, not transport mode'],
  ['pairs of addresses, one by one', {}, { sharing: 'unique' }, { notifyType: NotifyType.SINGLE_PAIR_REQUIRED }],
])('%s', (_what, alice, bob, expected) => {
  const refusal = agree(childConfig(alice), { ...mirrored(childConfig()), ...bob });
  expect({ refusal }).toMatchObject({ refusal: expected });
});

test('a child for each pair: the packet says for which', () => {
  const flow = { source: '10.0.0.5', destination: '10.0.1.7', protocol: 17, sourcePort: 5000, destinationPort: 53 };
  const unique = { ...mirrored(childConfig()), sharing: 'unique' } as const;
  const answer = answered(request(childConfig(), ALICE, { flow }).payloads, [unique]);
  if (answer.kind === 'refused') throw new Error(answer.error.kind);
  expect(answer.child.remote.map(formatSelector)).toEqual(['10.0.0.5-10.0.0.5']);
  expect(notifyOf(answer.notifies, NotifyType.ADDITIONAL_TS_POSSIBLE)).not.toBeNull();
  const { offer } = request({ ...childConfig(), sharing: 'unique' }, ALICE, { flow });
  expect([offer.tsi, offer.tsr].map(list => list.map(formatSelector))).toEqual([
    ['10.0.0.5-10.0.0.5 17[5000-5000]'],
    ['10.0.1.7-10.0.1.7 17[53-53]'],
  ]);
});

test('AH is neither offered nor accepted through a NAT', () => {
  const ah = {
    protocol: 'ah',
    encryption: [],
    integrity: ['sha256'],
    keyExchange: [],
    additionalKeyExchanges: [],
    esn: ['no'],
  } as const;
  const config = childConfig({ proposals: [ah] });
  expect(agree(config, mirrored(config))).toMatchObject({
    initiator: { suite: { protocol: 'ah', integrity: 'sha256' } },
  });
  const behind = place('192.0.2.1', '192.0.2.2', 'local');
  expect(offerChild(config, 1000, behind, 'without', { flow: null })).toBeNull();
  const answer = answered(request(config).payloads, [mirrored(config)], place('192.0.2.2', '203.0.113.1', 'remote'));
  expect(answer.kind === 'refused' && answer.error.kind).toBe('noProposalChosen');
});

test('nothing narrower will do for a Child SA that takes another place, §2.9.2', () => {
  const { payloads } = request(childConfig({ local: [any('10.0.0.0/25')] }));
  const old = answered(request(childConfig()).payloads, [mirrored(childConfig())]);
  if (old.kind === 'refused') throw new Error(old.error.kind);
  const narrower = answerChild(payloads, [mirrored(childConfig())], 'without', BOB, () => 3000, old.child);
  expect(narrower.kind === 'refused' && narrower.error).toMatchObject({ notifyType: NotifyType.TS_UNACCEPTABLE });
});

test('IPCOMP is not answered, later fragments are taken, padding is left out where the peer does not take it', () => {
  const config = childConfig({
    local: [{ addresses: '10.0.0.0/24', protocol: 6, ports: [80, 80] }],
    remote: [any('10.0.1.0/24')],
  });
  const { payloads } = request(config);
  expect(notifyOf(payloads, NotifyType.NON_FIRST_FRAGMENTS_ALSO)).not.toBeNull();
  const more = [
    notifyPayload(NotifyType.IPCOMP_SUPPORTED, Uint8Array.of(0, 1, 2)),
    notifyPayload(NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED),
    ...payloads,
  ];
  const answer = answered(more, [mirrored(config)]);
  if (answer.kind === 'refused') throw new Error(answer.error.kind);
  expect(answer.notifies.map(notify => notify.type === 'N' && notify.notifyType)).toEqual([
    NotifyType.NON_FIRST_FRAGMENTS_ALSO,
  ]);
  expect(answer.child.peerTakesPadding).toBe(false);
});

/** A NAT in front of either end. */
const both = (at: ChildPlace): ChildPlace => ({
  ...at,
  path: { ...at.path, isLocalNatted: true, isRemoteNatted: true },
});

test('transport mode through two NATs: each end looks at the addresses of its own packets, and answers with them', () => {
  const dynamic = childConfig({ mode: 'transport', local: [any('dynamic')], remote: [any('dynamic')] });
  const alice = both(place('10.1.1.1', '203.0.113.2'));
  const bob = both(place('10.2.2.2', '203.0.113.1'));
  const agreed = agree(dynamic, dynamic, alice, bob);
  if (typeof agreed === 'string' || !('initiator' in agreed)) throw new Error(JSON.stringify(agreed));
  expect(agreed.responder.local.map(formatSelector)).toEqual(['10.2.2.2-10.2.2.2']);
  expect(agreed.responder.remote.map(formatSelector)).toEqual(['203.0.113.1-203.0.113.1']);
  expect(agreed.initiator.local.map(formatSelector)).toEqual(['10.1.1.1-10.1.1.1']);
  expect(agreed.initiator.remote.map(formatSelector)).toEqual(['203.0.113.2-203.0.113.2']);
});
