import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { keyExchange } from './key-exchange-table.ts';
import { verify } from './sign.ts';
import { publicKey } from './signature.ts';
import { scheme } from './signature-scheme.ts';
import { drawnFor, randomOf } from './testing/random.ts';

/** Cases that have broken implementations, as Wycheproof has collected them; `null`: it has to be refused. */
interface Wycheproof {
  readonly keyExchange: readonly {
    readonly token: string;
    readonly tcId: number;
    readonly comment: string;
    readonly public: string;
    readonly private: string;
    readonly shared: string | null;
  }[];
  readonly publicKeys: readonly string[];
  readonly signatures: readonly {
    readonly scheme: string;
    readonly tcId: number;
    readonly comment: string;
    readonly key: number;
    readonly message: string;
    readonly signature: string;
    readonly valid: boolean;
  }[];
  readonly mlKem: readonly KemCase[];
}

type KemCase = { readonly token: string; readonly tcId: number } & (
  | { readonly kind: 'keygen'; readonly seed: string; readonly ekSha256: string }
  | { readonly kind: 'decaps'; readonly seed: string; readonly c: string; readonly K: string | null }
  | {
      readonly kind: 'encaps';
      readonly m: string;
      readonly ek: string;
      readonly cSha256: string | null;
      readonly K: string | null;
    }
);

const CASES = JSON.parse(readFileSync(new URL('testing/wycheproof.json', import.meta.url), 'utf8')) as Wycheproof;
const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

test.each(CASES.keyExchange)('$token, case $tcId: $comment', ({ token, public: peer, private: secret, shared }) => {
  const method = must(keyExchange(token));
  const random = randomOf(method.kind === 'curve' ? secret : drawnFor(secret));
  const answer = method.respond(fromHex(peer), random);
  expect(answer.kind === 'shared' ? toHex(answer.secret) : null).toBe(shared);
});

test.each(CASES.signatures)('$scheme, case $tcId: $comment', one => {
  const key = publicKey(fromHex(must(CASES.publicKeys[one.key])));
  const isGood = key !== null && verify(key, must(scheme(one.scheme)), fromHex(one.message), fromHex(one.signature));
  expect(isGood).toBe(one.valid);
});

/** Hashes stand for what is long. */
function kemOutcome(one: KemCase): readonly (string | null)[] {
  const method = must(keyExchange(one.token));
  if (one.kind === 'encaps') {
    const answer = method.respond(fromHex(one.ek), randomOf(one.m));
    return answer.kind === 'shared' ? [sha256(answer.data), toHex(answer.secret)] : [null, null];
  }
  const start = method.begin(randomOf(one.seed));
  if (one.kind === 'keygen') return [sha256(start.data)];
  const result = start.finish(fromHex(one.c));
  return [result.kind === 'shared' ? toHex(result.secret) : null];
}

function kemExpected(one: KemCase): readonly (string | null)[] {
  if (one.kind === 'encaps') return [one.cSha256, one.K];
  return [one.kind === 'keygen' ? one.ekSha256 : one.K];
}

test.each(CASES.mlKem)('$token $kind, case $tcId', one => {
  expect(kemOutcome(one)).toEqual(kemExpected(one));
});
