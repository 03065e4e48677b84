import type { IsakmpAttribute, IsakmpTransform } from '../../engine/wire/isakmp/payload.ts';
import { IsakmpNotify, IsakmpProtocol } from '../../engine/wire/isakmp/registry.ts';
import { ikeEffectsSubject, installs } from './build-ike-effects.ts';
import {
  each,
  eachProposal,
  eachTransform,
  isNotify,
  isQuickMode,
  v1ConnectionSubject,
  v1Hears,
  v1Minds,
  v1Payload,
  v1Payloads,
  v1SilentAbout,
  v1StepSubject,
} from './build-ikev1.ts';
import { inLongForm } from './broken-ikev1-phase1.ts';
import type { Subject } from './subject.ts';

/** Attributes of phase 2, RFC 2407 §4.5. */
const LIFE_TYPE = 1;
const LIFE_DURATION = 2;
const GROUP = 3;
const MODE = 4;
const AUTHENTICATION = 5;
const KEY_LENGTH = 6;

/** Those that do one thing wrong in Quick Mode, RFC 2409 §5.5 and RFC 2407 §4.5. */
export const BROKEN_IKEV1_PHASE2: readonly Subject[] = [
  installs('v1-other-keymat', 'comes to other keys than its peer', sa => ({
    ...sa,
    encryptionKey: `00${sa.encryptionKey.slice(2)}`.replace(/^00(..)/, (_, next: string) => `${next}5a`),
  })),
  v1Payloads('v1-sa-behind-nonce', 'sends SA behind all else', isQuickMode, all => [
    ...all.filter(({ type }) => type !== 'SA'),
    ...all.filter(({ type }) => type === 'SA'),
  ]),
  v1StepSubject('v1-believes-hashes', 'does not look at HASH payloads', {
    hashJudged: () => true,
    checked: () => null,
  }),
  installs('v1-installs-late', 'cannot receive by what it has agreed to', sa =>
    sa.direction === 'inbound' ? null : sa,
  ),
  v1StepSubject('v1-takes-clear', 'negotiates in the clear', { believesClear: () => true }),
  v1Minds(
    'v1-no-pfs',
    'hears nothing of who wants perfect forward secrecy',
    message => isQuickMode(message) && message.payloads.some(({ type }) => type === 'KE'),
  ),
  v1Payload('v1-group-once', 'names the group in its first transform alone', isQuickMode, 'SA', sa => {
    let isFirst = true;
    return eachTransform(sa, it => {
      if (!isFirst) return without(it, GROUP);
      isFirst = false;
      return it;
    });
  }),
  v1ConnectionSubject('v1-wants-no-pfs', 'takes an SA without the key exchange that its policy wants', connection => ({
    ...connection,
    children: connection.children.map(child => ({
      ...child,
      proposals: child.proposals.map(proposal => ({ ...proposal, keyExchange: [] })),
    })),
  })),
  v1Payloads('v1-swaps-identities', 'sends IDcr before IDci', isQuickMode, all => {
    const ids = all.filter(({ type }) => type === 'ID').toReversed();
    return [...all.filter(({ type }) => type !== 'ID'), ...ids];
  }),
  v1SilentAbout(
    'v1-silent-about-identities',
    'never says INVALID-ID-INFORMATION',
    IsakmpNotify['INVALID-ID-INFORMATION'],
  ),
  v1SilentAbout('v1-silent-about-proposals', 'never says NO-PROPOSAL-CHOSEN', IsakmpNotify['NO-PROPOSAL-CHOSEN']),
  v1StepSubject('v1-one-quick-mode', 'hears of one Quick Mode at a time', () => {
    let only: number | null = null;
    return {
      incoming: message => {
        if (!isQuickMode(message)) return message;
        only ??= message.messageId;
        return message.messageId === only ? message : null;
      },
    };
  }),
  v1Payload('v1-same-nonce', 'has one nonce for all Quick Modes', isQuickMode, 'NONCE', it => ({
    ...it,
    data: new Uint8Array(it.data.length).fill(7),
  })),
  v1Minds(
    'v1-minds-notifies',
    'drops Quick Modes with a notify in them',
    message => isQuickMode(message) && message.payloads.some(({ type }) => type === 'N'),
  ),
  v1Payload('v1-renumbers-proposals', 'numbers the proposal that it chooses anew', isQuickMode, 'SA', sa =>
    eachProposal(sa, it => ({ ...it, number: 1 })),
  ),
  v1Hears('v1-splits-offers', 'takes ESP out of an offer of ESP and AH together', isQuickMode, all =>
    each(all, 'SA', sa => ({ ...sa, proposals: sa.proposals.filter(it => it.protocolId !== IsakmpProtocol.AH) })),
  ),
  v1Hears('v1-any-spi', 'takes an SPI of any length', isQuickMode, all =>
    each(all, 'SA', sa => eachProposal(sa, it => ({ ...it, spi: Uint8Array.of(0xc0, 0xff, 0xee, 0x01) }))),
  ),
  v1Payload('v1-duration-first', 'writes durations in front of their types', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, attributes: it.attributes.toReversed() })),
  ),
  v1Payload('v1-one-lifetime', 'answers with the first of several lifetimes', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, attributes: firstLifetime(it.attributes) })),
  ),
  v1Hears('v1-any-lifetimes', 'takes the first of several lifetimes', isQuickMode, all =>
    each(all, 'SA', sa => eachTransform(sa, it => ({ ...it, attributes: firstLifetime(it.attributes) }))),
  ),
  v1Hears('v1-any-attribute', 'passes over attributes that it does not know', isQuickMode, all =>
    each(all, 'SA', sa => eachTransform(sa, it => without(it, 77))),
  ),
  v1Payload('v1-changes-child-attributes', 'answers with a lifetime of its own', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({
      ...it,
      attributes: it.attributes.map(one => (one.type === LIFE_DURATION ? { ...one, value: 1800 } : one)),
    })),
  ),
  v1Payloads('v1-silent-about-lifetimes', 'never says RESPONDER-LIFETIME', isQuickMode, all =>
    all.filter(it => !isNotify(it, IsakmpNotify['RESPONDER-LIFETIME'])),
  ),
  v1Minds(
    'v1-no-identities',
    'hears nothing of who negotiates for others',
    message => isQuickMode(message) && message.payloads.some(({ type }) => type === 'ID'),
  ),
  v1Hears('v1-any-encapsulation', 'takes any mode for a tunnel', isQuickMode, all =>
    each(all, 'SA', sa => eachTransform(sa, it => withAttribute(it, MODE, 1))),
  ),
  v1Hears('v1-no-integrity', 'takes encryption alone', isQuickMode, all =>
    each(all, 'SA', sa => eachTransform(sa, it => withAttribute(it, AUTHENTICATION, 5))),
  ),
  v1Hears('v1-any-key-length', 'takes keys of 256 bits where nothing is said', isQuickMode, all =>
    each(all, 'SA', sa =>
      eachTransform(sa, it => (hasAttribute(it, KEY_LENGTH) ? it : withAttribute(it, KEY_LENGTH, 256))),
    ),
  ),
  v1Minds('v1-minds-null', 'hears nothing of ESP_NULL', ({ payloads }) =>
    payloads.some(
      it => it.type === 'SA' && it.proposals.some(({ transforms }) => transforms.some(({ id }) => id === 11)),
    ),
  ),
  v1Minds('v1-no-ah', 'hears nothing of AH', ({ payloads }) =>
    payloads.some(it => it.type === 'SA' && it.proposals.some(({ protocolId }) => protocolId === IsakmpProtocol.AH)),
  ),
  v1Hears('v1-any-ah-algorithm', 'takes any transform of AH for SHA-2', isQuickMode, all =>
    each(all, 'SA', sa => eachTransform(sa, it => withAttribute(it, AUTHENTICATION, 5))),
  ),
  v1Payload('v1-mixes-ah-transforms', 'offers AH by transforms of another algorithm', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, id: 2 })),
  ),
  v1Payload('v1-long-child-attributes', 'writes attributes of phase 2 in the long form', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({ ...it, attributes: it.attributes.map(inLongForm) })),
  ),
  v1Hears('v1-takes-any-child', 'takes an answer for one of its offers', isQuickMode, all =>
    each(all, 'SA', sa =>
      eachTransform(sa, it => {
        const attributes = it.attributes.map(one =>
          one.type === KEY_LENGTH && one.value === 192 ? { ...one, value: 128 } : one,
        );
        return { ...it, attributes };
      }),
    ),
  ),
  ikeEffectsSubject('v1-one-child', 'has one SA of each direction', () => {
    const seen = new Set<string>();
    return {
      command: command => {
        if (command.kind !== 'installSa') return [command];
        const isNew = !seen.has(command.sa.direction);
        seen.add(command.sa.direction);
        return isNew ? [command] : [];
      },
    };
  }),
];

const without = (it: IsakmpTransform, type: number): IsakmpTransform => ({
  ...it,
  attributes: it.attributes.filter(one => one.type !== type),
});

const hasAttribute = ({ attributes }: IsakmpTransform, type: number): boolean =>
  attributes.some(one => one.type === type);

const withAttribute = (it: IsakmpTransform, type: number, value: number): IsakmpTransform => ({
  ...it,
  attributes: [...without(it, type).attributes, { type, value }],
});

/** Without the second pair of type and duration, and those behind it. */
function firstLifetime(attributes: readonly IsakmpAttribute[]): readonly IsakmpAttribute[] {
  let types = 0;
  return attributes.filter(({ type }) => {
    if (type === LIFE_TYPE) types += 1;
    return types < 2 || (type !== LIFE_TYPE && type !== LIFE_DURATION);
  });
}
