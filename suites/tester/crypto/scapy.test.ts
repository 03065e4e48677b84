import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { openAh, sealAh } from '../ah.ts';
import { openEsp, sealEsp } from '../esp.ts';
import { packet, udp } from '../ip.ts';
import { espTransform } from './esp-transform.ts';
import { integrityTransform } from './integrity-transform.ts';

/** What the tester seals, scapy opens, and the other way round. */
const PYTHON = '/usr/bin/python3';
const available = spawnSync(PYTHON, ['-c', 'import scapy.layers.ipsec, cryptography']).status === 0;
const NEEDS = '(needs scapy: apt-get install python3-scapy python3-cryptography)';

/** Opens each packet and seals what was inside again. */
const PEER = `
import json, sys
from scapy.all import IP, IPv6, raw, conf
from scapy.layers.ipsec import SecurityAssociation, ESP, AH
for line in sys.stdin:
    q = json.loads(line)
    sa = SecurityAssociation(AH if q['protocol'] == 'ah' else ESP, spi=q['spi'], seq_num=q['sequence'] + 1,
        crypt_algo=q.get('crypt'), crypt_key=bytes.fromhex(q['encryptionKey']) or None,
        auth_algo=q.get('auth'), auth_key=bytes.fromhex(q['integrityKey']) or None)
    packet = (IPv6 if q['family'] == 6 else IP)(bytes.fromhex(q['packet']))
    opened = sa.decrypt(packet)
    print(json.dumps({'opened': raw(opened).hex(), 'sealed': raw(sa.encrypt(opened)).hex()}))
`;

const CRYPT = { cbc: 'AES-CBC', gcm: 'AES-GCM', ccm: 'AES-CCM', ctr: 'AES-CTR', chacha: 'CHACHA20-POLY1305' } as const;
const AUTH: Readonly<Record<string, string>> = {
  md5: 'HMAC-MD5-96',
  sha1: 'HMAC-SHA1-96',
  sha256: 'SHA2-256-128',
  sha384: 'SHA2-384-192',
  sha512: 'SHA2-512-256',
  aescmac: 'AES-CMAC-96',
};

interface Question {
  readonly protocol: 'esp' | 'ah';
  readonly family: 4 | 6;
  readonly spi: number;
  readonly sequence: number;
  readonly crypt?: string;
  readonly auth?: string;
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly packet: string;
}

function ask(questions: readonly Question[]): { readonly opened: string; readonly sealed: string }[] {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', PEER], {
    input: questions.map(question => JSON.stringify(question)).join('\n'),
    encoding: 'utf8',
  });
  const answers = stdout.trim().split('\n');
  if (answers.length !== questions.length) throw new Error(stderr);
  return answers.map(line => JSON.parse(line) as { opened: string; sealed: string });
}

const ENDS = {
  4: { source: '192.0.2.1', destination: '192.0.2.2' },
  6: { source: '2001:db8::1', destination: '2001:db8::2' },
} as const;
const inner = (family: 4 | 6, octets: number): Uint8Array =>
  udp({ ...ENDS[family], payload: new Uint8Array(octets).fill(7), hopLimit: 64, identification: 1 });
const keyFor = (octets: number): string =>
  Buffer.from(Uint8Array.from({ length: octets }, (_, index) => (index * 37 + 11) & 0xff)).toString('hex');

describe('ESP in transport mode', () => {
  const suites = [
    'aes128gcm16',
    'aes256gcm16',
    'aes128ccm16',
    'chacha20poly1305',
    ...['aes128', 'aes256', 'aes128ctr'].flatMap(name => Object.keys(AUTH).map(auth => `${name}-${auth}`)),
  ];

  test.skipIf(!available)(`${suites.length} suites over IPv4 and IPv6 ${NEEDS}`, () => {
    const trials = suites.flatMap(suite =>
      ([4, 6] as const).map(family => {
        const transform = espTransform(suite);
        if (transform === null) throw new Error(`no ${suite}`);
        const { cipher, integrity } = transform;
        const keys = {
          suite,
          spi: 0x1234,
          esn: false,
          encryptionKey: keyFor(cipher.keyOctets + cipher.saltOctets),
          integrityKey: integrity === null ? '' : keyFor(integrity.keyOctets),
        };
        const whole = inner(family, 50);
        const at = family === 4 ? 20 : 40;
        const esp = sealEsp({ keys, sequence: 77, nextHeader: 17, payload: whole.subarray(at) });
        const sealed = packet({ ...ENDS[family], identification: 1, protocol: 50, payload: esp });
        const question: Question = {
          ...keys,
          protocol: 'esp',
          family,
          sequence: 77,
          packet: Buffer.from(sealed).toString('hex'),
          crypt: CRYPT[cryptOf(suite)],
          ...(integrity === null ? {} : { auth: AUTH[suite.split('-')[1] ?? ''] ?? '' }),
        };
        return { suite, family, keys, whole, at, question };
      }),
    );
    for (const [index, { opened, sealed }] of ask(trials.map(({ question }) => question)).entries()) {
      const trial = trials[index];
      if (trial === undefined) throw new Error('more answers than questions');
      expect(opened, `${trial.suite} over IPv${trial.family}`).toBe(Buffer.from(trial.whole).toString('hex'));
      const theirs = openEsp(trial.keys, Buffer.from(sealed, 'hex').subarray(trial.at));
      expect(theirs, trial.suite).toMatchObject({ sequence: 78n, nextHeader: 17 });
      expect(Buffer.from(theirs?.payload ?? []).equals(trial.whole.subarray(trial.at)), trial.suite).toBe(true);
    }
  });
});

function cryptOf(suite: string): keyof typeof CRYPT {
  if (suite.startsWith('chacha')) return 'chacha';
  const found = (['gcm', 'ccm', 'ctr'] as const).find(mode => suite.includes(mode));
  return found ?? 'cbc';
}

test.skipIf(!available)(`AH in transport mode over IPv4 and IPv6 ${NEEDS}`, () => {
  const trials = Object.keys(AUTH).flatMap(suite =>
    ([4, 6] as const).map(family => {
      const integrityKey = keyFor(integrityTransform(suite)?.keyOctets ?? 0);
      const keys = { suite, spi: 0x4321, esn: false, encryptionKey: '', integrityKey };
      const whole = inner(family, 33);
      const sealed = sealAh({ keys, sequence: 5, ip: whole });
      const question: Question = {
        ...keys,
        protocol: 'ah',
        family,
        sequence: 5,
        packet: Buffer.from(sealed).toString('hex'),
        auth: AUTH[suite] ?? '',
      };
      return { suite, family, keys, whole, question };
    }),
  );
  for (const [index, { opened, sealed }] of ask(trials.map(({ question }) => question)).entries()) {
    const trial = trials[index];
    if (trial === undefined) throw new Error('more answers than questions');
    expect(opened, `${trial.suite} over IPv${trial.family}`).toBe(Buffer.from(trial.whole).toString('hex'));
    const theirs = openAh(trial.keys, Buffer.from(sealed, 'hex'));
    expect(theirs, `${trial.suite} over IPv${trial.family}`).toMatchObject({ icvOk: true, sequence: 6n });
  }
});
