import { quoted, type Report } from './diagnostic.ts';
import { didYouMean } from './suggest.ts';
import type { Setting, SettingsSection } from './swanctl-settings.ts';

/** Keys of a kind of section: those that are read, and those that this engine has nothing for, with strongSwan's default. */
export interface KeyTable {
  /** What messages call the section. */
  readonly what: string;
  readonly read: readonly string[];
  /** By name. The default is taken without a word; anything else is refused. */
  readonly unsupported: ReadonlyMap<string, string>;
  /** Read as well: the key begins so (`id`, `id-1`). */
  readonly prefixes: readonly string[];
}

function table(
  what: string,
  read: readonly string[],
  unsupported: Readonly<Record<string, string>> = {},
  prefixes: readonly string[] = [],
): KeyTable {
  return { what, read, unsupported: new Map(Object.entries(unsupported)), prefixes };
}

export const CONNECTION_KEYS = table(
  'a connection',
  [
    'version',
    'local_addrs',
    'remote_addrs',
    'local_port',
    'remote_port',
    'proposals',
    'vips',
    'encap',
    'mobike',
    'dpd_delay',
    'fragmentation',
    'childless',
    'send_cert',
    'ppk_id',
    'ppk_required',
    'keyingtries',
    'unique',
    'reauth_time',
    'rekey_time',
    'over_time',
    'rand_time',
    'pools',
    'aggressive',
    'pull',
    'dpd_timeout',
    'send_certreq',
  ],
  {
    dscp: '000000',
    if_id_in: '0',
    if_id_out: '0',
    mediation: 'no',
    mediated_by: '',
    mediation_peer: '',
  },
);

export const LOCAL_KEYS = table('a local section', ['auth', 'id', 'certs', 'pubkeys', 'round', 'xauth_id'], {
  eap_id: '',
  aaa_id: '',
});

export const REMOTE_KEYS = table(
  'a remote section',
  ['auth', 'id', 'cacerts', 'certs', 'pubkeys', 'revocation', 'round'],
  {
    eap_id: '',
    groups: '',
    cert_policy: '',
    ca_id: '',
  },
);

export const CHILD_KEYS = table(
  'a child',
  [
    'ah_proposals',
    'esp_proposals',
    'local_ts',
    'remote_ts',
    'rekey_time',
    'life_time',
    'rand_time',
    'rekey_bytes',
    'life_bytes',
    'rand_bytes',
    'rekey_packets',
    'life_packets',
    'rand_packets',
    'mode',
    'dpd_action',
    'close_action',
    'start_action',
    'reqid',
    'tfc_padding',
    'replay_window',
    'copy_df',
    'copy_ecn',
    'copy_dscp',
  ],
  {
    sha256_96: 'no',
    updown: '',
    hostaccess: 'no',
    policies: 'yes',
    policies_fwd_out: 'no',
    ipcomp: 'no',
    inactivity: '0s',
    priority: '0',
    interface: '',
    mark_in: '0/0x00000000',
    mark_in_sa: 'no',
    mark_out: '0/0x00000000',
    set_mark_in: '0/0x00000000',
    set_mark_out: '0/0x00000000',
    if_id_in: '0',
    if_id_out: '0',
    label: '',
    label_mode: 'system',
    hw_offload: 'no',
  },
);

export const SECRET_KEYS = table('a secret', ['secret'], {}, ['id']);
export const POOL_KEYS = table('a pool', ['addrs', 'dns', 'subnet'], {
  address: '',
  netmask: '',
  server: '',
  nbns: '',
  dhcp: '',
  split_include: '',
  split_exclude: '',
});
export const AUTHORITY_KEYS = table('an authority', ['cacert', 'file'], {
  handle: '',
  slot: '',
  module: '',
  crl_uris: '',
  ocsp_uris: '',
  cert_uri_base: '',
});

/** Reports keys that are not known, and those that ask for what is not here. `subsections`: how sections in it may begin. */
export function judgeKeys(
  section: SettingsSection,
  { what, read, unsupported, prefixes }: KeyTable,
  subsections: readonly string[],
  report: Report,
): void {
  const isKnown = (key: string) => read.includes(key) || prefixes.some(prefix => key.startsWith(prefix));
  for (const { key, value, place, valuePlace } of section.settings) {
    if (isKnown(key)) continue;
    const usual = unsupported.get(key);
    if (usual === undefined) {
      const keys = [...read, ...prefixes, ...unsupported.keys()];
      report.error(place, `unknown key ${quoted(key)} in ${what}`, didYouMean(key, keys, 'remove it'));
    } else if (value !== usual) {
      const fix = usual === '' ? 'remove it' : `remove it, or write ${key} = ${usual}`;
      report.error(
        valuePlace,
        `${key} = ${quoted(value.split('\n')[0] ?? '')}: strongSwan knows that, and this engine does not`,
        fix,
      );
    }
  }
  for (const { name, place } of section.sections) {
    if (subsections.some(prefix => name.startsWith(prefix))) continue;
    report.error(place, `unknown section ${quoted(name)} in ${what}`, didYouMean(name, [...subsections], 'remove it'));
  }
}

export function settingOf(section: SettingsSection, key: string): Setting | null {
  return section.settings.find(setting => setting.key === key) ?? null;
}
