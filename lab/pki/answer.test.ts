import { describe, expect, test } from 'vitest';
import { decodeCertificate } from '../../engine/pki/certificate.ts';
import { decodeCertificateList } from '../../engine/pki/crl.ts';
import { certIdOf, encodeOcspRequest, OCSP_REQUEST_TYPE } from '../../engine/pki/ocsp-request.ts';
import { decodeOcspResponse } from '../../engine/pki/ocsp-response.ts';
import { validatePath } from '../../engine/pki/validate.ts';
import { answerHttp, type HttpRequest } from './answer.ts';
import { publicationOf } from './credentials.ts';
import { makePki } from './make.ts';
import { withRevoked } from './publication.ts';
import { randomFor, START, withPki } from './testing/site.ts';

const site = withPki(`
pki:
  server: { node: internet }
  authorities: { root: {}, branch: { issuer: root } }
  certificates:
    alice: { issuer: branch }
    bob: { issuer: branch, revoked: key-compromise }
`);
const made = makePki(site, START, randomFor('1'));
const publication = made === null ? null : publicationOf(made);
if (made === null || publication === null) throw new Error('nothing is served');
const charles = publication;
const random = randomFor('1')('server');

const GET = { method: 'GET', contentType: null, body: new Uint8Array(0) };
const ask = (request: Partial<HttpRequest>, at = START, of = charles) =>
  answerHttp(of, { ...GET, path: '/', ...request }, at, random);

function certificate(name: string) {
  const found = made?.keys.get(name)?.certificate ?? made?.authorities.get(name)?.certificate;
  if (found === undefined || found === null) throw new Error(`no ${name}`);
  return found;
}

const keyOf = (url: string, body: Uint8Array | null) => `${url} ${Buffer.from(body ?? []).toString('hex')}`;

/** Validates as a daemon would, with this server for all its fetches; what was fetched, in order. */
function validate(name: string, at = START, of = charles) {
  const answers = new Map<string, Uint8Array | null>();
  for (let round = 0; round < 10; round++) {
    const result = validatePath({
      leaf: certificate(name),
      intermediates: [certificate('branch')],
      anchors: [certificate('root')],
      at,
      revocation: {
        policy: 'strict',
        crls: [],
        nonce: new Uint8Array(16).fill(9),
        fetched: (url, body) => answers.get(keyOf(url, body)),
      },
    });
    if (result.kind !== 'undecided') return { result, urls: [...answers.keys()].map(key => key.split(' ')[0]) };
    for (const { url, body, contentType } of result.fetches) {
      const method = body === null ? 'GET' : 'POST';
      const path = new URL(url).pathname;
      const response = ask({ method, path, contentType, body: body ?? new Uint8Array(0) }, at, of);
      answers.set(keyOf(url, body), response.status === 200 ? response.body : null);
    }
  }
  throw new Error('no end of fetches');
}

describe('a verifier that asks Charles', () => {
  test('learns by OCSP that a certificate is good', () => {
    const { result, urls } = validate('alice');
    expect(result).toMatchObject({ kind: 'valid', isRevocationKnown: true });
    expect(urls).toEqual([expect.stringMatching(/\/ocsp\/branch$/), expect.stringMatching(/\/ocsp\/root$/)]);
  });

  test('learns that one is revoked, and why', () => {
    expect(validate('bob').result).toMatchObject({
      kind: 'invalid',
      problem: { kind: 'revoked', reason: 'keyCompromise', at: START - 3600 },
    });
  });

  test('falls back to the list where OCSP has no answer', () => {
    const mute = { ...charles, authorities: charles.authorities.map(one => ({ ...one, answersOcsp: false })) };
    const { result, urls } = validate('alice', START, mute);
    expect(result).toMatchObject({ kind: 'valid', isRevocationKnown: true });
    expect(urls.filter(url => url?.endsWith('.crl'))).toHaveLength(2);
    expect(validate('bob', START, mute).result).toMatchObject({ problem: { kind: 'revoked' } });
  });

  test('learns of a revocation while the lab runs, by either way', () => {
    const later = withRevoked(charles, 'alice', START + 100, 'superseded');
    const mute = { ...later, authorities: later.authorities.map(one => ({ ...one, answersOcsp: false })) };
    expect(validate('alice', START + 50, later).result.kind).toBe('valid');
    expect(validate('alice', START + 101, later).result).toMatchObject({ problem: { kind: 'revoked' } });
    expect(validate('alice', START + 101, mute).result).toMatchObject({ problem: { kind: 'revoked' } });
  });
});

const listAt = (at: number) => decodeCertificateList(ask({ path: '/crl/branch.crl' }, at).body);

describe('documents', () => {
  test('a list says when the next one is due, and its number grows', () => {
    const [first, later] = [listAt(START + 1), listAt(START + 4000)];
    expect(first.thisUpdate).toBeLessThanOrEqual(START + 1);
    expect(first.nextUpdate).toBeGreaterThan(START + 3600);
    expect(Buffer.compare(first.number ?? Buffer.alloc(0), later.number ?? Buffer.alloc(0))).toBe(-1);
    expect(first.revoked.size).toBe(1);
  });

  test('certificates and bundles are what they were', () => {
    const { der } = certificate('alice');
    expect(ask({ path: '/certificates/alice.der' }).body).toEqual(der);
    expect(decodeCertificate(ask({ path: '/authorities/root.der' }).body)).toEqual(certificate('root'));
    expect(Buffer.from(ask({ path: '/bundles/alice.der' }).body).includes(Buffer.from(der))).toBe(true);
  });

  test('OCSP is answered to GET as well', () => {
    const request = encodeOcspRequest(certIdOf(certificate('alice'), certificate('branch')), null);
    const path = `/ocsp/branch/${encodeURIComponent(Buffer.from(request).toString('base64'))}`;
    expect(decodeOcspResponse(ask({ path }).body).answers).toMatchObject([{ status: 'good' }]);
  });

  test('of what it has not issued nothing is known', () => {
    const request = encodeOcspRequest(
      certIdOf({ ...certificate('alice'), serial: Uint8Array.of(7) }, certificate('branch')),
      null,
    );
    const asked = { method: 'POST', path: '/ocsp/branch', contentType: OCSP_REQUEST_TYPE, body: request };
    expect(decodeOcspResponse(ask(asked).body).answers).toMatchObject([{ status: 'unknown' }]);
  });

  test.each([
    ['/', 404],
    ['/crl/nobody.crl', 404],
    ['/crl/branch.der', 404],
    ['/crl/../branch.crl', 404],
    ['/certificates/alice.der/x', 404],
    ['/ocsp/nobody/AAAA', 404],
    ['/authorities/alice.der', 404],
  ])('%s is answered %i', (path, status) => {
    expect(ask({ path }).status).toBe(status);
  });

  test('what is no request is refused in the words of HTTP and of OCSP', () => {
    expect(ask({ method: 'DELETE' }).status).toBe(405);
    expect(ask({ method: 'POST', path: '/crl/branch.crl' }).status).toBe(405);
    expect(ask({ method: 'POST', path: '/ocsp/branch', contentType: 'text/plain' }).status).toBe(415);
    expect(ask({ method: 'POST', path: '/ocsp/branch', body: new Uint8Array(20_000) }).status).toBe(413);
    const broken = { method: 'POST', path: '/ocsp/branch', contentType: OCSP_REQUEST_TYPE, body: Uint8Array.of(1, 2) };
    expect(Buffer.from(ask(broken).body).toString('hex')).toBe('30030a0101'); // malformedRequest
  });

  test('the same question has the same answer', () => {
    expect(ask({ path: '/crl/branch.crl' })).toEqual(ask({ path: '/crl/branch.crl' }));
  });
});
