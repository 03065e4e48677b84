import type { ChildConfig } from '../ike/config.ts';
import { DEFAULT_V1, type V1Config, type XauthConfig } from '../ike/v1-config.ts';
import { quoted, type Report } from './diagnostic.ts';
import { childProblems } from './ike-v1-proposal.ts';
import { settingOf } from './swanctl-keys.ts';
import type { SettingsSection } from './swanctl-settings.ts';
import type { ValueReader } from './swanctl-values.ts';

export interface XauthUser {
  readonly user: string;
  readonly password: string;
}

/** How long charon lets a peer be silent where dpd_timeout is 0: all of its retransmissions. */
const DPD_TIMEOUT_SECONDS = 165;

/** Of a connection; where nothing is said strongSwan begins with 2. */
export function versionOf(values: ValueReader): 1 | 2 {
  const setting = values.setting('version');
  const version = setting?.value === '1' ? 1 : 2;
  if (setting !== null && setting.value === '0')
    values.error(setting, 'a connection is of one version here', 'write version = 2, or two connections');
  else if (setting !== null && setting.value !== '1' && setting.value !== '2')
    values.error(setting, 'there are IKEv1 and IKEv2', 'write version = 2');
  if (version === 2) {
    for (const [key, usual] of V1_SETTINGS) {
      const found = values.setting(key);
      if (found !== null && !usual.some(value => value === found.value))
        values.error(found, 'it is of IKEv1', 'write version = 1');
    }
  } else {
    const ppk = values.setting('ppk_id');
    if (ppk !== null) values.error(ppk, 'it is of IKEv2', 'write version = 2');
  }
  return version;
}

/** With what they are where nothing is said. */
const V1_SETTINGS = [
  ['aggressive', ['no', 'false', '0']],
  ['pull', ['yes', 'true', '1']],
  ['dpd_timeout', ['0', '0s']],
  ['send_certreq', ['yes', 'true', '1']],
] as const satisfies readonly (readonly [string, readonly string[]])[];

/** What a connection of version 1 says besides. */
export function v1Of(
  section: SettingsSection,
  values: ValueReader,
  users: readonly XauthUser[],
  report: Report,
): V1Config {
  const mode = values.flag('aggressive', false) ? 'aggressive' : 'main';
  const givesAddresses = values.list('vips').length > 0 || values.list('pools').length > 0;
  const timeout = values.seconds('dpd_timeout', 0);
  for (const round of section.sections) {
    const bare = settingOf(round, 'pubkeys');
    if (bare !== null) report.error(bare.place, 'IKEv1 has no keys without certificates here', 'name certs');
  }
  return {
    ...DEFAULT_V1,
    mode,
    accepts: [mode],
    natTraversal: values.flag('encap', false) ? 'force' : 'yes',
    livenessTimeoutSeconds: timeout === 0 ? DPD_TIMEOUT_SECONDS : timeout,
    xauth: xauthOf(section, users, report),
    modeConfig: !givesAddresses ? 'none' : values.flag('pull', true) ? 'pull' : 'push',
    requestsCertificates: values.flag('send_certreq', true),
  };
}

/** The round of phase 1, or the only one: `local`, `local-1`. One of XAuth behind it is `v1Of`'s. */
export function roundOf(section: SettingsSection, side: 'local' | 'remote', report: Report): SettingsSection | null {
  const rounds = section.sections.filter(({ name }) => name.startsWith(side));
  const isV1 = settingOf(section, 'version')?.value === '1';
  const [first = null, second] = isV1 ? rounds.filter(round => !isXauth(round)) : rounds;
  if (second !== undefined) {
    const message = `${quoted(second.name)} is a second round of authentication (RFC 4739)`;
    report.error(second.place, message, 'keep one');
  }
  return first;
}

/** Children that ask for what IKEv1 has no number for. */
export function judgeV1Children(section: SettingsSection, configs: readonly ChildConfig[], report: Report): void {
  for (const { name, proposals } of configs) {
    const place = section.sections
      .find(each => each.name === 'children')
      ?.sections.find(each => name.startsWith(each.name))?.place;
    for (const proposal of proposals)
      for (const { message, fix } of childProblems(proposal)) report.error(place ?? section.place, message, fix);
  }
}

const BACKENDS = ['xauth', 'xauth-generic'];

function isXauth(round: SettingsSection): boolean {
  return settingOf(round, 'auth')?.value.startsWith('xauth') ?? false;
}

function xauthOf(section: SettingsSection, users: readonly XauthUser[], report: Report): XauthConfig | null {
  const rounds = section.sections.filter(isXauth);
  for (const each of rounds) {
    const auth = settingOf(each, 'auth');
    if (auth !== null && !BACKENDS.includes(auth.value))
      report.error(
        auth.valuePlace,
        `auth = ${quoted(auth.value)}: there is no such service here`,
        'write auth = xauth',
      );
  }
  const [round, other] = rounds;
  if (round === undefined) return null;
  if (other !== undefined) report.error(other.place, `${quoted(other.name)} is a second round of XAuth`, 'keep one');
  if (round.name.startsWith('remote')) return { side: 'gateway', users };
  const name = settingOf(round, 'xauth_id') ?? settingOf(round, 'id');
  const found = name === null ? users[0] : users.find(({ user }) => user === name.value);
  if (found !== undefined) return { side: 'user', user: found.user, password: found.password };
  const message = name === null ? 'nobody has a password' : `${quoted(name.value)} has no password`;
  report.error(name?.valuePlace ?? round.place, message, 'add secrets { xauth { id = carol  secret = … } }');
  return null;
}
