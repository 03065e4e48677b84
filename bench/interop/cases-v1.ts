import { type Authentication, either, from, type InteropCase, type Play, SITES } from './case.ts';

/** RFC 2409, appendix A, with what came after; what only a friend of old equipment wants is `legacy` in the topology. */
const CIPHERS = ['aes128', 'aes192', 'aes256', '3des', 'des', 'blowfish', 'cast'];
const HASHES = ['sha256', 'sha384', 'sha512', 'sha1', 'md5'];
const GROUPS = [
  'modp2048',
  'modp3072',
  'modp4096',
  'modp6144',
  'modp8192',
  'ecp256',
  'ecp384',
  'ecp521',
  'modp1536',
  'modp1024',
  'modp768',
];
const ESP = [
  'aes128gcm16',
  'aes192gcm12',
  'aes256gcm8',
  'aes128ccm16',
  'aes256ccm8',
  ...['aes128', 'aes192', 'aes256', 'aes128ctr', '3des', 'des', 'blowfish', 'cast', 'null'].map(
    (cipher, index) => `${cipher}-${['sha256', 'sha384', 'sha512', 'sha1', 'md5', 'aesxcbc'][index % 6]}`,
  ),
];
const SUITE = 'aes256-sha256-modp2048';
const AGGRESSIVE = ['mode: aggressive', 'accepts: aggressive'];
/** For who is to notice soon that the other end is gone. */
const WATCHFUL = ['liveness: 1s', 'liveness-timeout: 3s', 'retransmission: { first: 500ms, sends: 4 }'];
const CHARON_WATCHFUL = 'retransmit_tries = 2\nretransmit_timeout = 0.5';
const ASKED = ['xauth: { user: ann, password: "${secrets.other}" }'];
const ASKS = ['xauth: { users: { ben: "${secrets.both}", ann: "${secrets.other}" } }'];
const CERTIFICATE = { kind: 'certificate', key: 'rsa2048', chain: 'root' } as const;

/**
 * IKEv1 with strongSwan, in an order that never changes: every cipher, hash and group that both have in an ISAKMP SA and in a
 * Child SA, both modes with each kind of authentication, and what else the two can do together; each begun by either side.
 */
export function v1Cases(): InteropCase[] {
  return [...suites(), ...authentications(), ...paths(), ...users(), ...messages(), ...lifetimes(), ...failures()].map(
    one => ({ ...one, alice: ['version: 1', ...one.alice], bob: ['version: 1', ...one.bob] }),
  );
}

type Changes = Partial<InteropCase>;

const v1 = (name: string, group: string, changes: Changes): InteropCase[] =>
  either(`IKEv1: ${name}`, `IKEv1 ${group}`, asV1(changes));

function asV1(changes: Changes): Changes {
  return { ike: { alice: SUITE, bob: SUITE }, esp: 'aes128-sha256', ...changes };
}

const v1From = (initiator: InteropCase['initiator'], name: string, group: string, changes: Changes): InteropCase =>
  from(initiator, `IKEv1: ${name}`, `IKEv1 ${group}`, asV1(changes));

/** Each algorithm at least once on either layer: the lists walk side by side, each at its own length. */
function suites(): InteropCase[] {
  const inPhase1 = GROUPS.map((group, index) =>
    [at(CIPHERS, index), at(HASHES, index + Math.floor(index / 5)), group].join('-'),
  );
  return [
    ...inPhase1.flatMap((ike, index) =>
      v1(`${ike}, then ${at(ESP, index)} and ${at(GROUPS, index + 3)}`, 'suites', {
        ike: { alice: ike, bob: ike },
        esp: at(ESP, index),
        pfs: at(GROUPS, index + 3),
      }),
    ),
    ...ESP.slice(GROUPS.length).flatMap(esp => v1(`${esp} without PFS`, 'suites', { esp })),
  ];
}

const at = (list: readonly string[], index: number): string => list[index % list.length] ?? '';

function authentications(): InteropCase[] {
  const ways: readonly (readonly [string, Authentication])[] = [
    ['a shared secret', { kind: 'psk' }],
    ['rsa2048 of a root', CERTIFICATE],
    ['rsa4096 below an intermediate', { kind: 'certificate', key: 'rsa4096', chain: 'intermediate' }],
    ['rsa3072, self-signed', { kind: 'certificate', key: 'rsa3072', chain: 'self-signed' }],
    ['ecdsa256 of a root', { kind: 'certificate', key: 'ecdsa256', chain: 'root' }],
    ['ecdsa384 below an intermediate', { kind: 'certificate', key: 'ecdsa384', chain: 'intermediate' }],
    ['ecdsa521, self-signed', { kind: 'certificate', key: 'ecdsa521', chain: 'self-signed' }],
    ['alice revoked', { kind: 'revoked', whose: 'alice', key: 'rsa2048' }],
    ['bob revoked', { kind: 'revoked', whose: 'bob', key: 'rsa2048' }],
    ['another shared secret', { kind: 'wrong psk' }],
  ];
  return [
    ...ways.flatMap(([what, authentication]) =>
      v1(`main mode, ${what}`, 'main mode', { authentication, play: playOf(authentication) }),
    ),
    ...ways.flatMap(([what, authentication]) =>
      v1(`aggressive mode, ${what}`, 'aggressive mode', {
        authentication,
        play: playOf(authentication),
        alice: AGGRESSIVE,
        bob: AGGRESSIVE,
      }),
    ),
  ];
}

const playOf = ({ kind }: Authentication): Play => (kind === 'revoked' || kind === 'wrong psk' ? 'refusal' : 'rekeys');

function paths(): InteropCase[] {
  return [
    ...v1('outer IPv6', 'IPv6 outer', { path: 'v6' }),
    v1From('engine', 'alice behind a NAT', 'NAT-T', { path: 'alice behind a NAT' }),
    v1From('strongswan', 'bob behind a NAT', 'NAT-T', { path: 'bob behind a NAT' }),
    v1From('engine', 'alice behind a NAT, aggressive', 'NAT-T', {
      path: 'alice behind a NAT',
      alice: AGGRESSIVE,
      bob: AGGRESSIVE,
    }),
    v1From('strongswan', 'bob behind a NAT, aggressive', 'NAT-T', {
      path: 'bob behind a NAT',
      alice: AGGRESSIVE,
      bob: AGGRESSIVE,
    }),
    v1From('engine', 'alice behind a NAT that forgets', 'NAT-T', {
      path: 'alice behind a NAT',
      play: 'mapping changes',
      alice: ['liveness: 1s'],
    }),
  ];
}

/** XAuth and mode config. */
function users(): InteropCase[] {
  return [
    v1From('engine', 'alice asked for her password', 'XAuth', { alice: ASKED, bob: ASKS }),
    v1From('strongswan', 'bob asked for his password', 'XAuth', { alice: ASKS, bob: ASKED }),
    v1From('engine', 'alice asked for her password, aggressive', 'XAuth', {
      alice: [...AGGRESSIVE, ...ASKED],
      bob: [...AGGRESSIVE, ...ASKS],
    }),
    v1From('engine', 'alice asked, with a certificate', 'XAuth', {
      authentication: CERTIFICATE,
      alice: ASKED,
      bob: ASKS,
    }),
    v1From('engine', 'another password of alice', 'XAuth', {
      play: 'refusal',
      alice: ['xauth: { user: ann, password: "${secrets.ppk}" }'],
      bob: ASKS,
    }),
    v1From('strongswan', 'another password of bob', 'XAuth', {
      play: 'refusal',
      alice: ASKS,
      bob: ['xauth: { user: ann, password: "${secrets.ppk}" }'],
    }),
    v1From('engine', 'an address for alice', 'mode config', { play: 'address for alice' }),
    v1From('strongswan', 'an address for bob', 'mode config', { play: 'address for bob' }),
    v1From('engine', 'an address for alice, who is told', 'mode config', {
      play: 'address for alice',
      alice: ['mode-config: push'],
      bob: ['mode-config: push'],
    }),
    v1From('strongswan', 'an address for bob, who is told', 'mode config', {
      play: 'address for bob',
      alice: ['mode-config: push'],
      bob: ['mode-config: push'],
    }),
    v1From('engine', 'a password, then an address for alice', 'mode config', {
      play: 'address for alice',
      alice: ASKED,
      bob: ASKS,
    }),
  ];
}

function messages(): InteropCase[] {
  const second = { alice: '10.0.2.0/24', bob: '10.0.3.0/24', aliceSays: '10.0.3.0/24', bobSays: '10.0.2.0/24' };
  return [
    ...v1('large certificates', 'fragmentation', {
      authentication: { kind: 'certificate', key: 'rsa4096', chain: 'intermediate' },
      alice: ['fragment-size: 600'],
      charon: 'fragment_size = 600',
    }),
    ...v1('always in fragments', 'fragmentation', {
      authentication: { kind: 'certificate', key: 'rsa3072', chain: 'root' },
      alice: ['fragmentation: always', 'fragment-size: 600'],
      bob: ['fragmentation: always'],
      charon: 'fragment_size = 600',
    }),
    ...v1('two children', 'several children', { networks: [SITES, second], children: 2 }),
    ...v1('two children with PFS', 'several children', { networks: [SITES, second], children: 2, pfs: 'modp2048' }),
  ];
}

function lifetimes(): InteropCase[] {
  return [...v1('a stream by TCP', 'traffic', { play: 'tcp' })];
}

function failures(): InteropCase[] {
  return [
    ...v1('bob crashes', 'DPD', { play: 'crash of bob', alice: WATCHFUL }),
    ...v1('bob stands still', 'DPD', {
      play: 'bob stops',
      alice: WATCHFUL,
      bob: WATCHFUL.slice(0, 2),
      charon: CHARON_WATCHFUL,
    }),
    ...v1('alice crashes', 'DPD', { play: 'crash of alice', bob: WATCHFUL.slice(0, 2), charon: CHARON_WATCHFUL }),
  ];
}
