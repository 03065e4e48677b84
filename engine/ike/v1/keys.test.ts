import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { createSeeded } from '../../ipsec/testing/seeded.ts';
import { cipherKeyOf, cipherOf, firstIv, isakmpKeys, phase2Iv } from './keys.ts';
import { proofHash } from './proof.ts';
import type { IsakmpSuite } from './suite.ts';

const hasPython = spawnSync('/usr/bin/python3', ['-c', 'import hmac']).status === 0;

/** RFC 2409 §5 and App. B once more, by somebody else's HMAC, from the text of the RFC alone. */
const PYTHON = `
import hashlib, hmac, json, sys
def run(case):
    h = lambda data: hashlib.new(case['hash'], data).digest()
    prf = lambda key, data: hmac.new(key, data, case['hash']).digest()
    g = {k: bytes.fromhex(v) for k, v in case['octets'].items()}
    nonces = g['ni'] + g['nr']
    skeyid = prf(g['secret'], nonces) if case['psk'] else prf(nonces, g['gxy'])
    tail = g['gxy'] + g['cki'] + g['ckr']
    d = prf(skeyid, tail + b'\\x00')
    a = prf(skeyid, d + tail + b'\\x01')
    e = prf(skeyid, a + tail + b'\\x02')
    key = e
    if len(e) < case['keyOctets']:
        block = prf(e, b'\\x00')
        key = block
        while len(key) < case['keyOctets']:
            block = prf(e, block)
            key += block
    hash_i = prf(skeyid, g['gxi'] + g['gxr'] + g['cki'] + g['ckr'] + g['sai'] + g['idi'])
    hash_r = prf(skeyid, g['gxr'] + g['gxi'] + g['ckr'] + g['cki'] + g['sai'] + g['idi'])
    iv = h(g['gxi'] + g['gxr'])[:case['blockOctets']]
    iv2 = h(iv + (0x0a0b0c0d).to_bytes(4, 'big'))[:case['blockOctets']]
    parts = [skeyid, d, a, key[:case['keyOctets']], hash_i, hash_r, iv, iv2]
    return [part.hex() for part in parts]
print(json.dumps([run(case) for case in json.load(sys.stdin)]))
`;

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const CASES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'].flatMap(hash =>
  ['aes128', 'aes192', 'aes256', '3des'].flatMap(encryption =>
    (['psk', 'signature'] as const).map(method => ({ hash, encryption, method })),
  ),
);

/** What one case is made of, the same in every run. */
function material({ hash, encryption, method }: (typeof CASES)[number]) {
  const random = createSeeded(`${hash} ${encryption} ${method}`);
  const octets = {
    secret: random.bytes(11),
    ni: random.bytes(16),
    nr: random.bytes(20),
    gxy: random.bytes(128),
    gxi: random.bytes(128),
    gxr: random.bytes(128),
    cki: random.bytes(8),
    ckr: random.bytes(8),
    sai: random.bytes(52),
    idi: Buffer.from('01000000c0000201', 'hex'),
  };
  const suite: IsakmpSuite = {
    encryption,
    hash,
    method,
    keyExchange: 'modp1024',
    methodNumber: method === 'psk' ? 1 : 3,
    lifeSeconds: null,
    lifeKilobytes: null,
  };
  return { suite, octets };
}

describe.skipIf(!hasPython)('what Python makes of RFC 2409 (needs python3: apt-get install python3)', () => {
  test('SKEYID and what comes of it, keys of ciphers, HASH_I and HASH_R, IVs', () => {
    const all = CASES.map(material);
    const input = all.map(({ suite, octets }) => ({
      hash: suite.hash,
      psk: suite.method === 'psk',
      keyOctets: cipherOf(suite).keyOctets,
      blockOctets: cipherOf(suite).blockOctets,
      octets: Object.fromEntries(Object.entries(octets).map(([name, value]) => [name, hex(value)])),
    }));
    const python = execFileSync('/usr/bin/python3', ['-c', PYTHON], { input: JSON.stringify(input), encoding: 'utf8' });
    expect(all.map(ours)).toEqual(JSON.parse(python));
  });
});

function ours({ suite, octets: g }: ReturnType<typeof material>): string[] {
  const cookies = { initiatorCookie: hex(g.cki), responderCookie: hex(g.ckr) };
  const secret = suite.method === 'psk' ? g.secret : null;
  const keys = isakmpKeys(suite, {
    shared: g.gxy,
    ...cookies,
    initiatorNonce: g.ni,
    responderNonce: g.nr,
    secret,
  });
  if (keys === null) throw new Error('a weak key');
  const proof = { offer: g.sai, initiatorKe: g.gxi, responderKe: g.gxr };
  const identity = { idType: 1, protocol: 0, port: 0, data: g.idi.subarray(4) };
  const hashes = (['initiator', 'responder'] as const).map(prover =>
    proofHash(prover, cookies, suite, keys.skeyid, proof, identity),
  );
  const iv = firstIv(suite, g.gxi, g.gxr);
  return [keys.skeyid, keys.skeyidD, keys.skeyidA, keys.cipherKey, ...hashes, iv, phase2Iv(suite, iv, 0x0a0b0c0d)].map(
    hex,
  );
}

describe('keys of DES, RFC 2409 App. B', () => {
  const des = cipherOf({ encryption: 'des' });
  const sha1 = prf('prfsha1');
  if (sha1 === null) throw new Error('no prfsha1');

  test('are the first 8 octets that are no weak key', () => {
    const weak = Buffer.from('0101010101010101', 'hex');
    const strong = Buffer.from('0123456789abcdef', 'hex');
    expect(hex(cipherKeyOf(des, sha1, Buffer.concat([weak, strong])) ?? weak)).toBe('0123456789abcdef');
  });

  test('are none at all where all of them are weak', () => {
    expect(cipherKeyOf(des, sha1, Buffer.from('0101010101010101fefefefefefefefe', 'hex'))).toBeNull();
  });
});
