import type { NodeStatus } from '../../engine/node/node.ts';
import { formatMac, parseMac } from '../../engine/wire/address.ts';
import { withoutLength } from './apply.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import type { AddressSetting } from './settings.ts';
import type { System, SystemPlan } from './system.ts';

type Interface = NodeStatus['interfaces'][number];

/** ifconfig of illumos, as far as it shows: `ifconfig -a`, `ifconfig net0 [inet6]`. */
export function ifconfig(argv: readonly string[]): SystemPlan {
  const [name, family, ...more] = argv;
  const isShow = name !== undefined && more.length === 0 && (family === undefined || /^inet6?$/.test(family));
  if (!isShow) {
    return wrong([
      'usage: ifconfig -a [inet|inet6]',
      '       ifconfig <interface> [inet|inet6]',
      '  addresses are set by ipadm here: ipadm create-addr, ipadm delete-addr; tunnels by dladm create-iptun',
    ]);
  }
  return stepPlan((system, { status }) => {
    const found = status.interfaces.filter(each => name === '-a' || each.name === name);
    if (found.length === 0) {
      return complain(system, [
        `ifconfig: status: SIOCGLIFFLAGS: ${name}: no such interface`,
        `  there is ${status.interfaces.map(each => each.name).join(', ')}`,
      ]);
    }
    const families = family === undefined ? ['inet', 'inet6'] : [family];
    const loopback = name === '-a' ? LOOPBACK : {};
    const blocks = families.flatMap(each => [
      ...(each in loopback ? [loopback[each] ?? ''] : []),
      ...found.flatMap((netInterface, i) => block(system, netInterface, i + 2, each === 'inet6')),
    ]);
    return say(system, blocks.join(''));
  });
}

const LOOPBACK: Readonly<Record<string, string>> = {
  inet: `lo0: flags=2001000849<UP,LOOPBACK,RUNNING,MULTICAST,IPv4,VIRTUAL> mtu 8232 index 1
        inet 127.0.0.1 netmask ff000000
`,
  inet6: `lo0: flags=2002000849<UP,LOOPBACK,RUNNING,MULTICAST,IPv6,VIRTUAL> mtu 8252 index 1
        inet6 ::1/128
`,
};

/** One for each address of that family, as logical interfaces: `net0`, `net0:1`. */
function block(system: System, netInterface: Interface, index: number, isV6: boolean): string[] {
  const { name, kind, up, mtu, addresses, tunnel } = netInterface;
  const own = addresses.filter(text => text.includes(':') === isV6);
  // As there, the link-local address of IPv6 is that of the interface itself.
  const ordered = isV6 ? [...own].sort((a, b) => Number(b.startsWith('fe80:')) - Number(a.startsWith('fe80:'))) : own;
  const linkFlags = kind === 'tunnel' ? 'POINTOPOINT,RUNNING,MULTICAST,NONUD' : 'BROADCAST,RUNNING,MULTICAST';
  const flags = `${up ? 'UP,' : ''}${linkFlags}${system.origin.forwarding ? ',ROUTER' : ''},${isV6 ? 'IPv6' : 'IPv4'}`;
  return ordered.map((text, i) => {
    const logical = i === 0 ? name : `${name}:${i}`;
    const lines = [
      `${logical}: flags=${flagBits(flags)}<${flags}> mtu ${mtu} index ${index}`,
      ...(i === 0 && tunnel !== undefined
        ? [`        inet tunnel src ${tunnel.local} tunnel dst ${tunnel.remote}`, '        tunnel hop limit 64']
        : []),
      `        ${addressText(system, netInterface, text, isV6)}`,
      ...(i === 0 && kind === 'ethernet' ? macLine(system, name) : []),
    ];
    return `${lines.join('\n')}\n`;
  });
}

function addressText({ settings }: System, { name, tunnel }: Interface, text: string, isV6: boolean): string {
  const own = withoutLength(text);
  const setting = settings.addresses.find(
    (each): each is AddressSetting & { readonly kind: 'static' } =>
      each.kind === 'static' && each.interface === name && withoutLength(each.local) === own,
  );
  const far = own.startsWith('fe80:') ? tunnel?.remoteLinkLocal : setting?.remote;
  const to = far === undefined || far === null ? '' : ` --> ${withoutLength(far)}`;
  if (isV6) return `inet6 ${text}${to}`;
  const length = Number(text.split('/')[1] ?? 32);
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  const broadcast = tunnel === undefined && length < 31 ? ` broadcast ${lastOf(own, mask)}` : '';
  return `inet ${own}${to} netmask ${mask.toString(16).padStart(8, '0')}${broadcast}`;
}

function lastOf(address: string, mask: number): string {
  const number = address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
  const last = (number | ~mask) >>> 0;
  return [24, 16, 8, 0].map(shift => (last >>> shift) & 0xff).join('.');
}

function macLine({ origin }: System, name: string): string[] {
  const mac = parseMac(origin.interfaces.find(each => each.name === name)?.mac ?? '');
  if (mac === null) return [];
  const short = formatMac(mac)
    .split(':')
    .map(part => part.replace(/^0(?=.)/, ''));
  return [`        ether ${short.join(':')} `];
}

/** IFF_* of illumos. */
const BITS: Readonly<Record<string, bigint>> = {
  UP: 1n,
  BROADCAST: 2n,
  POINTOPOINT: 0x10n,
  RUNNING: 0x40n,
  MULTICAST: 0x800n,
  ROUTER: 0x100000n,
  IPv4: 0x1000000n,
  IPv6: 0x2000000n,
  NONUD: 0x4000000n,
};

const flagBits = (flags: string): string =>
  flags
    .split(',')
    .reduce((sum, flag) => sum | (BITS[flag] ?? 0n), 0n)
    .toString(16);
