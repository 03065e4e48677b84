import { parseDistinguishedName } from '../pki/name-text.ts';
import { formatIdentity, parseIdentity } from '../ike/identity.ts';
import type { TrafficSelectorConfig } from '../ike/config.ts';
import { formatAddress, parseAddress } from '../wire/address.ts';
import { formatPrefix, networkOf, parsePrefix } from '../wire/prefix.ts';
import { quoted, type Report } from './diagnostic.ts';
import { oneOf } from './suggest.ts';
import { settingOf } from './swanctl-keys.ts';
import type { Setting, SettingsSection } from './swanctl-settings.ts';

/** Reads the values of one section; each says what is wrong with it, and gives strongSwan's default instead. */
export class ValueReader {
  readonly section: SettingsSection;
  readonly #report: Report;

  constructor(section: SettingsSection, report: Report) {
    this.section = section;
    this.#report = report;
  }

  setting(key: string): Setting | null {
    return settingOf(this.section, key);
  }

  error(setting: Setting, what: string, fix: string): void {
    // The first line alone: a quote that is closed too late may have taken in a secret.
    const [line = ''] = setting.value.split('\n');
    this.#report.error(setting.valuePlace, `${setting.key} = ${quoted(line)}: ${what}`, fix);
  }

  /** Separated by commas; empty where it is absent. */
  list(key: string): string[] {
    const text = this.setting(key)?.value ?? '';
    return text
      .split(',')
      .map(part => part.trim())
      .filter(part => part !== '');
  }

  flag(key: string, otherwise: boolean): boolean {
    const setting = this.setting(key);
    if (setting === null) return otherwise;
    if (['yes', 'true', '1', 'enabled'].includes(setting.value)) return true;
    if (['no', 'false', '0', 'disabled'].includes(setting.value)) return false;
    this.error(setting, 'not yes or no', 'write yes or no');
    return otherwise;
  }

  word<const Word extends string>(key: string, words: readonly Word[], otherwise: Word): Word {
    const setting = this.setting(key);
    if (setting === null) return otherwise;
    const found = words.find(word => word === setting.value);
    if (found !== undefined) return found;
    this.error(setting, `not ${oneOf(words)}`, `write ${oneOf(words)}`);
    return otherwise;
  }

  number<T extends number | null>(key: string, otherwise: T, most = Number.MAX_SAFE_INTEGER): number | T {
    const setting = this.setting(key);
    if (setting === null) return otherwise;
    const value = /^[0-9]{1,16}$/.test(setting.value) ? Number(setting.value) : null;
    if (value !== null && value <= most) return value;
    this.error(setting, 'not a number that fits', `give a whole number of 0 to ${most}`);
    return otherwise;
  }

  /** `30`, `30s`, `10m`, `4h`, `2d`; seconds. */
  seconds<T extends number | null>(key: string, otherwise: T): number | T {
    const setting = this.setting(key);
    if (setting === null) return otherwise;
    const [, amount = '', unit = 's'] = /^([0-9]{1,9})\s*([smhd])?$/.exec(setting.value) ?? [];
    const scale = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
    if (amount !== '' && scale !== undefined) return Number(amount) * scale;
    this.error(setting, 'not a time', 'write a number with s, m, h or d behind it: 4h');
    return otherwise;
  }

  /** Addresses, prefixes and ranges; `%any` is left out: it says nothing. */
  addresses(key: string): string[] {
    return this.list(key).flatMap(text => {
      const setting = this.setting(key);
      if (/^%any[46]?$/.test(text) || setting === null) return [];
      const found = addressesOf(text);
      if (found === null)
        this.error(setting, `${quoted(text)} is no address`, 'write addresses: nothing looks names up here');
      return found ?? [];
    });
  }

  /** An identity in our spelling; null where it is absent or none. */
  identity(key: string): string | null {
    const setting = this.setting(key);
    if (setting === null) return null;
    const found = identityOf(setting.value);
    if (found === null)
      this.error(setting, 'not an identity', 'write alice.lab, 192.0.2.1, a@b.lab or "C=DE, CN=alice"');
    return found;
  }

  /** The names of files without folder and ending: what stands for them in the topology. */
  files(key: string): string[] {
    return this.list(key).map(text => (text.split('/').at(-1) ?? text).replace(/\.(pem|crt|cer|der|key|pub)$/, ''));
  }

  /** Hexadecimal: `0x…` and `0s…` (base64) are octets, all else is text. */
  secret(key: string): string | null {
    const setting = this.setting(key);
    if (setting === null) return null;
    const { value } = setting;
    if (/^0x([0-9a-f]{2})*$/i.test(value)) return value.slice(2).toLowerCase();
    if (/^0s[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value.slice(2), 'base64').toString('hex');
    if (/^0[xs]/.test(value)) {
      // The value is a secret: no message may have it.
      this.#report.error(
        setting.valuePlace,
        `${key} begins like octets and is none`,
        'write 0x and pairs of hexadecimal digits',
      );
      return null;
    }
    return Buffer.from(value, 'utf8').toString('hex');
  }

  selectors(key: string): TrafficSelectorConfig[] {
    const texts = this.list(key);
    const setting = this.setting(key);
    if (texts.length === 0 || setting === null) return [{ addresses: 'dynamic', protocol: 'any', ports: 'any' }];
    return texts.flatMap(text => {
      const found = selectorOf(text);
      if (found === null)
        this.error(setting, `${quoted(text)} is no selector`, 'write 10.0.0.0/24, dynamic or 10.0.0.0/24[tcp/80]');
      return found ?? [];
    });
  }
}

function addressesOf(text: string): string | null {
  const address = parseAddress(text);
  if (address !== null) return formatAddress(address);
  const prefix = parsePrefix(text);
  if (prefix !== null) return formatPrefix(networkOf(prefix));
  const [low, high, more] = text.split('-').map(part => parseAddress(part.trim()));
  if (!low || !high || more !== undefined || low.length !== high.length) return null;
  return `${formatAddress(low)}-${formatAddress(high)}`;
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['rfc822', 'email'],
  ['email', 'email'],
  ['userfqdn', 'email'],
  ['fqdn', 'fqdn'],
  ['dns', 'fqdn'],
  ['keyid', 'keyid'],
]);

/** strongSwan's spelling of an identity in ours. Distinguished names go from the root to the leaf there. */
function identityOf(text: string): string | null {
  if (text === '%any' || text === '*' || text === '') return '%any';
  const [, prefix, hash, rest = ''] = /^([a-z0-9]+):(#?)(.*)$/is.exec(text) ?? [];
  const octets = hash === '#' && /^([0-9a-f]{2})*$/i.test(rest) ? Buffer.from(rest, 'hex') : null;
  if (prefix === 'asn1dn' && octets !== null) return formatIdentity({ kind: 'dn', der: octets });
  if (prefix === 'keyid') return `keyid:${(octets ?? Buffer.from(rest, 'utf8')).toString('hex')}`;
  const kind = prefix === undefined ? undefined : PREFIXES.get(prefix);
  if (kind !== undefined) return normal(`${kind}:${octets === null ? rest : octets.toString('utf8')}`);
  if (text.startsWith('@#')) return normal(`keyid:${text.slice(2)}`);
  if (text.startsWith('@@')) return normal(`email:${text.slice(2)}`);
  if (text.startsWith('@')) return normal(`fqdn:${text.slice(1)}`);
  if (text.includes('=')) {
    const der = parseDistinguishedName(
      text.replace(/^\/|\/(?=[A-Za-z.0-9]+=)/g, (_, at) => (at === 0 ? '' : ',')),
      'rootFirst',
    );
    return der === null ? null : formatIdentity({ kind: 'dn', der });
  }
  return normal(text);
}

function normal(text: string): string | null {
  const identity = parseIdentity(text);
  return identity === null ? null : formatIdentity(identity);
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['esp', 50],
  ['ah', 51],
  ['ipv6-icmp', 58],
  ['icmpv6', 58],
  ['sctp', 132],
]);

/** `10.0.0.0/24`, `dynamic[tcp/80]`, `10.0.0.1-10.0.0.9[17/500-600]`, `[gre]`. */
function selectorOf(text: string): TrafficSelectorConfig | null {
  const [, where = '', what] = /^([^[\]]*)(?:\[([^[\]]*)\])?$/.exec(text.replace(/\s/g, '')) ?? [];
  const addresses = where === '' || where === 'dynamic' ? 'dynamic' : (rangeOf(where) ?? null);
  if (addresses === null || (where === '' && what === undefined)) return null;
  const [protocolText = '', portText = '%any', more] = (what ?? '%any').split('/');
  const protocol = protocolOf(protocolText);
  const ports = portsOf(portText);
  return protocol === null || ports === null || more !== undefined ? null : { addresses, protocol, ports };
}

/** Single addresses are prefixes of their full length, as everywhere in the model. */
function rangeOf(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? addressesOf(text) : `${formatAddress(address)}/${address.length * 8}`;
}

function protocolOf(text: string): number | 'any' | null {
  if (text === '%any' || text === 'any' || text === '') return 'any';
  const number = PROTOCOLS.get(text) ?? (/^[0-9]{1,3}$/.test(text) ? Number(text) : null);
  return number === null || number > 255 ? null : number === 0 ? 'any' : number;
}

function portsOf(text: string): TrafficSelectorConfig['ports'] | null {
  if (text === '%any' || text === 'any' || text === '0-65535') return 'any';
  if (text === 'opaque' || text === '%opaque') return 'opaque';
  const [, low, high = low] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text) ?? [];
  if (low === undefined || Number(low) > Number(high) || Number(high) > 65_535) return null;
  return [Number(low), Number(high)];
}
