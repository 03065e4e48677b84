import { type Authentication, either, type InteropCase, type Play, SUITE } from './case.ts';
import { libreswanCases } from './cases-libreswan.ts';
import { v1Cases } from './cases-v1.ts';
import { featureCases } from './features.ts';

/** What both sides have. Those that only a friend of old equipment wants are `legacy` in the topology. */
const IKE_ENCRYPTION = [
  ...['128', '192', '256'].flatMap(bits => [`aes${bits}`, `aes${bits}ctr`, `camellia${bits}`]),
  '3des',
];
const AEADS = [
  ...['128', '192', '256'].flatMap(bits =>
    ['8', '12', '16'].flatMap(icv => [`aes${bits}gcm${icv}`, `aes${bits}ccm${icv}`]),
  ),
  'chacha20poly1305',
];
const INTEGRITY = ['sha256', 'sha384', 'sha512', 'sha1', 'aesxcbc', 'aescmac'];
const PRFS = ['prfsha256', 'prfsha384', 'prfsha512', 'prfsha1', 'prfaesxcbc', 'prfaescmac'];
const GROUPS = [
  'x25519',
  'x448',
  'ecp256',
  'ecp384',
  'ecp521',
  'ecp256bp',
  'ecp384bp',
  'ecp512bp',
  'modp2048',
  'modp3072',
  'modp4096',
  'modp6144',
  'modp8192',
  'modp1536',
  'modp1024',
];
const KEYS = ['rsa2048', 'rsa3072', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'ed25519', 'ed448'];

/**
 * The whole matrix, in an order that never changes: every cipher, integrity algorithm, PRF and group that both have in an IKE SA
 * and in a Child SA, each kind of authentication, and what else the two can do together; each begun by either side.
 */
export function interopCases(): InteropCase[] {
  return [
    ...suites().flatMap(({ ike, esp, pfs }) =>
      either(`${ike} with ${esp}${pfs === null ? '' : ` and ${pfs}`}`, 'cipher suites', {
        ike: { alice: ike, bob: ike },
        esp,
        pfs,
      }),
    ),
    ...authentications().flatMap(authentication =>
      either(describe(authentication), 'authentication', { authentication, play: playOf(authentication) }),
    ),
    ...featureCases(),
    ...v1Cases(),
    ...libreswanCases(),
  ];
}

/** Each algorithm at least once on either layer: the lists walk side by side, each at its own length. */
function suites(): { readonly ike: string; readonly esp: string; readonly pfs: string | null }[] {
  const separate = IKE_ENCRYPTION.flatMap(cipher => [0, 1].map(turn => ({ cipher, turn })));
  const withIntegrity = separate.map(({ cipher, turn }, index) => ({
    ike: [cipher, at(INTEGRITY, index + turn), at(PRFS, index), at(GROUPS, index)].join('-'),
    esp: index % 3 === 2 ? at(AEADS, index) : `${at(IKE_ENCRYPTION, index + 3)}-${at(INTEGRITY, index + 2)}`,
    pfs: index % 2 === 0 ? at(GROUPS, index + 4) : null,
  }));
  const combined = AEADS.map((cipher, index) => ({
    ike: [cipher, at(PRFS, index + 1), at(GROUPS, index + 7)].join('-'),
    esp: at(AEADS, index + 1),
    pfs: index % 2 === 1 ? at(GROUPS, index) : null,
  }));
  const inEsp = [...IKE_ENCRYPTION, 'null'].map((cipher, index) => ({
    ike: SUITE,
    esp: `${cipher}-${at([...INTEGRITY, 'md5'], index)}`,
    pfs: null,
  }));
  return [...withIntegrity, ...combined, ...inEsp];
}

const at = (list: readonly string[], index: number): string => list[index % list.length] ?? '';

function authentications(): Authentication[] {
  return [
    ...KEYS.map(key => ({ kind: 'certificate', key, chain: 'root' }) as const),
    { kind: 'certificate', key: 'ecdsa256', chain: 'intermediate' },
    { kind: 'certificate', key: 'rsa2048', chain: 'self-signed' },
    { kind: 'certificate', key: 'ed25519', chain: 'self-signed' },
    { kind: 'raw', key: 'ecdsa256' },
    { kind: 'raw', key: 'rsa2048' },
    { kind: 'raw', key: 'ed25519' },
    { kind: 'revoked', whose: 'alice', key: 'ecdsa256' },
    { kind: 'revoked', whose: 'bob', key: 'ecdsa256' },
    { kind: 'wrong psk' },
  ];
}

const playOf = ({ kind }: Authentication): Play => (kind === 'revoked' || kind === 'wrong psk' ? 'refusal' : 'rekeys');

function describe(authentication: Authentication): string {
  switch (authentication.kind) {
    case 'psk':
      return 'a shared secret';
    case 'wrong psk':
      return 'another shared secret';
    case 'raw':
      return `${authentication.key} without a certificate`;
    case 'revoked':
      return `${authentication.whose} revoked`;
    case 'certificate': {
      const chain = { root: 'of a root', intermediate: 'below an intermediate', 'self-signed': 'self-signed' } as const;
      return `${authentication.key} ${chain[authentication.chain]}`;
    }
  }
}
