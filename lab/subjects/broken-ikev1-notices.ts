import { IsakmpNotify } from '../../engine/wire/isakmp/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { VendorId } from '../../engine/wire/isakmp/vendor-id.ts';
import { decodeIsakmpMessage } from '../../engine/wire/isakmp/codec.ts';
import { ikeWireSubject } from './build-ike.ts';
import {
  AT,
  each,
  hasNotify,
  isInformational,
  isNotify,
  isPhase1,
  v1ConnectionSubject,
  v1DiesOf,
  v1Hears,
  v1Payload,
  v1Payloads,
  v1SilentAbout,
  v1StepSubject,
  v1TraitsSubject,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

const ACK = IsakmpNotify['R-U-THERE-ACK'];
const ASK = IsakmpNotify['R-U-THERE'];

/** Those that do one thing wrong with notifies, deletes and dead peers: RFC 2408 §5.14 and §5.15, RFC 3706. */
export const BROKEN_IKEV1_NOTICES: readonly Subject[] = [
  v1StepSubject('v1-keeps-deleted', 'goes on with SAs that the peer has deleted', { heedsDeletes: () => false }),
  v1DiesOf(
    'v1-dies-of-deletes',
    'hears nothing any more after a Delete of what it does not have',
    ({ payloads }) =>
      payloads.some(it => it.type === 'D' && it.spis.length > 1) ||
      payloads.filter(({ type }) => type === 'D').length > 1,
  ),
  v1Payload('v1-odd-deletes', 'deletes other SAs than its own', isInformational, 'D', it => ({
    ...it,
    spis: it.spis.map(spi => Uint8Array.from(spi).reverse()),
  })),
  v1DiesOf('v1-dies-of-notifies', 'hears nothing any more after a notify that it does not know', ({ payloads }) =>
    payloads.some(it => it.type === 'N' && (it.notifyType === 8000 || it.notifyType > 40_000)),
  ),
  v1Hears('v1-deletes-for-any-doi', 'does not look at the DOI of a Delete', isInformational, all =>
    each(all, 'D', it => ({ ...it, doi: 1 })),
  ),
  ikeWireSubject('v1-believes-contact', 'believes an INITIAL-CONTACT in the clear', () => ({
    incoming: (message, wire) => {
      const isClear = u8At(message, AT.version) === 0x10 && (u8At(message, AT.flags) & 1) === 0;
      if (isClear && hasNotify(payloadsOf(message), IsakmpNotify['INITIAL-CONTACT'])) {
        wire.command({ kind: 'terminate', ike: 'bob' });
      }
      return message;
    },
  })),

  v1Payloads('v1-hides-dead-peers', 'does not say that it knows dead peer detection', isPhase1, all =>
    all.filter(it => it.type !== 'VID' || Buffer.compare(it.data, VendorId['Dead Peer Detection']) !== 0),
  ),
  v1SilentAbout('v1-never-there', 'never says that it is there', ACK),
  v1Payload('v1-counts-acks', 'acknowledges by numbers of its own', isInformational, 'N', it =>
    isNotify(it, ACK) ? { ...it, data: Uint8Array.of(0, 0, 0, 1) } : it,
  ),
  v1Payload('v1-odd-liveness', 'says nothing of which ISAKMP SA it is there in', isInformational, 'N', it =>
    isNotify(it, ACK) || isNotify(it, ASK) ? { ...it, spi: new Uint8Array(0) } : it,
  ),
  v1Hears(
    'v1-any-liveness',
    'answers every R-U-THERE',
    isInformational,
    all => each(all, 'N', it => (isNotify(it, ASK) ? { ...it, spi: new Uint8Array(0) } : it)),
    { isSequenceNew: () => true },
  ),
  v1ConnectionSubject('v1-trusts-for-ever', 'never asks whether its peer is there', connection => ({
    ...connection,
    livenessSeconds: 0,
  })),
  v1Payload('v1-counts-by-two', 'counts its questions by twos', isInformational, 'N', it =>
    isNotify(it, ASK) ? { ...it, data: doubled(it.data) } : it,
  ),
  v1ConnectionSubject('v1-asks-always', 'asks a peer that it has heard a second ago', connection => ({
    ...connection,
    livenessSeconds: 1,
  })),
  v1TraitsSubject('v1-never-dead', 'takes nobody for dead', { livenessTimeoutSeconds: 1_000_000 }),
  v1StepSubject('v1-any-acknowledgement', 'takes any acknowledgement', { isSequenceAsked: () => true }),
  v1Hears('v1-asks-everybody', 'asks also who has not said that he would answer', isPhase1, all =>
    all.some(({ type }) => type === 'SA') ? [...all, { type: 'VID', data: VendorId['Dead Peer Detection'] }] : all,
  ),
  v1DiesOf('v1-dies-of-acknowledgements', 'hears nothing any more after an R-U-THERE-ACK', ({ payloads }) =>
    hasNotify(payloads, ACK),
  ),
];

/** Less than 2^31, as it was. */
function doubled(data: Uint8Array): Uint8Array {
  const value = (Buffer.from(data).readUInt32BE(0) * 2) % 0x7fff_fffe;
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function payloadsOf(octets: Uint8Array) {
  try {
    return decodeIsakmpMessage(octets).payloads;
  } catch {
    return [];
  }
}
