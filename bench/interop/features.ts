import { either, from, type InteropCase, SITES } from './case.ts';

const SUITE = 'aes256gcm16-prfsha384';
const PPK = 'ppk: { id: ours, key: "${secrets.ppk}" }';
/** For who is to notice soon that the other end is gone. */
const WATCHFUL = ['liveness: 1s', 'mobike: false', 'retransmission: { first: 500ms, sends: 4 }'];
const CHARON_WATCHFUL = 'retransmit_tries = 2\nretransmit_timeout = 0.5';
const LARGE = { kind: 'certificate', key: 'rsa4096', chain: 'intermediate' } as const;

/** What the two can do together besides their algorithms. */
export function featureCases(): InteropCase[] {
  return [...paths(), ...messages(), ...selectors(), ...lifetimes(), ...failures(), ...addresses()];
}

function paths(): InteropCase[] {
  return [
    ...either('outer IPv6', 'IPv6 outer', { path: 'v6' }),
    from('engine', 'alice behind a NAT', 'NAT-T', { path: 'alice behind a NAT' }),
    from('strongswan', 'bob behind a NAT', 'NAT-T', { path: 'bob behind a NAT' }),
    from('engine', 'alice behind a NAT that forgets', 'NAT-T', {
      path: 'alice behind a NAT',
      play: 'mapping changes',
      alice: ['liveness: 1s'],
    }),
    from('strongswan', 'bob behind a NAT that forgets', 'NAT-T', {
      path: 'bob behind a NAT',
      play: 'mapping changes',
      bob: ['liveness: 1s'],
    }),
    ...either('alice moves', 'MOBIKE', { play: 'alice moves', alice: ['liveness: 5s'] }),
    ...either('bob moves', 'MOBIKE', { play: 'bob moves' }),
  ];
}

function messages(): InteropCase[] {
  return [
    ...either('large certificates', 'fragmentation', { authentication: LARGE, alice: ['fragment-size: 600'] }),
    ...either('always in fragments', 'fragmentation', {
      authentication: { kind: 'certificate', key: 'rsa3072', chain: 'root' },
      alice: ['fragmentation: always', 'fragment-size: 600'],
      bob: ['fragmentation: always'],
      charon: 'fragment_size = 600',
    }),
    from('engine', 'another group guessed first', 'INVALID_KE', {
      ike: { alice: `${SUITE}-ecp384-x25519`, bob: `${SUITE}-x25519` },
    }),
    from('strongswan', 'another group guessed first', 'INVALID_KE', {
      ike: { alice: `${SUITE}-x25519`, bob: `${SUITE}-ecp384-x25519` },
    }),
    from('engine', 'a cookie asked for', 'cookies', {
      charon: 'cookie_threshold = 1',
      alice: ['retransmission: { first: 500ms }'],
      play: 'cookie of bob',
    }),
    from('strongswan', 'a cookie asked for', 'cookies', { alice: ['limits: { cookies-from: 0 }'] }),
    ...either('a PPK', 'PPK', { alice: [PPK], bob: [PPK] }),
    from('engine', 'no child in IKE_AUTH', 'childless', { alice: ['childless: force'], bob: ['childless: force'] }),
    from('strongswan', 'no child in IKE_AUTH', 'childless', { alice: ['childless: force'], bob: ['childless: force'] }),
  ];
}

function selectors(): InteropCase[] {
  const second = { alice: '10.0.2.0/24', bob: '10.0.3.0/24', aliceSays: '10.0.3.0/24', bobSays: '10.0.2.0/24' };
  return [
    ...either('alice wants more', 'narrowing', { networks: [{ ...SITES, aliceSays: '10.0.0.0/16' }] }),
    ...either('bob wants more', 'narrowing', { networks: [{ ...SITES, bobSays: '10.0.0.0/16' }] }),
    ...either('two children', 'several children', { networks: [SITES, second], children: 2 }),
    ...either('two children with PFS', 'several children', {
      networks: [SITES, second],
      children: 2,
      pfs: 'ecp256',
    }),
  ];
}

function lifetimes(): InteropCase[] {
  return [
    ...either('both prove anew', 'reauthentication', {
      play: 'reauthenticates',
      authentication: { kind: 'certificate', key: 'ecdsa256', chain: 'root' },
      alice: ['lifetime: { make-before-break: true }'],
      charon: 'make_before_break = yes',
    }),
    ...either('a stream by TCP', 'traffic', { play: 'tcp' }),
  ];
}

function failures(): InteropCase[] {
  return [
    ...either('bob crashes', 'liveness', { play: 'crash of bob', alice: WATCHFUL }),
    ...either('bob stands still', 'liveness', {
      play: 'bob stops',
      alice: WATCHFUL,
      bob: ['liveness: 1s'],
      charon: CHARON_WATCHFUL,
    }),
    ...either('alice crashes', 'liveness', {
      play: 'crash of alice',
      bob: ['liveness: 1s'],
      charon: CHARON_WATCHFUL,
    }),
  ];
}

function addresses(): InteropCase[] {
  return [
    from('engine', 'an address for alice', 'virtual addresses', { play: 'address for alice' }),
    from('strongswan', 'an address for bob', 'virtual addresses', { play: 'address for bob' }),
  ];
}
