import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { BROKEN_IKE_CHILDREN } from './broken-ike-children.ts';
import { BROKEN_IKE_CONTENTS } from './broken-ike-contents.ts';
import { BROKEN_IKE_INSTALLS } from './broken-ike-installs.ts';
import { BROKEN_IKE_PATHS } from './broken-ike-paths.ts';
import { BROKEN_IKE_SELECTORS } from './broken-ike-selectors.ts';
import { BROKEN_IKE_TRUST } from './broken-ike-trust.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import {
  bits,
  changing,
  deaf,
  isClearInit,
  isInit,
  octets,
  request,
  response,
  silentAbout,
} from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with the messages of IKEv2, RFC 7296 §2 and §3. */
export const BROKEN_IKE: readonly Subject[] = [
  changing(
    'ike-own-initiator-spi',
    'answers with another initiator’s SPI',
    response(ExchangeType.IKE_SA_INIT),
    message => ({
      ...message,
      initiatorSpi: '0badbadbadbadbad',
    }),
  ),
  changing(
    'ike-no-responder-spi',
    'answers without an SPI of its own',
    response(ExchangeType.IKE_SA_INIT),
    message => ({
      ...message,
      responderSpi: '0000000000000000',
    }),
  ),
  changing(
    'ike-guesses-responder-spi',
    'names a responder’s SPI before there is one',
    request(ExchangeType.IKE_SA_INIT),
    message => ({
      ...message,
      responderSpi: '0badbadbadbadbad',
    }),
  ),
  changing(
    'ike-minor-version',
    'says to speak version 2.1',
    () => true,
    message => ({ ...message, minorVersion: 1 }),
  ),
  changing('ike-major-version', 'answers with version 3', response(ExchangeType.IKE_SA_INIT), message => ({
    ...message,
    majorVersion: 3,
  })),
  changing('ike-initiator-flag', 'sets the Initiator flag when it is not, and not when it is', isInit, message => ({
    ...message,
    isInitiator: !message.isInitiator,
  })),
  changing('ike-response-flag', 'sets the Response flag in requests, and not in responses', isInit, message => ({
    ...message,
    isResponse: !message.isResponse,
  })),
  changing(
    'ike-version-flag',
    'sets the Version flag',
    () => true,
    message => ({ ...message, higherVersion: true }),
  ),
  changing('ike-counts-from-one', 'counts messages from 1', isInit, message => ({ ...message, messageId: 1 })),
  changing('ike-response-id', 'answers with the next Message ID', response(ExchangeType.INFORMATIONAL), message => ({
    ...message,
    messageId: message.messageId + 1,
  })),
  changing(
    'ike-one-count',
    'goes on with the peer’s Message IDs in its own requests',
    request(ExchangeType.INFORMATIONAL),
    message => ({
      ...message,
      messageId: message.messageId + 2,
    }),
  ),
  changing(
    'ike-marks-critical',
    'sets the Critical bit of payloads that everybody knows',
    () => true,
    message => ({
      ...message,
      payloads: message.payloads.map(payload => ({ ...payload, critical: true })),
    }),
  ),
  octets('ike-reserved-flags', 'sets bits of the flags that are reserved', bits(19, 0x40)),
  octets('ike-reserved-bits', 'sets bits that are reserved in payloads', bits(29, 0x01)),
  octets('ike-wrong-length', 'says another length than the message has', octets =>
    octets.with(27, u8At(octets, 27) ^ 4),
  ),
  deaf(
    'ike-minds-minor-version',
    'does not speak with minor versions that it does not know',
    octets => (u8At(octets, 17) & 15) > 0,
  ),
  deaf(
    'ike-minds-version-flag',
    'does not speak with who could speak a higher version',
    octets => (u8At(octets, 19) & 0x10) !== 0,
  ),
  deaf(
    'ike-minds-reserved-flags',
    'drops messages with bits set that are reserved',
    octets => (u8At(octets, 19) & 0xc7) !== 0,
  ),
  deaf(
    'ike-minds-reserved-bits',
    'drops messages whose payloads have bits set that are reserved',
    octets => (u8At(octets, 29) & 0x7f) !== 0,
  ),
  deaf(
    'ike-wants-sa-first',
    'takes IKE_SA_INIT only with SA before all else',
    octets => isClearInit(octets) && u8At(octets, 16) !== PayloadType.SA,
  ),
  ikeWireSubject('ike-takes-any-version', 'takes version 3 for version 2', () => ({
    incoming: message => (u8At(message, 17) >> 4 > 2 ? message.with(17, 0x20) : message),
  })),
  silentAbout('ike-hides-version', 'does not say that it knows no higher version', NotifyType.INVALID_MAJOR_VERSION),
  silentAbout('ike-hides-group', 'does not say which group it wants', NotifyType.INVALID_KE_PAYLOAD),
  silentAbout('ike-hides-proposals', 'does not say that it likes no proposal', NotifyType.NO_PROPOSAL_CHOSEN),
  silentAbout('ike-hides-authentication', 'does not say that it does not believe', NotifyType.AUTHENTICATION_FAILED),
  silentAbout('ike-hides-syntax', 'does not say that it did not understand', NotifyType.INVALID_SYNTAX),
  ikeStepSubject('ike-ignores-critical', 'skips critical payloads that it does not know', {
    unsupportedCritical: () => null,
  }),
  ikeStepSubject('ike-minds-unknown', 'refuses messages with payloads that it does not know', {
    unsupportedCritical: payloads =>
      payloads.flatMap(payload => (payload.type === 'unknown' ? [payload.payloadType] : []))[0] ?? null,
  }),
  ikeStepSubject('ike-minds-known-critical', 'refuses payloads that it knows when they are critical', {
    unsupportedCritical: payloads => (payloads.some(({ critical }) => critical === true) ? PayloadType.V : null),
  }),
  ikeStepSubject('ike-answers-once', 'does not answer a request that comes again', { repeatsResponse: () => false }),
  ikeStepSubject('ike-any-cookie', 'takes any cookie for its own', { isOwnCookie: () => true }),
  ikeStepSubject('ike-no-cookies', 'takes none of its own cookies', { isOwnCookie: () => false }),
  ikeStepSubject('ike-any-nonce', 'takes nonces of any length', { isNonceFit: () => true }),
  ikeStepSubject('ike-believes-all', 'believes everybody who says to be somebody', {
    peerJudged: () => ({ kind: 'accepted', method: 'psk' }),
  }),
  ...BROKEN_IKE_TRUST,
  ...BROKEN_IKE_CONTENTS,
  ...BROKEN_IKE_CHILDREN,
  ...BROKEN_IKE_INSTALLS,
  ...BROKEN_IKE_SELECTORS,
  ...BROKEN_IKE_PATHS,
];
