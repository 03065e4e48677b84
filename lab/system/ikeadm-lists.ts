import { encryptionAlgorithms } from '../../engine/crypto/encryption.ts';
import { integrityAlgorithms } from '../../engine/crypto/integrity.ts';
import { readSolarisIke } from '../../engine/config/solaris-ike.ts';
import { OAKLEY_GROUPS } from '../../engine/config/ike-v1-proposal.ts';
import type { Certificate } from '../../engine/pki/certificate.ts';
import { type Slot, rootFirst } from './certificate-store.ts';
import { columns } from './columns.ts';

/** `ikeadm dump groups|encralgs|authalgs`: what phase 1 may use. */
export function formatAlgorithms(what: 'groups' | 'encralgs' | 'authalgs'): string {
  return `${TABLES[what]()}\nCompleted dump of ${what}\n`;
}

const TABLES: Readonly<Record<'groups' | 'encralgs' | 'authalgs', () => string>> = {
  groups: () =>
    columns(
      [
        ['VALUE', 7],
        ['DESCRIPTION', 30],
      ],
      [...OAKLEY_GROUPS].map(([number, token]) => [String(number), token]),
    ),
  encralgs: () =>
    columns(
      [
        ['VALUE', 18],
        ['KEYLEN-BITS', 13],
        ['NAME', 20],
      ],
      encryptionAlgorithms()
        .filter(each => each.names.solaris.length > 0 && !each.aead && each.unavailable === null && each.keyOctets > 0)
        .map(each => [each.names.solaris[0] ?? '', String(each.keyOctets * 8), each.token]),
    ),
  authalgs: () =>
    columns(
      [
        ['VALUE', 18],
        ['NAME', 20],
      ],
      integrityAlgorithms()
        .filter(each => each.names.solaris.length > 0 && each.unavailable === null)
        .map(each => [each.names.solaris[0] ?? '', each.token]),
    ),
};

/** `ikeadm dump certcache`: the certificates of certdb, which are at hand for as long as in.iked runs. */
export function formatCache(certificates: readonly Slot<Certificate>[]): string {
  const lines = certificates.flatMap(({ slot, content }) => [
    '',
    `CERTIFICATE CACHE ID: ${slot}`,
    `\tSubject Name: <${rootFirst(content.subject)}>`,
    `\t Issuer Name: <${rootFirst(content.issuer)}>`,
  ]);
  return `${[...lines, '', 'Completed dump of certcache'].join('\n')}\n`;
}

/** Says nothing that could be left out. */
const PLAIN = `{ label "plain" local_addr 192.0.2.1 remote_addr 192.0.2.2
  p1_xform { auth_method preshared oakley_group 14 auth_alg sha256 encr_alg aes } }`;

/** `ikeadm get defaults`: what a file that says nothing of them gets. */
export function formatDefaults(): string {
  const { stated } = readSolarisIke('plain', PLAIN, { legacy: false });
  const [rule, child] = [stated?.rules[0], stated?.children[0]];
  if (rule === undefined || child === undefined) throw new Error('a plain file of rules is not read');
  const { rekeySeconds, retransmission, v1 } = rule.options;
  const rows: readonly (readonly [string, number | null | undefined])[] = [
    ['p1_lifetime_secs', rekeySeconds],
    ['p1_nonce_len', v1?.nonceOctets],
    ['p2_lifetime_secs', child.rekey.seconds],
    ['p2_nonce_len', v1?.quickNonceOctets],
    ['p2_pfs', child.groups.length],
    ['retry_limit', retransmission.sends - 1],
    ['retry_timer_init', retransmission.firstMs / 1000],
    ['retry_timer_max', retransmission.longestMs / 1000],
  ];
  const layout = [
    ['Token', 26],
    ['Source', 10],
    ['Value', 12],
  ] as const;
  return `GLOBAL DEFAULTS\n\n${columns(
    layout,
    rows.map(([token, value]) => [token, 'default', String(value ?? '<not set>')]),
  )}`;
}
