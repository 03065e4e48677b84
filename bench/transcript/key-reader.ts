import { encryptionNumbered, integrityNumbered } from '../../engine/crypto/dialects.ts';
import { type IkeCipher, ikeCipher } from '../../engine/crypto/ike-cipher.ts';
import type { KeyExchangeMethod } from '../../engine/crypto/key-exchange.ts';
import { keyExchangeNumbered } from '../../engine/crypto/key-exchange-table.ts';
import type { Prf } from '../../engine/crypto/prf.ts';
import { prfNumbered } from '../../engine/crypto/prf-table.ts';
import type { SeededDraws } from './seeded-draws.ts';
import type { ProposalSubstructure } from '../../engine/wire/ike/payload.ts';
import { TransformType } from '../../engine/wire/ike/registry.ts';
import type { TranscribedKeyExchange } from './transcript.ts';

/** What a proposal that was accepted says. Absent in the proposals of a child: a PRF. */
export interface ChosenSuite {
  readonly encryption: string;
  readonly integrity: string | null;
  /** Octets of the keys of one direction. */
  readonly encryptionKeyOctets: number;
  readonly integrityKeyOctets: number;
  readonly prf: Prf | null;
  /** Of RFC 9370, in order. */
  readonly additional: readonly KeyExchangeMethod[];
}

export function chosenSuite({ transforms }: ProposalSubstructure): ChosenSuite {
  const ofType = (type: number) => transforms.find(transform => transform.type === type);
  const [encr, integ, prf] = [TransformType.ENCR, TransformType.INTEG, TransformType.PRF].map(ofType);
  const bits = encr?.keyBits ?? null;
  const encryption = found(encryptionNumbered(encr?.id ?? 0, bits === null ? null : bits / 8), 'encryption');
  const integrity = integ === undefined || integ.id === 0 ? null : found(integrityNumbered(integ.id), 'integrity');
  return {
    encryption: encryption.token,
    integrity: integrity?.token ?? null,
    encryptionKeyOctets: encryption.keyOctets + encryption.saltOctets,
    integrityKeyOctets: integrity?.keyOctets ?? 0,
    prf: prf === undefined ? null : found(prfNumbered(prf.id), 'PRF'),
    additional: transforms
      .filter(({ type, id }) => type >= TransformType.ADDKE1 && type <= TransformType.ADDKE7 && id !== 0)
      .sort((a, b) => a.type - b.type)
      .map(({ id }) => found(keyExchangeNumbered(id), 'key exchange')),
  };
}

export function cipherOf({ encryption, integrity }: Pick<ChosenSuite, 'encryption' | 'integrity'>): IkeCipher {
  return found(ikeCipher(encryption, integrity), 'cipher');
}

/**
 * What two values of KE payloads come to, by the random octets that they were made of: those of all that an end has drawn
 * that give its value.
 */
export function solveKeyExchange(
  method: KeyExchangeMethod,
  initiator: { readonly data: Uint8Array; readonly draws: SeededDraws },
  responder: { readonly data: Uint8Array; readonly draws: SeededDraws },
): TranscribedKeyExchange {
  for (const initiatorRandom of initiator.draws.drawn()) {
    const start = begun(method, initiatorRandom);
    if (start === null || !start.data.every((octet, i) => octet === initiator.data[i])) continue;
    const result = start.finish(responder.data);
    if (result.kind !== 'shared') throw new Error(`${method.token}: ${result.why}`);
    return {
      method: method.token,
      initiatorRandom: hex(initiatorRandom),
      responderRandom: hex(responderDraw(method, initiator.data, responder)),
      initiatorData: hex(initiator.data),
      responderData: hex(responder.data),
      secret: hex(result.secret),
    };
  }
  throw new Error(`${method.token}: nothing that the initiator drew gives its value`);
}

function responderDraw(
  method: KeyExchangeMethod,
  initiatorData: Uint8Array,
  { data, draws }: { readonly data: Uint8Array; readonly draws: SeededDraws },
): Uint8Array {
  for (const octets of draws.drawn()) {
    const replay = replayOf(octets);
    const answer = attempt(() => method.respond(initiatorData, replay.random));
    if (answer?.kind === 'shared' && replay.isSpent() && answer.data.every((octet, i) => octet === data[i]))
      return octets;
  }
  throw new Error(`${method.token}: nothing that the responder drew gives its value`);
}

function begun(method: KeyExchangeMethod, octets: Uint8Array) {
  const replay = replayOf(octets);
  const start = attempt(() => method.begin(replay.random));
  return start !== null && replay.isSpent() ? start : null;
}

/** One draw, once more; another length than was drawn is not the draw that we look for. */
function replayOf(octets: Uint8Array) {
  let drawn = 0;
  const random = {
    bytes(count: number): Uint8Array {
      if (count !== octets.length || drawn > 0) throw new OtherDraw();
      drawn++;
      return octets.slice();
    },
  };
  return { random, isSpent: () => drawn === 1 };
}

class OtherDraw extends Error {}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof OtherDraw) return null;
    throw error;
  }
}

function found<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`no such ${what}`);
  return value;
}

export const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
