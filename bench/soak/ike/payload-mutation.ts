import type {
  NotifyPayload,
  Payload,
  ProposalSubstructure,
  SaPayload,
  TrafficSelector,
  TransformSubstructure,
} from '../../../engine/wire/ike/payload.ts';
import { NotifyType } from '../../../engine/wire/ike/registry.ts';
import { mutated as mutatedDer } from '../../../engine/pki/testing/mutate.ts';
import type { Dice } from './dice.ts';
import { mutatedData, mutatedList as mutatedListUpTo } from './mutated-parts.ts';

const NOTIFY_TYPES: readonly number[] = Object.values(NotifyType);
/** Encoders refuse larger payloads, and none of this is about them. */
/** More of one payload than a message has room for. */
const MANY = 200;

/** Payloads with something done to them that an encoder can still write. `pool` is what others have said. */
export function mutatedPayloads(
  payloads: readonly Payload[],
  pool: readonly Payload[],
  dice: Dice,
): readonly Payload[] {
  let result = payloads;
  for (let times = dice.below(4); times > 0; times--) result = mutatedOnce(result, pool, dice);
  return result.filter(({ type }) => type !== 'SK' && type !== 'SKF');
}

function mutatedOnce(payloads: readonly Payload[], pool: readonly Payload[], dice: Dice): readonly Payload[] {
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
      return [...before, { ...one, critical: true }, unknown(dice), ...behind];
    case 6:
      if (dice.once(20)) return [...before, ...Array.from({ length: 10 + dice.below(150) }, () => one), ...behind];
      return [...payloads].reverse();
    default:
      return [...before, mutatedPayload(one, dice), ...behind];
  }
}

function unknown(dice: Dice): Payload {
  const payloadType = dice.pick([1, 5, 32, 49, 52, 55, 127, 200, 255]);
  return { type: 'unknown', payloadType, critical: dice.once(4), data: dice.bytes(dice.below(20)) };
}

function mutatedPayload(payload: Payload, dice: Dice): Payload {
  switch (payload.type) {
    case 'SA':
      return mutatedSa(payload, dice);
    case 'KE':
      return dice.once(2)
        ? { ...payload, group: dice.pick([0, 1, 2, 14, 19, 22, 25, 31, 35, 1025, 65535]) }
        : { ...payload, data: mutatedData(payload.data, dice) };
    case 'N':
      return mutatedNotify(payload, dice);
    case 'D':
      return {
        ...payload,
        protocolId: dice.below(5),
        spis: mutatedList(payload.spis, () => dice.below(2 ** 32), dice),
      };
    case 'TSi':
    case 'TSr':
      return { ...payload, selectors: mutatedList(payload.selectors, one => mutatedSelector(one, dice), dice) };
    case 'CP':
      return {
        ...payload,
        cfgType: dice.below(6),
        attributes: mutatedList(
          payload.attributes,
          one => ({ type: one?.type ?? dice.below(30), value: dice.bytes(dice.pick([0, 1, 3, 4, 8, 16, 17, 255])) }),
          dice,
        ),
      };
    case 'IDi':
    case 'IDr':
      return {
        ...payload,
        idType: dice.once(2) ? dice.below(16) : payload.idType,
        data: mutatedData(payload.data, dice),
      };
    case 'AUTH':
      return {
        ...payload,
        method: dice.once(2) ? dice.below(16) : payload.method,
        data: mutatedData(payload.data, dice),
      };
    case 'CERT':
    case 'CERTREQ': {
      const encoding = dice.once(4) ? dice.below(17) : payload.encoding;
      const data = dice.once(4) ? mutatedData(payload.data, dice) : mutatedDer(payload.data, dice);
      return { ...payload, encoding, data };
    }
    case 'SK':
    case 'SKF':
      return payload;
    case 'NONCE':
    case 'V':
    case 'EAP':
    case 'PS':
    case 'unknown':
      return { ...payload, data: mutatedData(payload.data, dice) };
  }
}

function mutatedNotify(notify: NotifyPayload, dice: Dice): NotifyPayload {
  switch (dice.below(5)) {
    case 0:
      return { ...notify, notifyType: dice.pick(NOTIFY_TYPES) };
    case 1:
      return { ...notify, protocolId: dice.below(5) };
    case 2:
      return { ...notify, spi: dice.bytes(dice.pick([0, 1, 3, 4, 5, 8, 16, 255])) };
    case 3:
      return { ...notify, notifyType: dice.below(65536) };
    default:
      return { ...notify, data: mutatedData(notify.data, dice) };
  }
}

function mutatedSa(sa: SaPayload, dice: Dice): SaPayload {
  return { ...sa, proposals: mutatedList(sa.proposals, one => mutatedProposal(one, dice), dice) };
}

function mutatedProposal(given: ProposalSubstructure | undefined, dice: Dice): ProposalSubstructure {
  const proposal = given ?? { number: 1, protocolId: 3, spi: dice.bytes(4), transforms: [] };
  switch (dice.below(4)) {
    case 0:
      return { ...proposal, number: dice.below(256) };
    case 1:
      return { ...proposal, protocolId: dice.below(5) };
    case 2:
      return {
        ...proposal,
        spi: dice.pick([new Uint8Array(0), new Uint8Array(4), new Uint8Array(8), dice.bytes(4), dice.bytes(8)]),
      };
    default:
      return { ...proposal, transforms: mutatedList(proposal.transforms, one => mutatedTransform(one, dice), dice) };
  }
}

function mutatedTransform(given: TransformSubstructure | undefined, dice: Dice): TransformSubstructure {
  const transform = given ?? { type: 1, id: 20, keyBits: 256, otherAttributes: [] };
  switch (dice.below(4)) {
    case 0:
      return { ...transform, type: dice.below(15) };
    case 1:
      return { ...transform, id: dice.pick([0, 1, 2, 3, 5, 7, 11, 12, 13, 14, 19, 20, 28, 31, 35, 36, 1024, 65535]) };
    case 2:
      return { ...transform, keyBits: dice.pick([null, 0, 1, 64, 128, 192, 256, 257, 65535]) };
    default:
      return {
        ...transform,
        otherAttributes: [
          { type: dice.below(32768), value: dice.once(2) ? dice.below(65536) : dice.bytes(dice.below(9)) },
        ],
      };
  }
}

function mutatedSelector(given: TrafficSelector | undefined, dice: Dice): TrafficSelector {
  const size = dice.once(2) ? 4 : 16;
  const selector = given ?? {
    tsType: size === 4 ? 7 : 8,
    protocol: dice.below(256),
    startPort: 0,
    endPort: 65535,
    start: new Uint8Array(size),
    end: new Uint8Array(size).fill(255),
  };
  switch (dice.below(4)) {
    case 0:
      return { ...selector, startPort: dice.below(65536), endPort: dice.below(65536) };
    case 1:
      return { ...selector, protocol: dice.below(256) };
    case 2:
      return { ...selector, start: selector.end, end: selector.start };
    default:
      return {
        ...selector,
        start: new Uint8Array(selector.start.length),
        end: new Uint8Array(selector.end.length).fill(255),
      };
  }
}

const mutatedList = <T>(list: readonly T[], change: (one: T | undefined) => T, dice: Dice): T[] =>
  mutatedListUpTo(list, change, dice, MANY);
