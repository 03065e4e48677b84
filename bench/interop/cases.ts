/** One way in which the engine and another implementation meet. */
export interface InteropCase {
  /** Of the whole matrix one only: `ike aes256gcm16-prfsha384-x25519, from strongswan`. */
  readonly name: string;
  /** Who begins. */
  readonly initiator: 'engine' | 'strongswan';
  readonly ike: string;
  readonly esp: string;
  /** Group for perfect forward secrecy; null: none. */
  readonly pfs: string | null;
  readonly authentication: Authentication;
  readonly outer: 4 | 6;
  /** Between two sites with a translator in front of the engine's. */
  readonly isBehindNat: boolean;
  readonly fragmentation: 'allow' | 'always';
  /** What the engine's policy says of the remote network: the peer has a smaller one, and narrows. */
  readonly isNarrowed: boolean;
  /** `established`, or refused by the side that verifies. */
  readonly expect: 'established' | 'refused';
}

export type Authentication =
  | { readonly kind: 'psk' }
  /** Certificates issued by one authority; by one below it; self-signed; or of whom one was revoked. */
  | { readonly kind: 'certificate'; readonly key: string; readonly chain: 'root' | 'intermediate' | 'self-signed' }
  /** Of the side that does not verify. */
  | { readonly kind: 'revoked'; readonly whose: 'alice' | 'bob' };

const COMMON: Omit<InteropCase, 'name' | 'initiator'> = {
  ike: 'aes256gcm16-prfsha384-x25519',
  esp: 'aes256gcm16',
  pfs: null,
  authentication: { kind: 'psk' },
  outer: 4,
  isBehindNat: false,
  fragmentation: 'allow',
  isNarrowed: false,
  expect: 'established',
};

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
const KEYS = ['rsa2048', 'rsa3072', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'ed25519'];

/**
 * The whole matrix, in an order that never changes: every cipher, integrity algorithm, PRF and group that both have in an IKE SA
 * and in a Child SA, each kind of authentication, and what else the two can do together; each begun by either side.
 */
export function interopCases(): InteropCase[] {
  const both = (name: string, changes: Partial<InteropCase>): InteropCase[] =>
    (['engine', 'strongswan'] as const).map(initiator => ({
      ...COMMON,
      ...changes,
      initiator,
      name: `${name}, from ${initiator}`,
    }));
  return [
    ...suites().flatMap(({ ike, esp, pfs }) =>
      both(`${ike} with ${esp}${pfs === null ? '' : ` and ${pfs}`}`, { ike, esp, pfs }),
    ),
    ...authentications().flatMap(authentication =>
      both(describe(authentication), { authentication, expect: expected(authentication) }),
    ),
    ...both('outer IPv6', { outer: 6 }),
    ...both('in fragments', {
      fragmentation: 'always',
      authentication: { kind: 'certificate', key: 'rsa3072', chain: 'root' },
    }),
    ...both('narrowed', { isNarrowed: true }),
    ...both('behind a NAT', { isBehindNat: true }).filter(({ initiator }) => initiator === 'engine'),
  ];
}

/** Each algorithm at least once on either layer: the lists walk side by side, each at its own length. */
function suites(): Pick<InteropCase, 'ike' | 'esp' | 'pfs'>[] {
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
    ike: COMMON.ike,
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
    { kind: 'revoked', whose: 'alice' },
    { kind: 'revoked', whose: 'bob' },
  ];
}

const expected = ({ kind }: Authentication): InteropCase['expect'] => (kind === 'revoked' ? 'refused' : 'established');

function describe(authentication: Authentication): string {
  if (authentication.kind === 'psk') return 'a shared secret';
  if (authentication.kind === 'revoked') return `${authentication.whose} revoked`;
  const chain = { root: 'of a root', intermediate: 'below an intermediate', 'self-signed': 'self-signed' } as const;
  return `${authentication.key} ${chain[authentication.chain]}`;
}
