import type { IkeCipher } from '../../../engine/crypto/ike-cipher.ts';
import type { IkeDatagram } from '../../../engine/ike/daemon.ts';
import { cipherKeysOf } from '../../../engine/ike/v2/ike-keys.ts';
import type { IkeSa, KeyedIkeSa } from '../../../engine/ike/v2/ike-sa.ts';
import { encodeIkeMessage, encodePayloads } from '../../../engine/wire/ike/codec.ts';
import { sealedMessage } from '../../../engine/wire/ike/encrypted.ts';
import { encodeIkeHeader } from '../../../engine/wire/ike/header.ts';
import type { IkeHeader, IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { Writer } from '../../../engine/wire/writer.ts';
import type { Dice } from './dice.ts';
import { ADDRESSES, addressOf, BOB } from './ground.ts';
import { mutatedOctets, withRightLength } from './octet-mutation.ts';
import { mutatedPayloads } from './payload-mutation.ts';

/** What was said in some scene, as material. */
export interface Material {
  readonly datagrams: readonly Uint8Array[];
  readonly messages: readonly IkeMessage[];
  readonly payloads: readonly Payload[];
}

const EXCHANGES: readonly number[] = Object.values(ExchangeType);
const BOB_OCTETS = addressOf(BOB);
const PEER_OCTETS = Object.values(ADDRESSES).map(addressOf);

/** A message of somebody who knows no keys; `seen` is what that somebody has seen of these very IKE SAs. */
export function strangersMessage(
  sas: readonly IkeSa[],
  material: Material,
  seen: readonly Uint8Array[],
  dice: Dice,
): Uint8Array {
  const genuine = () => dice.pick(seen.length > 0 && dice.once(2) ? seen : material.datagrams);
  switch (dice.below(12)) {
    case 0:
      return dice.bytes(dice.below(300));
    case 1:
      return foreignVersion(material, dice);
    case 2:
    case 3:
    case 4:
      return inTheClear(sas, material, dice);
    case 5:
    case 6:
      return garbageUnderSk(sas, material, dice);
    case 7:
      return Uint8Array.from(genuine()); // a replay
    default: {
      const octets = mutatedOctets(genuine(), material.datagrams, dice);
      return dice.once(3) ? octets : withRightLength(octets);
    }
  }
}

/** To Bob, from anywhere: the address of a peer can be anybody's claim. */
export function fromAnywhere(octets: Uint8Array, dice: Dice): IkeDatagram {
  const ports = dice.once(2) ? 500 : 4500;
  return {
    local: BOB_OCTETS,
    localPort: ports,
    remote: dice.once(2) ? dice.pick(PEER_OCTETS) : Uint8Array.of(198, 51, 100, dice.below(256)),
    remotePort: dice.once(3) ? dice.below(65536) : ports,
    octets,
  };
}

function foreignVersion({ datagrams }: Material, dice: Dice): Uint8Array {
  const octets = Uint8Array.from(dice.pick(datagrams));
  octets[17] = dice.pick([0x00, 0x10, 0x11, 0x1f, 0x21, 0x2f, 0x30, 0xf0, 0xff]);
  // Main Mode, Aggressive Mode, Informational, Quick Mode of IKEv1, or as it was.
  if (dice.once(2)) octets[18] = dice.pick([2, 4, 5, 32, 33]);
  if (dice.once(2)) octets[16] = dice.below(32);
  return octets;
}

/** What should be under SK, or what should not be said at all, in the clear, about an IKE SA that there is. */
function inTheClear(sas: readonly IkeSa[], { messages, payloads }: Material, dice: Dice): Uint8Array {
  const message = dice.pick(messages);
  const changed = mutatedPayloads(message.payloads, payloads, dice);
  return encodeIkeMessage({ ...headerAbout(sas, message, dice), payloads: changed });
}

function garbageUnderSk(sas: readonly IkeSa[], { messages }: Material, dice: Dice): Uint8Array {
  const header = headerAbout(sas, dice.pick(messages), dice);
  const bodyOctets = dice.pick([0, 1, 7, 8, 15, 16, 17, 24, 25, 32, 40, 64, 200, 600]);
  const fragment = dice.once(2) ? null : { number: dice.below(5), total: dice.pick([0, 1, 2, 3, 4, 65535]) };
  const covered = sealedMessage(header, { firstPayload: 33 + dice.below(24), bodyOctets, fragment });
  return Buffer.concat([covered, dice.bytes(bodyOctets)]);
}

function headerAbout(sas: readonly IkeSa[], message: IkeMessage, dice: Dice): IkeHeader {
  const sa = sas.length === 0 || dice.once(6) ? null : dice.pick(sas);
  const isResponse = dice.once(5) ? !message.isResponse : message.isResponse;
  if (sa === null) return { ...message, isResponse };
  const { requests, responses } = sa.windows;
  const expected = isResponse ? (requests.outstanding[0]?.header.messageId ?? requests.nextId) : responses.expectedId;
  return {
    ...message,
    initiatorSpi: sa.initiatorSpi,
    responderSpi: dice.once(10) ? '0000000000000000' : sa.responderSpi,
    exchangeType: dice.once(4) ? dice.pick(EXCHANGES) : message.exchangeType,
    isResponse,
    isInitiator: dice.once(8) ? sa.role === 'initiator' : sa.role === 'responder',
    messageId: dice.once(4) ? dice.below(6) : expected,
  };
}

/** What one SK payload has room for. */
const INNER_MAX = 60_000;

/** What somebody who knows the keys of an IKE SA puts under SK. */
export interface Sealed {
  readonly header: IkeHeader;
  readonly first: number;
  readonly inner: Uint8Array;
}

/** The payloads under SK, or something that is none. */
export function contentOf(header: IkeHeader, payloads: readonly Payload[], dice: Dice): Sealed {
  const { first, octets: all } = encodePayloads(payloads);
  const octets = all.subarray(0, INNER_MAX);
  if (!dice.once(6)) return { header, first, inner: octets };
  // Behind a header, since that is where a chain of payloads begins; cut off again.
  const out = new Writer(28 + octets.length);
  encodeIkeHeader(header, first, 28 + octets.length, out);
  out.bytes(octets);
  const inner = mutatedOctets(out.finish(), [], dice).subarray(28);
  return { header, first: dice.once(6) ? 33 + dice.below(24) : first, inner };
}

/** The datagrams by which it arrives: whole, or in pieces, some of which are out of order, twice, missing, or miscounted. */
export function sealedDatagrams(sa: KeyedIkeSa, content: Sealed, dice: Dice): Uint8Array[] {
  const inFragments = dice.once(sa.extensions.has('fragmentation') ? 5 : 50);
  if (!inFragments) return [sealed(sa, content.header, content.first, content.inner, null, dice)];
  const pieceOctets = dice.pick([1, 8, 64, 300]);
  const total = Math.min(300, Math.max(1, Math.ceil(content.inner.length / pieceOctets)));
  const pieces = Array.from({ length: total }, (_, i) => {
    const inner = content.inner.subarray(i * pieceOctets, i === total - 1 ? undefined : (i + 1) * pieceOctets);
    const fragment = dice.once(12)
      ? { number: dice.below(total + 2), total: dice.pick([0, 1, total - 1, total + 1, 255, 256, 257, 65535]) & 0xffff }
      : { number: i + 1, total };
    const first = i === 0 || dice.once(20) ? content.first : 0;
    return sealed(sa, content.header, first, inner, fragment, dice);
  });
  if (dice.once(2)) pieces.reverse();
  if (dice.once(3)) pieces.splice(dice.below(pieces.length), 1);
  if (dice.once(3) && pieces.length > 0) pieces.push(Uint8Array.from(dice.pick(pieces)));
  return pieces;
}

function sealed(
  sa: KeyedIkeSa,
  header: IkeHeader,
  firstPayload: number,
  inner: Uint8Array,
  fragment: { readonly number: number; readonly total: number } | null,
  dice: Dice,
): Uint8Array {
  const { cipher } = sa;
  const plaintext = padded(cipher, inner, dice);
  const bodyOctets = cipher.ivOctets + plaintext.length + cipher.icvOctets;
  const covered = sealedMessage(header, { firstPayload, bodyOctets, fragment });
  const keys = cipherKeysOf(sa.keys, sa.role === 'initiator' ? 'responder' : 'initiator');
  return Buffer.concat([covered, cipher.seal(keys, dice.bytes(cipher.ivOctets), covered, plaintext)]);
}

/** With Pad Length, which may lie. */
function padded({ blockOctets }: IkeCipher, inner: Uint8Array, dice: Dice): Uint8Array {
  const length = Math.ceil((inner.length + 1) / blockOctets) * blockOctets;
  const plaintext = new Uint8Array(length);
  plaintext.set(inner);
  plaintext[length - 1] = dice.once(40) ? dice.below(256) : length - inner.length - 1;
  return plaintext;
}
