import { describe, expect, it } from 'vitest';
import type { ClearIsakmpMessage } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpExchange, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { IpsecAttribute } from '../../wire/isakmp/registry-attributes.ts';
import type { ChildConfig } from '../config.ts';
import { kinds, states } from '../testing/gateways.ts';
import { Network, type Station } from '../testing/network.ts';
import { carriesTraffic, sasOf } from '../testing/node-sas.ts';
import { STEPS } from '../steps.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
import { v1Child, v1Pair } from './testing/connection.ts';

/**
 * What peers that have the keys have done to implementations: nothing crashes, nothing hangs, the answer is the one that the RFC
 * gives, and a good Quick Mode works afterwards. Bob takes what Alice alters for authentic.
 */
const TRUSTING: V1Steps = { ...V1_STEPS, hashJudged: () => true };

type Alter = (payloads: readonly IsakmpPayload[], message: ClearIsakmpMessage) => readonly IsakmpPayload[];

/** Alters what Alice says in one exchange, while it is told to. */
function scene(exchangeType: number, alter: Alter, bobSteps = TRUSTING, children?: readonly ChildConfig[]) {
  const configs = v1Pair({ livenessSeconds: 0, ...(children === undefined ? {} : { children }) });
  const network = new Network('seed');
  const control = { isOn: false };
  const outgoing: V1Steps['outgoing'] = message =>
    control.isOn && message.exchangeType === exchangeType
      ? { ...message, payloads: alter(message.payloads, message) }
      : message;
  const alice = network.add('alice', ['192.0.2.1'], configs.alice, STEPS, { ...V1_STEPS, outgoing });
  const bob = network.add('bob', ['192.0.2.2'], configs.bob, STEPS, bobSteps);
  return { network, alice, bob, control };
}

type Scene = ReturnType<typeof scene>;

/** Whether a good Quick Mode still works. */
function works({ network, alice, bob, control }: Scene): boolean {
  control.isOn = false;
  // The first may still be waiting for an answer to what was altered.
  for (let i = 0; i < 2; i++) {
    network.command(alice, { kind: 'initiate', child: 'net' });
    network.run(40_000, () => carriesTraffic(alice, bob) && carriesTraffic(bob, alice));
  }
  return carriesTraffic(alice, bob) && carriesTraffic(bob, alice);
}

const connected = (one: Scene) => {
  one.network.run(3_000);
  expect(carriesTraffic(one.alice, one.bob)).toBe(true);
  return one;
};

const last = ({ events }: Station, kind: string) => events.findLast(one => one.kind === kind)?.detail ?? '';

describe('Quick Mode of a peer that does not mean well', () => {
  const idle = [v1Child()];

  const refused: readonly (readonly [string, Alter, string])[] = [
    [
      'IDcr that is a name (CVE-2023-38711)',
      payloads => replaceIds(payloads, id => ({ ...id, idType: 2, data: Buffer.from('bob.lab') })),
      'client identities',
    ],
    ['IDs of two families', payloads => replaceFirstId(payloads), 'client identities'],
    [
      'AES-GMAC where nobody wants it (CVE-2024-3652)',
      payloads => alterTransforms(payloads, transform => ({ ...transform, id: 23, attributes: gmacAttributes })),
      'nothing that is offered is wanted here',
    ],
    [
      'two proposals of one number: a bundle',
      payloads => alterSa(payloads, ([one]) => (one === undefined ? [] : [one, { ...one, protocolId: 2 }])),
      'nothing that is known here is offered',
    ],
    [
      'an SPI that is reserved',
      payloads => alterSa(payloads, all => all.map(one => ({ ...one, spi: Uint8Array.of(0, 0, 0, 9) }))),
      'nothing that is known here is offered',
    ],
    [
      'an SPI of two octets',
      payloads => alterSa(payloads, all => all.map(one => ({ ...one, spi: Uint8Array.of(1, 2) }))),
      'nothing that is known here is offered',
    ],
    ['KE that nobody has asked for', payloads => [...payloads, { type: 'KE', data: new Uint8Array(32) }], 'KE without'],
    [
      'a nonce of seven octets',
      payloads => payloads.map(one => (one.type === 'NONCE' ? { ...one, data: new Uint8Array(7) } : one)),
      'a nonce of 7 octets',
    ],
    [
      'a nonce of 257 octets',
      payloads => payloads.map(one => (one.type === 'NONCE' ? { ...one, data: new Uint8Array(257) } : one)),
      'a nonce of 257 octets',
    ],
  ];

  it.each(refused)('%s', (_, alter, why) => {
    const one = scene(IsakmpExchange.QUICK_MODE, alter, TRUSTING, idle);
    one.network.command(one.alice, { kind: 'initiate', child: 'net' });
    one.control.isOn = true;
    one.network.run(1_000);
    expect(last(one.bob, 'negotiationFailed')).toContain(why);
    expect(sasOf(one.bob)).toEqual([]);
    expect(states(one.bob, one.network.now)).toEqual(['established']);
    expect(works(one)).toBe(true);
  });

  const malformed: readonly (readonly [string, Alter])[] = [
    [
      'one ID',
      payloads => payloads.filter((one, i) => one.type !== 'ID' || payloads.findIndex(p => p.type === 'ID') === i),
    ],
    ['three IDs', payloads => [...payloads, ...payloads.filter(({ type }) => type === 'ID').slice(0, 1)]],
    ['no nonce', payloads => payloads.filter(({ type }) => type !== 'NONCE')],
    ['two SA payloads', payloads => [...payloads, ...payloads.filter(({ type }) => type === 'SA')]],
    ['two KE', payloads => [...payloads, KE, KE]],
    ['no proposals at all', payloads => alterSa(payloads, () => [])],
    [
      'attributes without an end',
      payloads =>
        alterTransforms(payloads, transform => ({
          ...transform,
          attributes: Array.from({ length: 60 }, () => ({ type: IpsecAttribute.SA_LIFE_TYPE, value: 1 })),
        })),
    ],

    ['a payload that nobody knows', payloads => [...payloads, UNKNOWN]],
    ['a HASH that is not the first', ([hash, ...others]) => (hash === undefined ? others : [...others, hash])],
  ];

  it.each(malformed)('%s', (_, alter) => {
    const one = scene(IsakmpExchange.QUICK_MODE, alter, TRUSTING, idle);
    one.network.command(one.alice, { kind: 'initiate', child: 'net' });
    one.control.isOn = true;
    one.network.run(1_000);
    expect(kinds(one.bob)).toContain('messageRefused');
    expect(sasOf(one.bob)).toEqual([]);
    expect(works(one)).toBe(true);
  });

  it('without the HASH that its keys make is not the peer’s', () => {
    const one = scene(IsakmpExchange.QUICK_MODE, otherHash, V1_STEPS, idle);
    one.network.command(one.alice, { kind: 'initiate', child: 'net' });
    one.control.isOn = true;
    one.network.run(1_000);
    expect(last(one.bob, 'messageRefused')).toContain('HASH');
    expect(sasOf(one.bob)).toEqual([]);
    expect(works(one)).toBe(true);
  });
});

describe('Informational of a peer that does not mean well', () => {
  it('the same Delete twice, and a notify about what it closed (CVE-2023-38712)', () => {
    const one = told(payloads => [
      ...payloads,
      ...payloads.filter(({ type }) => type === 'D'),
      ...payloads.flatMap(payload =>
        payload.type === 'D'
          ? [{ ...NOTIFY, spi: payload.spis[0] ?? new Uint8Array(4), protocolId: payload.protocolId }]
          : [],
      ),
    ]);
    expect(sasOf(one.bob)).toEqual([]);
    expect(kinds(one.bob).filter(kind => kind === 'childDeleted')).toHaveLength(1);
    expect(works(one)).toBe(true);
  });

  it('Delete of the ISAKMP SA, and then of its children, in one message', () => {
    const one = told((payloads, { initiatorCookie, responderCookie }) => {
      const [hash, ...others] = payloads;
      const spi = Buffer.from(initiatorCookie + responderCookie, 'hex');
      const own: IsakmpPayload = { type: 'D', doi: Doi.IPSEC, protocolId: IsakmpProtocol.ISAKMP, spis: [spi, spi] };
      return hash === undefined ? others : [hash, own, ...others, own];
    });
    expect(kinds(one.bob)).toContain('ikeDeleted');
    expect(sasOf(one.bob).length === 0 || states(one.bob, one.network.now).length === 1).toBe(true);
  });

  it('a Delete of what is not there, of another protocol, of SPIs of another length', () => {
    const one = told(([hash]) => [
      ...(hash === undefined ? [] : [hash]),
      { type: 'D', doi: Doi.IPSEC, protocolId: 3, spis: [Uint8Array.of(9, 9, 9, 9), Uint8Array.of(1, 2, 3, 4)] },
      { type: 'D', doi: Doi.IPSEC, protocolId: 3, spis: [] },
      { type: 'D', doi: Doi.IPSEC, protocolId: 1, spis: [Uint8Array.of(1, 2)] },
      { type: 'D', doi: Doi.IPSEC, protocolId: 77, spis: [Uint8Array.of(1, 2, 3, 4)] },
    ]);
    expect(sasOf(one.bob)).toHaveLength(2);
    expect(works(one)).toBe(true);
  });

  it('without the HASH that its keys make is ignored (CVE-2019-10155)', () => {
    const one = told(otherHash, V1_STEPS);
    expect(sasOf(one.bob)).toHaveLength(2);
    expect(last(one.bob, 'messageRefused')).toContain('HASH');
    const without = told(payloads => payloads.filter(({ type }) => type !== 'HASH'), V1_STEPS);
    expect(sasOf(without.bob)).toHaveLength(2);
  });

  it('cut short wherever it may be is no message (CVE-2020-1763)', () => {
    const one = connected(scene(IsakmpExchange.INFORMATIONAL, payloads => payloads, V1_STEPS));
    one.network.intercept = (datagram, from) => {
      if (from !== one.alice || datagram.octets[18] !== IsakmpExchange.INFORMATIONAL) return [datagram];
      return Array.from({ length: datagram.octets.length }, (_, i) => ({
        ...datagram,
        octets: datagram.octets.slice(0, i),
      }));
    };
    one.network.command(one.alice, { kind: 'terminate', child: 'net' });
    one.network.run(2_000);
    expect(sasOf(one.bob)).toHaveLength(2);
    expect(states(one.bob, one.network.now)).toEqual(['established']);
  });

  it('notifies of all types are heard and lead to nothing', () => {
    const one = told(([hash]) => [
      ...(hash === undefined ? [] : [hash]),
      ...Object.values(IsakmpNotify)
        .filter(type => type !== IsakmpNotify['INITIAL-CONTACT'])
        .map((notifyType): IsakmpPayload => ({ ...NOTIFY, notifyType, data: new Uint8Array(3) })),
    ]);
    expect(sasOf(one.bob)).toHaveLength(2);
    expect(states(one.bob, one.network.now)).toEqual(['established']);
  });
});

/** Alice says what is altered in the place of a Delete of a child. */
function told(alter: Alter, steps = TRUSTING): Scene {
  const one = connected(scene(IsakmpExchange.INFORMATIONAL, alter, steps));
  one.control.isOn = true;
  one.network.command(one.alice, { kind: 'terminate', child: 'net' });
  one.network.run(2_000);
  return one;
}

const otherHash: Alter = payloads =>
  payloads.map(one => (one.type === 'HASH' ? { ...one, data: flipped(one.data) } : one));

const KE: IsakmpPayload = { type: 'KE', data: new Uint8Array(64) };
const UNKNOWN: IsakmpPayload = { type: 'UNKNOWN', payloadType: 99, data: new Uint8Array(4) };
const NOTIFY = {
  type: 'N',
  doi: Doi.IPSEC,
  protocolId: 3,
  spi: new Uint8Array(4),
  notifyType: IsakmpNotify['INVALID-SPI'],
  data: new Uint8Array(0),
} as const;

const gmacAttributes = [
  { type: IpsecAttribute.ENCAPSULATION_MODE, value: 1 },
  { type: IpsecAttribute.KEY_LENGTH, value: 128 },
];

type Sa = Extract<IsakmpPayload, { readonly type: 'SA' }>;
type Proposals = Sa['proposals'];
type Transform = Proposals[number]['transforms'][number];
type Id = Extract<IsakmpPayload, { readonly type: 'ID' }>;

function alterSa(payloads: readonly IsakmpPayload[], alter: (proposals: Proposals) => Proposals): IsakmpPayload[] {
  return payloads.map(one => (one.type === 'SA' ? { ...one, proposals: alter(one.proposals) } : one));
}

function alterTransforms(payloads: readonly IsakmpPayload[], alter: (one: Transform) => Transform): IsakmpPayload[] {
  return alterSa(payloads, all => all.map(one => ({ ...one, transforms: one.transforms.map(alter) })));
}

function replaceIds(payloads: readonly IsakmpPayload[], alter: (one: Id) => Id): IsakmpPayload[] {
  return payloads.map(one => (one.type === 'ID' ? alter(one) : one));
}

function replaceFirstId(payloads: readonly IsakmpPayload[]): IsakmpPayload[] {
  const at = payloads.findIndex(({ type }) => type === 'ID');
  return payloads.map((one, i) =>
    i === at && one.type === 'ID' ? { ...one, idType: 5, data: new Uint8Array(16) } : one,
  );
}

const flipped = (octets: Uint8Array): Uint8Array => octets.map((octet, i) => (i === 0 ? octet ^ 1 : octet));
