import type { NodeStatus } from '../../engine/node/node.ts';
import { compareAddresses } from '../../engine/wire/address.ts';
import { parsePrefix } from '../../engine/wire/prefix.ts';
import { withoutLength } from './apply.ts';
import { say, stepPlan, wrong } from './effect.ts';
import { hasOption, optionValue, readOptions } from './options.ts';
import type { SystemPlan } from './system.ts';
import type { StatusRoute } from './routing-table.ts';

const USAGE = [
  'usage: netstat -r [-anv] [-f inet|inet6]    the routing table',
  '       netstat -i [-an] [-I <interface>] [-f inet|inet6]    the interfaces',
];
type Family = 'inet' | 'inet6';

/** netstat(8) of illumos: its `-r` and its `-i`. Names are never looked up, so that `-n` makes no difference. */
export function netstat(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'rniavRf:I:');
  if (reading.kind === 'wrong' || reading.options.operands.length > 0) return wrong(USAGE);
  const { options } = reading;
  const asked = optionValue(options, 'f');
  if (asked !== null && asked !== 'inet' && asked !== 'inet6') {
    return wrong([`netstat: unknown address family ${asked}`, '  fix: inet or inet6']);
  }
  const families: readonly Family[] = asked === null ? ['inet', 'inet6'] : [asked];
  if (hasOption(options, 'r')) {
    return stepPlan((system, { status }) => say(system, families.map(family => routingTable(status, family)).join('')));
  }
  if (!hasOption(options, 'i') && optionValue(options, 'I') === null) return wrong(USAGE);
  const only = optionValue(options, 'I');
  return stepPlan((system, { status }) =>
    say(system, families.map(family => interfaceTable(status, family, only)).join('')),
  );
}

function routingTable(status: NodeStatus, family: Family): string {
  const isV6 = family === 'inet6';
  const routes = status.routes
    .filter(({ destination }) => destination.includes(':') === isV6)
    .toSorted(byDestination)
    .map(route => row(status, route));
  const all = isV6 ? [...routes, ['::1', '::1', 'UH', 'lo0']] : [...routes, ['127.0.0.1', '127.0.0.1', 'UH', 'lo0']];
  const heading = isV6
    ? [
        'Routing Table: IPv6',
        '  Destination/Mask            Gateway                   Flags Ref   Use    If   ',
        '--------------------------- --------------------------- ----- --- ------- ----- ',
      ]
    : [
        'Routing Table: IPv4',
        '  Destination           Gateway           Flags  Ref     Use     Interface ',
        '-------------------- -------------------- ----- ----- ---------- --------- ',
      ];
  const lines = all.map(([to = '', via = '', flags = '', out = '']) =>
    isV6
      ? `${to.padEnd(27)} ${via.padEnd(27)} ${flags.padEnd(5)} ${'1'.padStart(3)} ${'0'.padStart(7)} ${out.padEnd(5)} `
      : `${to.padEnd(20)} ${via.padEnd(20)} ${flags.padEnd(5)} ${'1'.padStart(5)} ${'0'.padStart(10)} ${out.padEnd(9)} `,
  );
  return `\n${[...heading, ...lines].map(line => `${line.trimEnd()}\n`).join('')}`;
}

/** The default route first, as there, then by number. */
function byDestination(a: StatusRoute, b: StatusRoute): number {
  const [first, second] = [parsePrefix(a.destination), parsePrefix(b.destination)];
  if (first === null || second === null) return 0;
  return compareAddresses(first.address, second.address) || first.length - second.length;
}

/** Without a next hop the gateway is the node's own address on that link. The nets of IPv4 stand there without their masks. */
function row(status: NodeStatus, { destination, via, interface: out }: StatusRoute): readonly string[] {
  const [address = '', length = ''] = destination.split('/');
  const isV6 = address.includes(':');
  const isHost = length === (isV6 ? '128' : '32');
  const to = length === '0' ? 'default' : isV6 && !isHost ? destination : address;
  const own = status.interfaces
    .find(({ name }) => name === out)
    ?.addresses.map(withoutLength)
    .filter(text => text.includes(':') === isV6);
  const near = isV6 && !address.startsWith('fe80:') ? own?.find(text => !text.startsWith('fe80:')) : own?.[0];
  const flags = `U${via === null ? '' : 'G'}${isHost ? 'H' : ''}`;
  return [to, via ?? near ?? own?.[0] ?? out, flags, out];
}

function interfaceTable(status: NodeStatus, family: Family, only: string | null): string {
  const isV6 = family === 'inet6';
  const rows = status.interfaces
    .filter(({ name }) => only === null || name === only)
    .flatMap(({ name, mtu, addresses, counters }) => {
      const own = addresses.find(text => text.includes(':') === isV6);
      if (own === undefined) return [];
      const { receivedPackets, sentPackets } = counters;
      return [[name, String(mtu), own, withoutLength(own), receivedPackets, 0, sentPackets, 0, 0].map(String)];
    });
  if (rows.length === 0) return '';
  const widths = isV6 ? [6, 5, 28, 28, 9, 5, 9, 5, 6] : [6, 5, 19, 15, 9, 5, 9, 5, 6];
  const names = [
    'Name',
    'Mtu',
    isV6 ? 'Net/Dest' : 'Net/Dest',
    'Address',
    'Ipkts',
    'Ierrs',
    'Opkts',
    'Oerrs',
    'Collis',
  ];
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join(' ')
      .trimEnd();
  return `${[names, ...rows].map(cells => `${line(cells)}\n`).join('')}\n`;
}
