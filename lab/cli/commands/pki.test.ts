import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { main } from '../main.ts';
import { createTerminal, type Standard, type Terminal } from '../terminal.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lab-pki-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Runs `lab pki …` in a directory of the scratch one. */
async function pki(dir: string, ...args: string[]) {
  const [data, notes] = [[] as string[], [] as string[]];
  const silent: Standard = { isTTY: false, stream: () => process.stdout };
  const terminal: Terminal = {
    ...createTerminal(silent, silent, {}),
    data: line => void data.push(line),
    note: line => void notes.push(line),
  };
  const status = await main(['pki', ...args, '--dir', join(scratch, dir)], terminal);
  return { status, data, notes };
}

const file = (dir: string, name: string) => join(scratch, dir, name);
const openssl = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};
const jsonOf = (data: readonly string[]): unknown => JSON.parse(data.join(''));

describe('a CA, an intermediate, certificates', () => {
  test('are made step by step', async () => {
    const steps = [
      ['ca', 'charles', '--subject', 'CN=Charles CA, O=Lab', '--key', 'ecdsa384'],
      ['intermediate', 'branch', '--ca', 'charles', '--path-length', '0', '--permit', 'dns:lab', 'ip:10.0.0.0/8'],
      ['issue', 'alice', '--ca', 'branch', '--alt', 'alice.lab', '10.0.0.1', '--ocsp', 'http://192.0.2.1/ocsp'],
      ['request', 'bob', '--subject', 'C=DE, O=Lab, CN=bob', '--alt', 'bob.lab', '--key', 'ed25519'],
      ['issue', 'bob', '--ca', 'branch', '--request', 'bob', '--days', '30'],
    ];
    for (const step of steps) expect(await pki('site', ...step)).toMatchObject({ status: 0, notes: [] });
  });

  test('are files of their owner, keys for nobody else, and nothing besides', () => {
    expect(readdirSync(join(scratch, 'site'))).toEqual([
      'alice.crt.pem',
      'alice.key.pem',
      'bob.crt.pem',
      'bob.csr.pem',
      'bob.key.pem',
      'branch.crt.pem',
      'branch.key.pem',
      'branch.ledger.json',
      'charles.crt.pem',
      'charles.key.pem',
      'charles.ledger.json',
    ]);
    for (const name of ['alice', 'bob', 'branch', 'charles']) {
      expect(statSync(file('site', `${name}.key.pem`)).mode & 0o777).toBe(0o600);
    }
  });

  test('are believed', async () => {
    const verified = await pki('site', 'verify', 'alice', '--identity', 'alice.lab');
    expect(verified).toEqual({
      status: 0,
      data: ['✓ CN=alice <- CN=branch <- CN=Charles CA,O=Lab'],
      notes: ['no CRL at hand says that none of them is revoked'],
    });
  });

  test('and for whom they are not, they do not do', async () => {
    expect(await pki('site', 'verify', 'alice', '--identity', 'bob.lab')).toMatchObject({
      status: 1,
      data: ['✗ CN=alice is not certified to be bob.lab'],
    });
    expect(await pki('site', 'verify', 'bob', '--at', '2099-01-01')).toMatchObject({
      status: 1,
      data: [expect.stringMatching(/^✗ "CN=bob,O=Lab,C=DE" has expired: it was valid until /)],
    });
  });

  test.skipIf(!hasOpenssl)('openssl believes them too (needs openssl: apt-get install openssl)', () => {
    const [root, leaf] = [file('site', 'charles.crt.pem'), file('site', 'alice.crt.pem')];
    expect(openssl('verify', '-x509_strict', '-CAfile', root, '-untrusted', leaf, leaf).status).toBe(0);
    expect(openssl('pkey', '-in', file('site', 'alice.key.pem'), '-noout', '-check').output).toMatch(/valid/);
  });

  test('show says what they say, and nothing of a private key', async () => {
    const { data } = await pki('site', 'show', 'alice');
    expect(data.join('\n')).toMatch(/certificate\n {2}subject +CN=alice\n {2}issuer +CN=branch\n/);
    expect(data.join('\n')).toMatch(/names +DNS:alice\.lab\n +IP:10\.0\.0\.1\n/);
    expect(data.join('\n')).toMatch(/OCSP at +http:\/\/192\.0\.2\.1\/ocsp\n/);
    const key = await pki('site', 'show', file('site', 'alice.key.pem'), '--json');
    expect(jsonOf(key.data)).toEqual([
      { kind: 'private key', key: 'ecdsa, 256 bits', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const secret = readFileSync(file('site', 'alice.key.pem'), 'utf8').split('\n')[1] ?? '';
    expect(key.data.join()).not.toContain(secret.slice(0, 20));
  });

  test('and where the clock is that of the simulator, if they are made for it', async () => {
    const life = ['--not-before', 'simulated', '--days', '1000'];
    expect(await pki('early', 'ca', 'charles', ...life)).toMatchObject({ status: 0 });
    expect(await pki('early', 'issue', 'alice', '--ca', 'charles', '--not-before', '2026-02-01')).toMatchObject({
      status: 0,
    });
    expect(await pki('early', 'crl', 'charles', '--at', 'simulated', '--days', '90')).toMatchObject({ status: 0 });
    const at = (time: string) => pki('early', 'verify', 'alice', '--revocation', 'strict', '--at', time);
    expect(await at('2026-02-01')).toMatchObject({ status: 0 });
    expect(await at('simulated')).toMatchObject({ status: 1, data: [expect.stringMatching(/not valid before/)] });
    const { data } = await pki('early', 'show', 'charles');
    expect(data.join('\n')).toMatch(/valid from +2026-01-01.00:00:00/);
    expect(await pki('early', 'issue', 'bob', '--ca', 'charles', '--not-before', 'yesterday')).toMatchObject({
      status: 2,
      notes: [expect.stringMatching(/"yesterday" is no time/), expect.stringMatching(/"simulated"/)],
    });
  });

  test('list names them all', async () => {
    expect(jsonOf((await pki('site', 'list', '--json')).data)).toMatchObject([
      { name: 'alice', what: 'certificate', state: 'good', hasKey: true },
      { name: 'bob', what: 'certificate', subject: 'CN=bob,O=Lab,C=DE', key: 'ed25519' },
      { name: 'branch', what: 'CA' },
      { name: 'charles', what: 'root CA', key: 'ecdsa, 384 bits' },
    ]);
    const { data } = await pki('site', 'list');
    expect(data[0]).toMatch(/^NAME +WHAT +SUBJECT +KEY +VALID UNTIL +STATE$/);
  });

  test.each([
    [['ca', 'charles'], /charles\.key\.pem is there already\n.*--force/],
    [['issue', 'carol', '--ca', 'branch', '--alt', 'carol.evil'], /does not allow DNS:carol\.evil below it/],
    [
      ['issue', 'carol', '--ca', 'branch', '--days', '5000'],
      /the validity ends after that of the CA\n.*--days 182[45] at most/,
    ],
    [['intermediate', 'leaf', '--ca', 'branch'], /allows no CA below it/],
    [['issue', 'carol', '--ca', 'charly'], /there is no CA charly.*\n.*did you mean "charles"/],
    [['issue', 'carol', '--ca', 'alice'], /alice is not a CA/],
    [['issue', 'carol', '--ca', 'charles', '--subject', 'carol'], /is not a distinguished name/],
    [['issue', 'carol', '--ca', 'charles', '--alt', '*.lab'], /is no name for a certificate/],
    [['issue', 'carol', '--ca', 'charles', '--sign', 'rsa-sha256'], /a key of ecdsa does not sign by rsa-pkcs1/],
    [['issue', 'carol', '--ca', 'charles', '--sign', 'ecdsa-sha1'], /SHA-1/],
    [['issue', '../carol', '--ca', 'charles'], /cannot be a name/],
    [['key', 'carol', '--key', 'rsa512'], /Allowed choices/],
    [['revoke', 'carol', '--ca', 'charles'], /charles has not issued carol/],
    [['show', 'carol'], /nothing of that name/],
    [['isue', 'carol'], /unknown command 'isue'\n.*issue/],
  ])('%j is refused, and nothing is written', async (args, message) => {
    const before = readdirSync(join(scratch, 'site'));
    const { status, data, notes } = await pki('site', ...args);
    expect({ status, data }).toEqual({ status: 2, data: [] });
    expect(notes.join('\n')).toMatch(message);
    expect(readdirSync(join(scratch, 'site'))).toEqual(before);
  });

  test('a request that is not by its own key is refused', async () => {
    const text = readFileSync(file('site', 'bob.csr.pem'), 'utf8');
    const der = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
    der[der.length - 5] = (der[der.length - 5] ?? 0) ^ 1;
    const forged = file('site', '../forged.pem');
    writeFileSync(forged, text.replace(/\n[^-]+\n/, `\n${der.toString('base64')}\n`));
    const { status, notes } = await pki('site', 'issue', 'mallory', '--ca', 'branch', '--request', forged);
    expect({ status, said: notes.join() }).toEqual({ status: 2, said: expect.stringMatching(/is not by its own key/) });
  });
});

describe('revocation', () => {
  test('is noted, and published', async () => {
    await pki('old', 'ca', 'charles');
    await pki('old', 'issue', 'alice', '--ca', 'charles');
    await pki('old', 'issue', 'bob', '--ca', 'charles');
    await pki('old', 'issue', 'responder', '--ca', 'charles', '--ocsp-signing');
    const revoked = await pki('old', 'revoke', 'alice', '--ca', 'charles', '--reason', 'keyCompromise');
    expect(revoked).toMatchObject({ status: 0, notes: ['publish it: lab pki crl charles'] });
    expect((await pki('old', 'crl', 'charles')).status).toBe(0);
  });

  test('is seen by whoever looks at the list', async () => {
    expect(await pki('old', 'verify', 'alice')).toMatchObject({
      status: 1,
      data: [expect.stringMatching(/was revoked at .*\(keyCompromise\)/)],
    });
    expect(await pki('old', 'verify', 'bob', '--revocation', 'strict')).toMatchObject({ status: 0, notes: [] });
    expect(jsonOf((await pki('old', 'list', '--json')).data)).toMatchObject([
      { name: 'alice', state: 'revoked' },
      { name: 'bob', state: 'good' },
      {},
      {},
    ]);
  });

  test('is not done twice', async () => {
    const again = await pki('old', 'revoke', 'alice', '--ca', 'charles');
    expect({ status: again.status, said: again.notes.join() }).toEqual({
      status: 2,
      said: expect.stringMatching(/revoked already/),
    });
  });

  test('each list has a number of its own', async () => {
    expect((await pki('old', 'crl', 'charles', '--json')).data.join()).toMatch(/"number":"2"/);
  });

  test.skipIf(!hasOpenssl)(
    'openssl asks by OCSP, and reads the list (needs openssl: apt-get install openssl)',
    async () => {
      const [ca, alice, bob] = ['charles', 'alice', 'bob'].map(name => file('old', `${name}.crt.pem`));
      const [request, response] = [file('old', '../request.der'), file('old', '../response.der')];
      if (ca === undefined || alice === undefined || bob === undefined) throw new Error('no certificates');
      openssl('ocsp', '-issuer', ca, '-cert', alice, '-cert', bob, '-reqout', request);
      for (const signer of [[], ['--signer', 'responder']]) {
        const answered = await pki('old', 'ocsp', 'charles', '--request', request, '--out', response, ...signer);
        expect(answered.data).toEqual([expect.stringMatching(/ revoked$/), expect.stringMatching(/ good$/)]);
        const { output } = openssl(
          'ocsp',
          '-no_nonce',
          '-issuer',
          ca,
          '-cert',
          alice,
          '-cert',
          bob,
          '-reqin',
          request,
          '-respin',
          response,
          '-CAfile',
          ca,
        );
        expect(output).toMatch(/alice\.crt\.pem: revoked[^]*bob\.crt\.pem: good[^]*Response verify OK/);
      }
      const list = file('old', 'charles.crl.pem');
      expect(openssl('verify', '-crl_check', '-CRLfile', list, '-CAfile', ca, alice).output).toMatch(
        /certificate revoked/,
      );
      expect(openssl('verify', '-crl_check', '-CRLfile', list, '-CAfile', ca, bob).status).toBe(0);
    },
  );
});

describe('what ikecert certlocal -ks did', () => {
  test('a self-signed key pair, to be given to the peer', async () => {
    const subject = 'C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN';
    expect((await pki('own', 'self-signed', 'alice', '--key', 'rsa2048', '--subject', subject)).status).toBe(0);
    expect(await pki('own', 'verify', 'alice')).toMatchObject({
      status: 1,
      data: [expect.stringMatching(/nothing trusted has issued/)],
    });
    const trusted = await pki('own', 'verify', 'alice', '--trust', 'alice', '--identity', subject);
    expect(trusted).toMatchObject({
      status: 0,
      data: ['✓ CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US'],
    });
  });

  test('--force makes it anew', async () => {
    const before = readFileSync(file('own', 'alice.crt.pem'), 'utf8');
    expect((await pki('own', 'self-signed', 'alice', '--force')).status).toBe(0);
    expect(readFileSync(file('own', 'alice.crt.pem'), 'utf8')).not.toBe(before);
  });

  test('a key without a certificate', async () => {
    const made = await pki('own', 'key', 'carol', '--key', 'ed25519', '--json');
    expect(jsonOf(made.data)).toMatchObject({
      files: [file('own', 'carol.key.pem'), file('own', 'carol.pub.pem')],
      key: 'ed25519',
    });
  });
});
