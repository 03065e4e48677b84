import { addressVersion, parseAddress } from '../../engine/wire/address.ts';
import { formatPrefix, parsePrefix } from '../../engine/wire/prefix.ts';
import { parseShellLine } from '../system/shell-line.ts';

/** What a command of iproute2 or sysctl does to the network of the node that runs it. */
export type NetworkChange =
  | { readonly kind: 'address'; readonly device: string; readonly address: string }
  | { readonly kind: 'mtu'; readonly device: string; readonly mtu: number }
  | { readonly kind: 'mac'; readonly device: string; readonly mac: string }
  /** `to`: a prefix; 0.0.0.0/0 or ::/0 by default. */
  | { readonly kind: 'route'; readonly to: string; readonly via: string | null; readonly device: string | null }
  | { readonly kind: 'forwarding'; readonly on: boolean }
  /** What is so in a lab anyway: a device that is up, a default route that was never there. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown'; readonly command: string };

/** What a line of shell does, command by command: `ip addr add 10.0.0.1/24 dev eth1 && sysctl -w net.ipv4.ip_forward=1`. */
export function networkChanges(line: string): NetworkChange[] {
  return changesIn(line, DEPTH_MAX);
}

/** Of `sh -c` within `sh -c`. */
const DEPTH_MAX = 3;

function changesIn(line: string, depth: number): NetworkChange[] {
  const unknown: NetworkChange = { kind: 'unknown', command: line };
  const parsed = parseShellLine(line);
  if (parsed.kind !== 'line') return [unknown];
  return parsed.pipelines.flatMap(({ commands }) => {
    const [only] = commands;
    if (commands.length !== 1 || only === undefined) return [unknown];
    const [program = '', ...words] = only.argv;
    const name = program.slice(program.lastIndexOf('/') + 1);
    const asUnknown: NetworkChange = { kind: 'unknown', command: only.argv.join(' ') };
    const [flag = '', inner] = words;
    if (['sh', 'bash', 'ash', 'dash'].includes(name) && /^-[a-z]*c$/.test(flag) && inner !== undefined && depth > 0) {
      return changesIn(inner, depth - 1);
    }
    if (name === 'sudo' && depth > 0) return changesIn(words.map(quotedWord).join(' '), depth - 1);
    if (name === 'echo') return [only.output === null ? asUnknown : (written(words, only.output.path) ?? asUnknown)];
    if (name === 'ip') return [ipChange(words) ?? asUnknown];
    return [name === 'sysctl' ? (sysctlChange(words) ?? asUnknown) : asUnknown];
  });
}

const quotedWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** `echo 1 > /proc/sys/net/ipv4/ip_forward`. */
function written(words: readonly string[], path: string): NetworkChange | null {
  const key = /^\/proc\/sys\/(.+)$/.exec(path)?.[1]?.replaceAll('/', '.');
  return key === undefined || words.length !== 1 ? null : settingChange(key, words[0] ?? '');
}

function sysctlChange(words: readonly string[]): NetworkChange | null {
  const settings = words.filter(word => !word.startsWith('-'));
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/.exec(settings.join('').replaceAll(' ', '')) ?? [];
  return settings.length === 0 ? null : settingChange(key, value);
}

/** A sysctl, by its key with dots. null: it is nothing that a topology says. */
export function settingChange(key: string, value: string): NetworkChange | null {
  const plain = key.replaceAll('/', '.');
  if (plain === 'net.ipv4.ip_forward' || plain === 'net.ipv4.conf.all.forwarding')
    return { kind: 'forwarding', on: value === '1' };
  // Either family makes a router; a topology forwards both, or none.
  if (plain === 'net.ipv6.conf.all.forwarding') return value === '1' ? { kind: 'forwarding', on: true } : NOTHING;
  // IPv6 is there in every lab, with addresses that can be used at once.
  if (/^net\.ipv6\.conf\.[^.]+\.disable_ipv6$/.test(plain) && value === '0') return NOTHING;
  return /^net\.ipv[46]\.conf\.[^.]+\.(rp_filter|accept_dad|dad_transmits)$/.test(plain) ? NOTHING : null;
}

const NOTHING: NetworkChange = { kind: 'nothing' };

function ipChange(words: readonly string[]): NetworkChange | null {
  const isSix = words.includes('-6');
  const [object = '', verb = '', ...rest] = words.filter(word => !/^-(4|6|o|br|brief|oneline)$/.test(word));
  if (object === '') return null;
  if ('address'.startsWith(object)) return addressChange(verb, rest);
  if ('link'.startsWith(object)) return verb === 'set' ? linkChange(rest) : null;
  return 'route'.startsWith(object) ? routeChange(verb, rest, isSix) : null;
}

const isVerb = (verb: string, ...verbs: readonly string[]): boolean =>
  verb !== '' && verbs.some(known => known.startsWith(verb));

function addressChange(verb: string, words: readonly string[]): NetworkChange | null {
  if (!isVerb(verb, 'add', 'replace')) return null;
  const [text = '', ...rest] = words[0] === 'local' ? words.slice(1) : words;
  const device = after(rest, 'dev');
  const prefix = parsePrefix(text);
  return device === null || prefix === null ? null : { kind: 'address', device, address: formatPrefix(prefix) };
}

function linkChange(words: readonly string[]): NetworkChange | null {
  const [device = '', ...rest] = words[0] === 'dev' ? words.slice(1) : words;
  const settings = rest.filter(word => word !== 'up');
  if (device === '') return null;
  if (settings.length === 0) return rest.length === 0 ? null : NOTHING;
  const [key, value = ''] = settings;
  if (settings.length !== 2) return null;
  if (key === 'mtu' && /^\d{2,5}$/.test(value)) return { kind: 'mtu', device, mtu: Number(value) };
  return key === 'address' ? { kind: 'mac', device, mac: value } : null;
}

function routeChange(verb: string, words: readonly string[], isSix: boolean): NetworkChange | null {
  const [text = '', ...rest] = words[0] === 'unicast' || words[0] === 'to' ? words.slice(1) : words;
  // The default route by the management network, which is not there.
  if (isVerb(verb, 'del', 'delete')) return text === 'default' ? NOTHING : null;
  if (!isVerb(verb, 'add', 'replace', 'change', 'append')) return null;
  const via = after(rest, 'via');
  const device = after(rest, 'dev');
  const gateway = via === null ? null : parseAddress(via);
  if (via === null ? device === null : gateway === null) return null;
  const six = isSix || (gateway !== null && addressVersion(gateway) === 6);
  const all = six ? '::/0' : '0.0.0.0/0';
  const to = parsePrefix(text === 'default' ? all : text);
  return to === null ? null : { kind: 'route', to: formatPrefix(to), via, device };
}

function after(words: readonly string[], key: string): string | null {
  const at = words.indexOf(key);
  return at < 0 ? null : (words[at + 1] ?? null);
}
