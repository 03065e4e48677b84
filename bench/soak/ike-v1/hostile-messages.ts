import type { IkeDatagram } from '../../../engine/ike/daemon.ts';
import type { IsakmpSa } from '../../../engine/ike/v1/isakmp-sa.ts';
import { encodeIsakmpMessage } from '../../../engine/wire/isakmp/codec.ts';
import type { ClearIsakmpMessage, IsakmpHeader } from '../../../engine/wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../../engine/wire/isakmp/registry.ts';
import type { Dice } from '../ike/dice.ts';
import { ADDRESSES, addressOf, BOB } from '../ike/ground.ts';
import { mutatedOctets, withRightLength } from '../ike/octet-mutation.ts';
import { mutatedPayloads } from './payload-mutation.ts';

/** What was said in some scene, as material. */
export interface Material {
  readonly datagrams: readonly Uint8Array[];
  readonly messages: readonly ClearIsakmpMessage[];
  readonly payloads: readonly IsakmpPayload[];
}

export const EXCHANGES: readonly number[] = [...Object.values(IsakmpExchange), 0, 7, 31, 34, 239, 255];
const BOB_OCTETS = addressOf(BOB);
const PEER_OCTETS = Object.values(ADDRESSES).map(addressOf);
const NO_COOKIE = '0000000000000000';

/** A message of somebody who knows no keys; `seen` is what that somebody has seen of these very ISAKMP SAs. */
export function strangersMessage(
  sas: readonly IsakmpSa[],
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
      return aCall(material, dice);
    case 3:
      return inTheClear(sas, material, dice);
    case 4:
    case 5:
      return garbageUnderKeys(sas, material, dice);
    case 6:
      return aPiece(sas, material, genuine(), dice);
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
  octets[17] = dice.pick([0x00, 0x10, 0x11, 0x1f, 0x20, 0x30, 0xf0, 0xff]);
  if (dice.once(2)) octets[18] = dice.pick(EXCHANGES);
  if (dice.once(2)) octets[16] = dice.below(32);
  return octets;
}

/** Another phase 1, begun as others have, and with something done to it. */
function aCall({ messages, payloads }: Material, dice: Dice): Uint8Array {
  const message = dice.pick(messages.filter(({ responderCookie }) => responderCookie === NO_COOKIE));
  const initiatorCookie = Buffer.from(dice.bytes(8)).toString('hex');
  return encodeIsakmpMessage({
    ...message,
    initiatorCookie,
    payloads: mutatedPayloads(message.payloads, payloads, dice),
  });
}

/** What should be encrypted, or should not be said at all, in the clear, about an ISAKMP SA that there is. */
function inTheClear(sas: readonly IsakmpSa[], { messages, payloads }: Material, dice: Dice): Uint8Array {
  const message = dice.pick(messages);
  const changed = mutatedPayloads(message.payloads, payloads, dice);
  return encodeIsakmpMessage({ ...headerAbout(sas, message, dice), isEncrypted: false, payloads: changed, body: null });
}

function garbageUnderKeys(sas: readonly IsakmpSa[], { messages }: Material, dice: Dice): Uint8Array {
  const header = headerAbout(sas, dice.pick(messages), dice);
  const body = dice.bytes(dice.pick([0, 1, 7, 8, 15, 16, 17, 24, 32, 40, 64, 200, 208, 600]));
  return encodeIsakmpMessage({ ...header, isEncrypted: true, payloads: [], firstPayload: dice.below(24), body });
}

/** Of a message that was seen, of one that never was, of one that has no end. */
function aPiece(sas: readonly IsakmpSa[], { messages }: Material, whole: Uint8Array, dice: Dice): Uint8Array {
  const header = headerAbout(sas, dice.pick(messages), dice);
  const data = dice.once(3) ? dice.bytes(dice.below(600)) : whole.subarray(0, 1 + dice.below(whole.length));
  const piece: IsakmpPayload = {
    type: 'FRAG',
    fragmentId: dice.once(2) ? 1 : dice.below(65536),
    number: dice.once(2) ? 1 + dice.below(3) : 1 + dice.below(255),
    isLast: dice.once(3),
    data,
  };
  const payloads = dice.once(20) ? [piece, piece] : [piece];
  return encodeIsakmpMessage({ ...header, isEncrypted: dice.once(8), payloads, body: null });
}

function headerAbout(sas: readonly IsakmpSa[], message: IsakmpHeader, dice: Dice): IsakmpHeader {
  const { majorVersion, minorVersion } = message;
  const usual = {
    majorVersion,
    minorVersion,
    isEncrypted: message.isEncrypted,
    isCommit: dice.once(10),
    isAuthenticationOnly: dice.once(20),
    exchangeType: dice.once(4) ? dice.pick(EXCHANGES) : message.exchangeType,
    messageId: dice.once(4) ? dice.pick([0, 1, dice.below(2 ** 32)]) : message.messageId,
    initiatorCookie: message.initiatorCookie,
    responderCookie: message.responderCookie,
  };
  const sa = sas.length === 0 || dice.once(6) ? null : dice.pick(sas);
  if (sa === null) return usual;
  const exchanges = sa.kind === 'established' ? sa.exchanges.map(({ messageId }) => messageId) : [];
  return {
    ...usual,
    initiatorCookie: sa.initiatorCookie,
    responderCookie: dice.once(10) ? NO_COOKIE : sa.responderCookie,
    messageId: exchanges.length > 0 && dice.once(2) ? dice.pick(exchanges) : usual.messageId,
  };
}
