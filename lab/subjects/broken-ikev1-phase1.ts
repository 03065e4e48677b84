import type { IsakmpAttribute, IsakmpPayload, IsakmpSaPayload } from '../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { OakleyAttribute } from '../../engine/wire/isakmp/registry-attributes.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeConfigSubject } from './build-ike.ts';
import {
  AT,
  each,
  eachProposal,
  eachTransform,
  isMain,
  isPhase1,
  v1ConnectionSubject,
  v1Hears,
  v1Minds,
  v1Mouth,
  v1Octets,
  v1Payload,
  v1Payloads,
  v1StepSubject,
  v1TraitsSubject,
  written,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong in phase 1, RFC 2409 §5 and RFC 2407 §4.6. */
export const BROKEN_IKEV1_PHASE1: readonly Subject[] = [
  v1Payload('v1-wrong-proof', 'proves that it knows another key', isPhase1, 'HASH', it => ({
    ...it,
    data: it.data.toReversed(),
  })),
  v1StepSubject('v1-believes-proofs', 'believes whatever the peer proves', {
    peerJudged: verdict => (verdict.kind === 'refused' ? { kind: 'accepted', method: 'psk', remarks: [] } : verdict),
  }),
  ikeConfigSubject('v1-any-shared-key', 'takes another shared key as well', config => ({
    ...config,
    secrets: [{ identities: [], secret: Buffer.from('another secret', 'latin1').toString('hex') }],
  })),
  v1Payloads('v1-sa-last', 'sends SA behind all else', isPhase1, all => [
    ...all.filter(({ type }) => type !== 'SA'),
    ...all.filter(({ type }) => type === 'SA'),
  ]),
  v1Payload('v1-many-proposals', 'offers each suite of phase 1 by a proposal of its own', isPhase1, 'SA', sa => ({
    ...sa,
    proposals: sa.proposals.flatMap(one =>
      one.transforms.map((transform, i) => ({ ...one, number: i + 1, transforms: [transform] })),
    ),
  })),
  v1Payload('v1-changes-attributes', 'leaves an attribute out when it answers', isPhase1, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, attributes: it.attributes.slice(0, -1) })),
  ),
  v1Payload('v1-renumbers-transforms', 'numbers the transform that it chooses anew', isPhase1, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, number: 1 })),
  ),
  v1Hears('v1-takes-any-choice', 'takes any answer for one of its offers', isPhase1, all =>
    each(all, 'SA', sa => eachTransform(sa, it => ({ ...it, attributes: asOffered(it.attributes) }))),
  ),
  v1Payload('v1-long-ke', 'sends its public value with a zero in front', isPhase1, 'KE', it => ({
    ...it,
    data: Uint8Array.of(0, ...it.data),
  })),
  v1Payload('v1-short-nonce', 'sends a nonce of four octets', isPhase1, 'NONCE', it => ({
    ...it,
    data: it.data.slice(0, 4),
  })),
  v1StepSubject('v1-any-nonce', 'takes a nonce of any length', { isNonceFit: () => true }),
  v1Mouth('v1-any-exchange-type', 'goes on with Main Mode whatever the exchange is called', () => octets => {
    const isSecond = octets.subarray(AT.responderCookie, AT.nextPayload).some(octet => octet !== 0);
    const isAggressive = u8At(octets, AT.exchangeType) === IsakmpExchange.AGGRESSIVE;
    return isAggressive && isSecond ? written(octets, AT.exchangeType, IsakmpExchange.IDENTITY_PROTECTION) : octets;
  }),
  v1Minds('v1-minds-certificate-requests', 'hears nothing of who asks for certificates', ({ payloads }) =>
    payloads.some(({ type }) => type === 'CR'),
  ),
  v1Octets('v1-garbles', 'encrypts with something else', octets =>
    (u8At(octets, AT.flags) & 1) === 0 ? octets : octets.map((octet, i) => (i < 28 ? octet : octet ^ 0x5a)),
  ),
  v1Hears('v1-takes-any-offer', 'takes any offer of phase 1 for one that it likes', isPhase1, all =>
    each(all, 'SA', asLiked),
  ),
  v1Minds('v1-minds-vendors', 'drops messages with vendor IDs that it does not know', ({ payloads }) =>
    payloads.some(it => it.type === 'VID' && it.data.length < 2),
  ),
  v1Minds('v1-minds-transforms', 'drops messages with a transform that it does not know', ({ payloads }) =>
    payloads.some(
      it =>
        it.type === 'SA' && it.proposals.some(({ transforms }) => transforms.some(({ id }) => id === 77 || id === 200)),
    ),
  ),
  v1Minds(
    'v1-minds-spi',
    'drops offers of phase 1 with an SPI',
    message =>
      isPhase1(message) &&
      message.payloads.some(it => it.type === 'SA' && it.proposals.some(({ spi }) => spi.length > 0)),
  ),
  v1Minds(
    'v1-minds-long-attributes',
    'drops offers with attributes of the long form',
    message =>
      isPhase1(message) &&
      message.payloads.some(
        it =>
          it.type === 'SA' &&
          it.proposals.some(({ transforms }) =>
            transforms.some(({ attributes }) => attributes.some(({ value }) => typeof value !== 'number')),
          ),
      ),
  ),
  v1Mouth('v1-wants-sealed-third', 'wants message 3 of Aggressive Mode encrypted', () => octets => {
    const isSecond = octets.subarray(AT.responderCookie, AT.nextPayload).some(octet => octet !== 0);
    const isAggressive = u8At(octets, AT.exchangeType) === IsakmpExchange.AGGRESSIVE;
    return isAggressive && isSecond && (u8At(octets, AT.flags) & 1) === 0 ? null : octets;
  }),
  v1Minds(
    'v1-minds-id-port',
    'drops an ID with protocol and port',
    message => isPhase1(message) && message.payloads.some(it => it.type === 'ID' && it.port !== 0),
  ),
  v1Hears(
    'v1-any-id-port',
    'takes an ID with any protocol and port',
    isPhase1,
    all => each(all, 'ID', it => ({ ...it, protocol: 0, port: 0 })),
    {
      peerJudged: verdict => (verdict.kind === 'refused' ? { kind: 'accepted', method: 'psk', remarks: [] } : verdict),
    },
  ),
  v1Payload('v1-id-with-port', 'says who it is with a port of its own', isPhase1, 'ID', it => ({
    ...it,
    protocol: 17,
    port: 4500,
  })),
  v1ConnectionSubject('v1-any-identity', 'takes anybody who knows the shared key', connection => ({
    ...connection,
    authentication: {
      ...connection.authentication,
      remote: { ...connection.authentication.remote, identity: '%any' },
    },
  })),
  v1Octets('v1-other-situation', 'asks for secrecy levels', octets =>
    isOffer(octets) ? written(octets, 39, 3) : octets,
  ),
  v1Payload('v1-long-attributes', 'writes attributes of phase 1 in the long form', isPhase1, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, attributes: it.attributes.map(inLongForm) })),
  ),
  v1StepSubject('v1-no-initial-contact', 'does not heed INITIAL-CONTACT', { heedsInitialContact: () => false }),
  v1TraitsSubject('v1-no-contact-said', 'never says INITIAL-CONTACT', { initialContact: false }),
];

const isOffer = (octets: Uint8Array): boolean => isMain(octets) && u8At(octets, AT.nextPayload) === 1;

/** DES becomes AES again. */
function asOffered(attributes: readonly IsakmpAttribute[]): readonly IsakmpAttribute[] {
  const isDes = attributes.some(({ type, value }) => type === OakleyAttribute.ENCRYPTION_ALGORITHM && value === 1);
  if (!isDes) return attributes;
  const others = attributes.filter(({ type }) => type !== OakleyAttribute.ENCRYPTION_ALGORITHM);
  return [
    { type: OakleyAttribute.ENCRYPTION_ALGORITHM, value: 7 },
    ...others,
    { type: OakleyAttribute.KEY_LENGTH, value: 128 },
  ];
}

/** AES-128, SHA-256, a shared key and group 2. */
function asLiked(sa: IsakmpSaPayload): IsakmpPayload {
  const { unread: _, ...rest } = eachProposal(sa, it => it);
  const attributes = [
    { type: OakleyAttribute.ENCRYPTION_ALGORITHM, value: 7 },
    { type: OakleyAttribute.KEY_LENGTH, value: 128 },
    { type: OakleyAttribute.HASH_ALGORITHM, value: 4 },
    { type: OakleyAttribute.AUTHENTICATION_METHOD, value: 1 },
    { type: OakleyAttribute.GROUP_DESCRIPTION, value: 2 },
  ];
  const transforms = [{ number: 1, id: 1, attributes }];
  return {
    ...rest,
    doi: 1,
    situation: 1,
    proposals: [{ number: 1, protocolId: 1, spi: new Uint8Array(0), transforms }],
  };
}

/** Two octets behind the type and the length. */
export function inLongForm({ type, value }: IsakmpAttribute): IsakmpAttribute {
  return { type, value: typeof value === 'number' ? Uint8Array.of(value >> 8, value) : value };
}
