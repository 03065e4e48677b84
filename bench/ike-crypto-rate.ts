import { generateKeyPair } from '../engine/crypto/generate-key.ts';
import type { KeyExchangeMethod } from '../engine/crypto/key-exchange.ts';
import { keyExchanges } from '../engine/crypto/key-exchange-table.ts';
import type { Random } from '../engine/crypto/random.ts';
import { sign, verify } from '../engine/crypto/sign.ts';
import type { KeyKind, PrivateKey, SignatureScheme } from '../engine/crypto/signature.ts';
import { schemes, schemeToken } from '../engine/crypto/signature-scheme.ts';
import { createSystemRandom } from '../engine/host/system-random.ts';

/** Milliseconds of one key exchange, medians: the initiator's half, all that the responder does, the initiator's end. */
export interface KeyExchangeRate {
  readonly token: string;
  readonly beginMs: number;
  readonly respondMs: number;
  readonly finishMs: number;
}

/** Milliseconds of one signature, medians; of RSA with each length of key. */
export interface SignatureRate {
  readonly key: string;
  readonly scheme: string;
  readonly signMs: number;
  readonly verifyMs: number;
}

/** Of all that this machine has and nobody refuses. */
export function measureKeyExchanges(rounds: number): KeyExchangeRate[] {
  const random = createSystemRandom();
  return keyExchanges()
    .filter(({ unavailable }) => unavailable === null)
    .map(method => measureKeyExchange(method, random, rounds));
}

function measureKeyExchange(method: KeyExchangeMethod, random: Random, rounds: number): KeyExchangeRate {
  const [begins, responds, finishes]: [number[], number[], number[]] = [[], [], []];
  for (let round = -1; round < rounds; round++) {
    const [start, beginMs] = timed(() => method.begin(random));
    const [answer, respondMs] = timed(() => method.respond(start.data, random));
    if (answer.kind !== 'shared') throw new Error(`${method.token}: ${answer.why}`);
    const [result, finishMs] = timed(() => start.finish(answer.data));
    if (result.kind !== 'shared') throw new Error(`${method.token}: ${result.why}`);
    if (round < 0) continue; // what it compiles is not counted
    begins.push(beginMs);
    responds.push(respondMs);
    finishes.push(finishMs);
  }
  return {
    token: method.token,
    beginMs: median(begins),
    respondMs: median(responds),
    finishMs: median(finishes),
  };
}

const KINDS: readonly KeyKind[] = [
  'rsa2048',
  'rsa3072',
  'rsa4096',
  'ecdsa256',
  'ecdsa384',
  'ecdsa521',
  'ed25519',
  'ed448',
];

/** Each kind of key with the scheme that suits it. */
export function measureSignatures(rounds: number): SignatureRate[] {
  const random = createSystemRandom();
  return KINDS.map(kind => {
    const key = generateKeyPair(kind, random);
    return { key: kind, ...measureSignature(key, schemeFor(key), random, rounds) };
  });
}

/** The strongest habits stand first. */
function schemeFor({ public: { algorithm, bits } }: PrivateKey): SignatureScheme {
  const hash = bits === 384 ? 'sha384' : bits === 521 ? 'sha512' : 'sha256';
  const found = schemes().find(one => {
    if (!('hash' in one)) return one.kind === algorithm;
    return one.kind === (algorithm === 'rsa' ? 'rsa-pss' : algorithm) && one.hash === hash;
  });
  if (found === undefined) throw new Error(`no scheme for ${algorithm}`);
  return found;
}

function measureSignature(
  key: PrivateKey,
  scheme: SignatureScheme,
  random: Random,
  rounds: number,
): Pick<SignatureRate, 'scheme' | 'signMs' | 'verifyMs'> {
  const [signs, verifies]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    const data = random.bytes(500); // about as long as what AUTH signs
    const [signature, signMs] = timed(() => sign(key, scheme, data, random));
    const [isGood, verifyMs] = timed(() => verify(key.public, scheme, data, signature));
    if (!isGood) throw new Error(`${schemeToken(scheme)} does not verify`);
    if (round < 0) continue;
    signs.push(signMs);
    verifies.push(verifyMs);
  }
  return { scheme: schemeToken(scheme), signMs: median(signs), verifyMs: median(verifies) };
}

function timed<T>(work: () => T): [T, number] {
  const began = process.hrtime.bigint();
  const result = work();
  return [result, Number(process.hrtime.bigint() - began) / 1e6];
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}
