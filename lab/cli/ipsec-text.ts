import { nameOfProtocol } from '../../engine/wire/protocol-names.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import type { LifetimeLimits } from '../../engine/ipsec/lifetime.ts';
import type { NumberSet } from '../../engine/ipsec/selector.ts';
import type { PolicyConfig } from '../../engine/node/config.ts';
import type { SaStatus } from '../../engine/node/node.ts';
import type { LabNodeStatus } from '../supervisor/api.ts';
import { table } from './table.ts';
import { printable, type Style } from './terminal.ts';

/** The SPDs in the order in which they are tried, with how many packets each entry decided on. */
export function policyTable(nodes: readonly LabNodeStatus[]): string[] {
  const rows = nodes.flatMap(node =>
    node.policies.map(({ name, config, action, packets }) => [
      printable(name),
      node.name,
      config.tunnel ?? 'node',
      selectorText(config),
      action,
      String(packets),
    ]),
  );
  return table(['POLICY', 'NODE', 'SPD', 'SELECTOR', 'ACTION', 'PACKETS'], rows);
}

/** `tcp 10.0.0.0/24 <-> 10.0.1.0/24 port 80,443`; the arrow says which lookups see the entry. */
export function selectorText(config: Omit<PolicyConfig, 'name' | 'action' | 'tunnel'>): string {
  const { direction = 'both', local, remote, protocol, localPort, remotePort, icmp = 'any' } = config;
  const arrow = { both: '<->', outbound: '->', inbound: '<-' }[direction];
  return [
    ...(protocol === 'any' ? [] : [typeof protocol === 'number' ? protocolText(protocol) : protocol]),
    ...icmpText(icmp),
    addressesText(local),
    ...portText(localPort),
    arrow,
    addressesText(remote),
    ...portText(remotePort),
  ].join(' ');
}

const protocolText = (protocol: number): string => nameOfProtocol(protocol) ?? String(protocol);

/** A single address without its length. */
function addressesText(addresses: string | readonly string[]): string {
  const list = typeof addresses === 'string' ? [addresses] : addresses;
  return list.map(text => text.replace(text.includes(':') ? /\/128$/ : /\/32$/, '')).join(',');
}

function portText(ports: number | NumberSet): string[] {
  if (ports === 'any') return [];
  return ['port', typeof ports === 'number' ? String(ports) : rangesText(ports, String)];
}

function icmpText(icmp: number | NumberSet): string[] {
  if (icmp === 'any') return [];
  if (typeof icmp === 'number') return [typeAndCode(icmp)];
  return [rangesText(icmp, typeAndCode)];
}

function rangesText(set: Exclude<NumberSet, 'any'>, text: (value: number) => string): string {
  if (set === 'opaque') return 'opaque';
  return set
    .map(([low, high]) => {
      if (low === high) return text(low);
      const isWholeType = text === typeAndCode && low % 256 === 0 && high === low + 255;
      return isWholeType ? String(low / 256) : `${text(low)}-${text(high)}`;
    })
    .join(',');
}

const typeAndCode = (value: number): string => `${value >> 8}/${value & 0xff}`;

export function saTable(nodes: readonly LabNodeStatus[], columns: 'with counters' | 'without counters'): string[] {
  const headings = ['SA', 'NODE', 'DIRECTION', 'ADDRESSES', 'MODE', 'SUITE'];
  const counters = ['WINDOW', 'LIFETIME', 'SEQUENCE', 'PACKETS', 'OCTETS'];
  const rows = nodes.flatMap(node =>
    node.sas.map(sa => [
      formatSpi(sa.spi),
      node.name,
      sa.direction,
      `${sa.source} -> ${sa.destination}`,
      modeText(sa),
      `${sa.suite}${sa.legacy ? ' (legacy)' : ''}`,
      ...(columns === 'without counters'
        ? []
        : [windowText(sa), lifetimeText(sa), sa.sequence, String(sa.packets), String(sa.octets)]),
    ]),
  );
  return table(columns === 'with counters' ? [...headings, ...counters] : headings, rows);
}

/** `esp tunnel`, `ah transport`, `esp tunnel udp`, `esp tunnel udp 4500 > 61000` where a NAT has changed a port. */
const modeText = ({ protocol, mode, encapsulation }: SaStatus): string =>
  [protocol, mode, ...(encapsulation === null ? [] : ['udp', encapsulation.replace('4500 > 4500', '')])]
    .join(' ')
    .trim();

/** `64`, `64 esn`; of an outbound SA, whose window the other end has, only whether there are extended sequence numbers. */
function windowText({ direction, windowPackets, esn }: SaStatus): string {
  const parts = [...(direction === 'inbound' ? [String(windowPackets)] : []), ...(esn ? ['esn'] : [])];
  return parts.join(' ') || '-';
}

/** What of its hard limits is used up, or of the soft ones where there are no hard ones: `12/3600s 10/1000 packets`. */
function lifetimeText({ lifetime, ageSeconds, octets, packets }: SaStatus): string {
  const limit = (which: keyof LifetimeLimits) => lifetime.hard[which] ?? lifetime.soft[which];
  const [seconds, most, count] = [limit('seconds'), limit('octets'), limit('packets')];
  const parts = [
    ...(seconds === null ? [] : [`${Math.floor(ageSeconds)}/${Math.round(seconds)}s`]),
    ...(most === null ? [] : [`${octets}/${most} octets`]),
    ...(count === null ? [] : [`${packets}/${count} packets`]),
  ];
  return parts.join(' ') || '-';
}

/** As `ipfstat -io -h` shows them: how often each rule matched. */
export function filterTable(nodes: readonly LabNodeStatus[]): string[] {
  const rows = nodes.flatMap(node =>
    (node.filter?.rules ?? []).map(rule => [
      printable(rule.text),
      `${printable(rule.file)}:${rule.line}`,
      node.name,
      rule.direction,
      String(rule.packets),
      String(rule.octets),
    ]),
  );
  return table(['FILTER RULE', 'FILE', 'NODE', 'DIRECTION', 'PACKETS', 'OCTETS'], rows);
}

const counts = (of: { readonly in: number; readonly out: number }): string => `${of.in} in, ${of.out} out`;

/** Below the rules: what they came to. */
export function filterLines(nodes: readonly LabNodeStatus[], style: Pick<Style, 'bad'>): string[] {
  return nodes.flatMap(({ name, filter }) => {
    if (filter === null) return [];
    const { passed, blocked, states, stateTableFull } = filter;
    const full = stateTableFull === 0 ? '' : style.bad(`, no room for ${stateTableFull}`);
    return [`${name}: passed ${counts(passed)}; blocked ${counts(blocked)}; tracks ${states} flows${full}`];
  });
}
