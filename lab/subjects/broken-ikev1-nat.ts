import type { IkeDatagram } from '../../engine/ike/daemon.ts';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { VendorId } from '../../engine/wire/isakmp/vendor-id.ts';
import { ikeEffectsSubject, installs } from './build-ike-effects.ts';
import { ikeWireSubject } from './build-ike.ts';
import {
  AT,
  each,
  eachTransform,
  isMain,
  isPhase1,
  isQuickMode,
  textOf,
  v1Hears,
  v1Payload,
  v1Payloads,
  v1StepSubject,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

const MODE = 4;
const IPV4_SUBNET = 4;

/** Those that do one thing wrong with NATs, RFC 3947. */
export const BROKEN_IKEV1_NAT: readonly Subject[] = [
  v1Payloads('v1-hides-nat-traversal', 'does not say that it knows NAT traversal', isPhase1, all =>
    all.filter(it => it.type !== 'VID' || Buffer.compare(it.data, VendorId['RFC 3947']) !== 0),
  ),
  v1Payloads('v1-always-nat-detection', 'sends NAT-D to everybody', isPhase1, all =>
    all.some(({ type }) => type === 'KE') ? [...all, ...somewhere()] : all,
  ),
  v1Payload('v1-detects-wrongly', 'sends other hashes of its addresses', isPhase1, 'NATD', it => ({
    ...it,
    data: it.data.toReversed(),
  })),
  ikeEffectsSubject('v1-answers-to-500', 'answers from port 500 whatever came', () => ({
    outgoing: datagram => ({ ...datagram, localPort: 500 }),
  })),
  v1StepSubject('v1-stays-on-500', 'sees no NAT', {
    natsDetected: nats => (nats === null ? null : { ...nats, isLocalNatted: false, isRemoteNatted: false }),
  }),
  v1StepSubject('v1-always-floats', 'sees a NAT everywhere', {
    natsDetected: nats => (nats === null ? null : { isLocalNatted: true, isRemoteNatted: true }),
  }),
  v1Payload('v1-plain-modes', 'offers a plain tunnel through a NAT', isQuickMode, 'SA', sa =>
    eachTransform(sa, it => ({
      ...it,
      attributes: it.attributes.map(one => (one.type === MODE && one.value === 3 ? { ...one, value: 1 } : one)),
    })),
  ),
  installs('v1-esp-without-udp', 'sends ESP without UDP whatever was agreed', sa => {
    const { encapsulation: _, ...plain } = sa;
    return plain;
  }),
  ikeEffectsSubject('v1-deaf-on-4500', 'hears nothing on port 4500', () => ({
    incoming: datagram => (datagram.localPort === 4500 ? null : datagram),
  })),
  ikeEffectsSubject('v1-follows-anything', 'speaks to wherever anything came from last', () => {
    let last: IkeDatagram | null = null;
    return {
      incoming: datagram => {
        last = datagram;
        return datagram;
      },
      outgoing: datagram =>
        last === null ? datagram : { ...datagram, localPort: last.localPort, remotePort: last.remotePort },
    };
  }),
  v1Payloads('v1-always-original-addresses', 'sends NAT-OA for a tunnel as well', isQuickMode, all =>
    all.some(({ type }) => type === 'SA') ? [...all, original(), original()] : all,
  ),
  v1Payloads('v1-no-original-addresses', 'never sends NAT-OA', isQuickMode, all =>
    all.filter(({ type }) => type !== 'NATOA'),
  ),
  v1Payloads('v1-swaps-original-addresses', 'sends NAT-OAr before NAT-OAi', isQuickMode, all => [
    ...all.filter(({ type }) => type !== 'NATOA'),
    ...all.filter(({ type }) => type === 'NATOA').toReversed(),
  ]),
  v1Hears('v1-takes-plain-modes', 'takes modes without UDP for those with it', isQuickMode, all =>
    each(all, 'SA', sa =>
      eachTransform(sa, it => ({
        ...it,
        attributes: it.attributes.map(one => (one.type === MODE && one.value === 2 ? { ...one, value: 4 } : one)),
      })),
    ),
  ),
  v1Hears('v1-takes-nets-for-hosts', 'takes a net for its first address', isQuickMode, all =>
    each(all, 'ID', it => (it.idType === IPV4_SUBNET ? { ...it, idType: 1, data: it.data.slice(0, 4) } : it)),
  ),
  ikeWireSubject('v1-knows-one-peer', 'forgets whom it knows when another phase 1 comes', () => {
    const known = new Set<string>();
    return {
      incoming: (message, wire) => {
        const isFifth = isMain(message) && (u8At(message, AT.flags) & 1) === 1;
        const cookie = textOf(message.subarray(0, 8));
        if (isFifth && known.size > 0 && !known.has(cookie)) wire.command({ kind: 'terminate', ike: 'bob' });
        if (isFifth) known.add(cookie);
        return message;
      },
    };
  }),
];

const somewhere = (): IsakmpPayload[] => [1, 2].map(octet => ({ type: 'NATD', data: new Uint8Array(32).fill(octet) }));

const original = (): IsakmpPayload => ({ type: 'NATOA', idType: 1, data: Uint8Array.of(1, 2, 3, 4) });
