import { mutated as mutatedDer } from '../../../engine/pki/testing/mutate.ts';
import type {
  IsakmpAttribute,
  IsakmpNotifyPayload,
  IsakmpPayload,
  IsakmpProposal,
  IsakmpSaPayload,
  IsakmpTransform,
} from '../../../engine/wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../../engine/wire/isakmp/registry.ts';
import type { Dice } from '../ike/dice.ts';
import { mutatedData, mutatedList as mutatedListUpTo } from '../ike/mutated-parts.ts';

const NOTIFY_TYPES: readonly number[] = Object.values(IsakmpNotify);
/** Encoders refuse larger payloads, and none of this is about them. */
/** More of one payload than a message has room for. */
const MANY = 120;

/** Payloads with something done to them that an encoder can still write. `pool` is what others have said. */
export function mutatedPayloads(
  payloads: readonly IsakmpPayload[],
  pool: readonly IsakmpPayload[],
  dice: Dice,
): readonly IsakmpPayload[] {
  let result = payloads;
  for (let times = dice.below(4); times > 0; times--) result = mutatedOnce(result, pool, dice);
  return result;
}

function mutatedOnce(
  payloads: readonly IsakmpPayload[],
  pool: readonly IsakmpPayload[],
  dice: Dice,
): readonly IsakmpPayload[] {
  const at = dice.below(Math.max(1, payloads.length));
  const one = payloads[at];
  if (one === undefined) return [...payloads, dice.pick(pool)];
  const [before, behind] = [payloads.slice(0, at), payloads.slice(at + 1)];
  switch (dice.below(10)) {
    case 0:
      return [...before, ...behind];
    case 1:
      return [...payloads, one];
    case 2:
      return [one, ...before, ...behind];
    case 3:
      return [...before, dice.pick(pool), ...behind];
    case 4:
      return [...before, one, dice.pick(pool), ...behind];
    case 5:
      return [...before, one, unknown(dice), ...behind];
    case 6:
      if (dice.once(20)) return [...before, ...Array.from({ length: 10 + dice.below(150) }, () => one), ...behind];
      return [...payloads].reverse();
    default:
      return [...before, mutatedPayload(one, dice), ...behind];
  }
}

const unknown = (dice: Dice): IsakmpPayload => ({
  type: 'UNKNOWN',
  payloadType: dice.pick([15, 16, 17, 18, 19, 22, 127, 128, 200, 255]),
  data: dice.bytes(dice.below(20)),
});

function mutatedPayload(payload: IsakmpPayload, dice: Dice): IsakmpPayload {
  switch (payload.type) {
    case 'SA':
      return mutatedSa(payload, dice);
    case 'N':
      return mutatedNotify(payload, dice);
    case 'D':
      return {
        ...payload,
        doi: dice.below(3),
        protocolId: dice.below(5),
        // Of one length: an encoder has no other.
        spis: mutatedList(payload.spis, () => dice.bytes(payload.spis[0]?.length ?? 4), dice),
      };
    case 'ATTR':
      return {
        ...payload,
        cfgType: dice.below(6),
        identifier: dice.once(3) ? dice.below(65536) : payload.identifier,
        attributes: mutatedList(payload.attributes, () => randomAttribute(dice), dice),
      };
    case 'ID':
      return {
        ...payload,
        idType: dice.once(2) ? dice.below(13) : payload.idType,
        protocol: dice.once(3) ? dice.below(256) : payload.protocol,
        port: dice.once(3) ? dice.below(65536) : payload.port,
        data: mutatedData(payload.data, dice),
      };
    case 'CERT':
    case 'CR': {
      const encoding = dice.once(4) ? dice.below(12) : payload.encoding;
      const data = dice.once(4) ? mutatedData(payload.data, dice) : mutatedDer(payload.data, dice);
      return { ...payload, encoding, data };
    }
    case 'FRAG':
      return {
        ...payload,
        fragmentId: dice.once(2) ? payload.fragmentId : dice.below(65536),
        number: dice.once(2) ? payload.number : 1 + dice.below(255),
        isLast: dice.once(2),
        data: mutatedData(payload.data, dice),
      };
    case 'NATOA':
      return { ...payload, idType: dice.below(13), data: mutatedData(payload.data, dice) };
    case 'KE':
    case 'HASH':
    case 'SIG':
    case 'NONCE':
    case 'VID':
    case 'NATD':
    case 'UNKNOWN':
      return { ...payload, data: mutatedData(payload.data, dice) };
  }
}

function mutatedNotify(notify: IsakmpNotifyPayload, dice: Dice): IsakmpNotifyPayload {
  switch (dice.below(6)) {
    case 0:
      return { ...notify, notifyType: dice.pick(NOTIFY_TYPES) };
    case 1:
      return { ...notify, protocolId: dice.below(5) };
    case 2:
      return { ...notify, spi: dice.bytes(dice.pick([0, 1, 3, 4, 5, 8, 16, 255])) };
    case 3:
      return { ...notify, notifyType: dice.below(65536) };
    case 4:
      return { ...notify, doi: dice.below(3) };
    default:
      return { ...notify, data: mutatedData(notify.data, dice) };
  }
}

/** Without `octets`: what is written is what the fields say. */
function mutatedSa({ doi, situation, proposals }: IsakmpSaPayload, dice: Dice): IsakmpSaPayload {
  if (dice.once(8))
    return {
      type: 'SA',
      doi: dice.pick([0, 2, 0xffff_ffff]),
      situation: null,
      proposals: [],
      unread: dice.bytes(dice.below(30)),
    };
  return { type: 'SA', doi, situation, proposals: mutatedList(proposals, one => mutatedProposal(one, dice), dice) };
}

function mutatedProposal(given: IsakmpProposal | undefined, dice: Dice): IsakmpProposal {
  const proposal = given ?? { number: 1, protocolId: 3, spi: dice.bytes(4), transforms: [] };
  switch (dice.below(4)) {
    case 0:
      return { ...proposal, number: dice.below(256) };
    case 1:
      return { ...proposal, protocolId: dice.below(5) };
    case 2:
      return {
        ...proposal,
        spi: dice.pick([
          new Uint8Array(0),
          new Uint8Array(4),
          dice.bytes(2),
          dice.bytes(4),
          dice.bytes(8),
          dice.bytes(16),
        ]),
      };
    default:
      return { ...proposal, transforms: mutatedList(proposal.transforms, one => mutatedTransform(one, dice), dice) };
  }
}

function mutatedTransform(given: IsakmpTransform | undefined, dice: Dice): IsakmpTransform {
  const transform = given ?? { number: 1, id: 12, attributes: [] };
  switch (dice.below(4)) {
    case 0:
      return { ...transform, number: dice.below(256) };
    case 1:
      return { ...transform, id: dice.pick([0, 1, 2, 3, 11, 12, 13, 18, 19, 20, 23, 255]) };
    default:
      return {
        ...transform,
        attributes: mutatedList(transform.attributes, one => mutatedAttribute(one, dice), dice),
      };
  }
}

function mutatedAttribute(given: IsakmpAttribute | undefined, dice: Dice): IsakmpAttribute {
  if (given === undefined || dice.once(3)) return randomAttribute(dice);
  if (typeof given.value === 'number')
    return { ...given, value: dice.pick([0, 1, 2, 3, 4, 5, 14, 128, 192, 256, 65535]) };
  return { ...given, value: mutatedData(given.value, dice).subarray(0, 64) };
}

function randomAttribute(dice: Dice): IsakmpAttribute {
  const type = dice.once(2) ? 1 + dice.below(19) : dice.below(32768);
  return { type, value: dice.once(2) ? dice.below(65536) : dice.bytes(dice.pick([0, 1, 2, 3, 4, 5, 8, 9, 16, 17])) };
}

const mutatedList = <T>(list: readonly T[], change: (one: T | undefined) => T, dice: Dice): T[] =>
  mutatedListUpTo(list, change, dice, MANY);
