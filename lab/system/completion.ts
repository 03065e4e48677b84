import { commandNames } from './commands.ts';
import { DLADM_SUBCOMMANDS } from './dladm.ts';
import { FILE_COMMANDS } from './file-commands.ts';
import { IPADM_SUBCOMMANDS } from './ipadm.ts';
import { SERVICES } from './service.ts';
import { RACOONCTL_COMMANDS } from './racoonctl.ts';
import {
  IKE_CONFIG,
  IKE_PRESHARED,
  IPF6_CONF,
  IPF_CONF,
  IPSECINIT,
  RACOON_CONF,
  SETKEY_CONF,
} from './service-files.ts';

/** What may stand in the place of the next word. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** The lines that this command prints on the node. */
  | { readonly kind: 'asks'; readonly argv: readonly string[] }
  /** Names below the directory that has been typed. */
  | { readonly kind: 'paths' };

const services = SERVICES.map(({ name }) => name);
const TUNNELS: Candidates = { kind: 'asks', argv: ['dladm', 'show-iptun', '-p', '-o', 'link'] };
const OBJECTS: Candidates = { kind: 'asks', argv: ['ipadm', 'show-addr', '-p', '-o', 'addrobj'] };
const INTERFACES: Candidates = { kind: 'asks', argv: ['ipadm', 'show-if', '-p', '-o', 'ifname'] };
const LINKS: Candidates = { kind: 'asks', argv: ['dladm', 'show-link', '-p', '-o', 'link'] };
const words = (...list: readonly string[]): Candidates => ({ kind: 'words', words: list });

/** Of files that a node ought to have, whether they are there yet or not. */
export const USUAL_FILES = [IPSECINIT, IKE_CONFIG, IKE_PRESHARED, IPF_CONF, IPF6_CONF, RACOON_CONF, SETKEY_CONF];

/** `typed`: the words before the one that is to be completed. `more`: commands of whoever asks. */
export function candidatesAfter(typed: readonly string[], more: readonly string[] = []): Candidates {
  const [command, first, ...rest] = typed;
  if (command === undefined) return words(...commandNames(), ...more);
  const last = typed.at(-1) ?? '';
  if (Object.hasOwn(FILE_COMMANDS, command) || command === 'vi' || ['<', '>', '>>', '-f', '-c'].includes(last)) {
    return { kind: 'paths' };
  }
  switch (command) {
    case 'dladm':
      return first === undefined ? words(...Object.keys(DLADM_SUBCOMMANDS)) : dladmAfter(first, last);
    case 'ipadm':
      return first === undefined ? words(...Object.keys(IPADM_SUBCOMMANDS)) : ipadmAfter(first, last);
    case 'svcadm':
      return first === undefined ? words('enable', 'disable', 'restart', 'refresh', 'clear') : words(...services);
    case 'svcs':
      return words(...services, '-a', '-l', '-xv');
    case 'route':
      return words(
        ...(typed.includes('-p') ? [] : ['-p']),
        'add',
        'delete',
        'change',
        'get',
        'show',
        'flush',
        '-inet6',
      );
    case 'ikecert':
      if (first === undefined) return words('certlocal', 'certdb', 'certrldb');
      return words('-a', '-e', '-l', '-r', ...(first === 'certlocal' ? ['-ks', '-kc', '-m', '-t', '-D', '-A'] : []));
    case 'ikeadm':
      if (first === undefined) return words('get', 'dump', 'del', 'flush', 'read', 'set', 'help');
      return rest.length > 0
        ? words()
        : words('p1', 'rule', 'preshared', 'stats', 'defaults', 'groups', 'encralgs', 'authalgs');
    case 'netstat':
      return words('-rn', '-in');
    case 'ipseckey':
      return words('dump', 'flush', 'get', 'delete', 'add', '-f', '-c', 'esp', 'ah');
    case 'racoonctl':
      if (first === undefined) return words(...RACOONCTL_COMMANDS, '-l');
      return words(...(last.startsWith('-') ? RACOONCTL_COMMANDS : []), 'isakmp', 'esp', 'ah', 'ipsec');
    case 'racoon':
      return words('-C', '-f', '-F', '-v');
    case 'service':
      return first === undefined ? words('racoon', 'setkey') : words('start', 'stop', 'restart', 'reload', 'status');
    case 'systemctl':
      return first === undefined ? words('start', 'stop', 'restart', 'reload', 'status') : words('racoon', 'setkey');
    case 'setkey':
      return words('-D', '-DP', '-F', '-FP', '-f', '-c');
    case 'tcpdump':
      return last === '-i' ? LINKS : words('-i', '-c', '-A', '-X', '-v', 'host', 'port', 'esp', 'tcp', 'udp', 'icmp');
    case 'snoop':
      return last === '-d' ? LINKS : words('-d', '-c', 'esp', 'ah', 'icmp', 'host', 'port');
    case 'ifconfig':
      return INTERFACES;
    case 'ipsecconf':
      return last === '-i' ? TUNNELS : words('-l', '-L', '-n', '-i', '-f', '-F');
    default:
      return words();
  }
}

function dladmAfter(subcommand: string, last: string): Candidates {
  if (last === '-T') return words('ipv4', 'ipv6');
  if (last === '-a') return words('local=');
  if (subcommand === 'create-iptun') return words('-t', '-T', '-a');
  return subcommand === 'show-link' ? LINKS : TUNNELS;
}

function ipadmAfter(subcommand: string, last: string): Candidates {
  if (last === '-T') return words('static', 'addrconf');
  if (last === '-a') return words('local=');
  if (last === '-p') return words('hostmodel=strong', 'hostmodel=weak', 'hostmodel');
  if (subcommand.endsWith('-prop')) return words('-p', '-t', 'ipv4', 'ipv6');
  if (subcommand === 'create-addr') return words('-t', '-T', '-a');
  if (subcommand === 'create-if') return LINKS;
  return subcommand.endsWith('-addr') ? OBJECTS : INTERFACES;
}
