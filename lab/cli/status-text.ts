import type { LabNodeStatus, LabStatus, LinkStatus } from '../supervisor/api.ts';
import type { Impairment } from '../topology/model.ts';
import { childTable, ikeLines, ikeTable, ikeUsageTable } from './ike-text.ts';
import { filterLines, filterTable, policyTable, saTable } from './ipsec-text.ts';
import { table } from './table.ts';
import type { SeenNode, SeenStatus } from './seen-status.ts';
import { printable, type Style } from './terminal.ts';
import { deprecatedTable, troubleTable } from './trouble-text.ts';

/** `lab status` for eyes: what exists, then what moved, then what was wrong. */
export function statusLines(status: SeenStatus, style: Style): string[] {
  const title = printable(status.topology.title);
  return [
    `${style.bold(status.lab)}: ${title} (${status.driver}${status.seed === null ? '' : `, seed ${printable(status.seed)}`})`,
    ...section(nodeTable(status.nodes)),
    ...section(linkTable(status.links)),
    ...section(processTable(status.nodes)),
    ...section(tunnelTable(status.nodes)),
    ...section(policyTable(status.nodes)),
    ...section(ikeTable(status.nodes)),
    ...section(ikeUsageTable(status.nodes)),
    ...section(childTable(status.nodes, 'with counters')),
    ...ikeLines(status.nodes),
    ...section(saTable(status.nodes, 'with counters')),
    ...section(filterTable(status.nodes)),
    ...filterLines(status.nodes, style),
    ...section(dropTable(status)),
    ...section(troubleTable(status.events)),
    ...section(deprecatedTable(status.events)),
    ...leakLines(status, style),
  ];
}

/** A new lab has nothing to count yet. */
export type Columns = 'with counters' | 'without counters';

/** Addresses, an interface a line; the counters of what went through it. */
export function nodeTable(nodes: readonly LabNodeStatus[], columns: Columns = 'with counters'): string[] {
  const rows = nodes.flatMap(node =>
    node.interfaces
      .filter(port => port.kind === 'ethernet')
      .map((port, index) => [
        index === 0 ? node.name : '',
        index === 0 ? kindText(node) : '',
        port.up ? port.name : `${port.name} (down)`,
        addressText(port.addresses),
        String(port.counters.receivedPackets),
        String(port.counters.sentPackets),
      ]),
  );
  return cut(2, columns, ['NODE', 'KIND', 'INTERFACE', 'ADDRESSES', 'RECEIVED', 'SENT'], rows);
}

const kindText = ({ kind, condition }: LabNodeStatus): string => (condition === 'up' ? kind : `${kind} (${condition})`);

export function linkTable(links: readonly LinkStatus[], columns: Columns = 'with counters'): string[] {
  const rows = links.map(link => [
    link.name,
    link.ends.join(' - '),
    faultText(link),
    link.captureLosses === 0
      ? link.frames.join(' / ')
      : `${link.frames.join(' / ')} (${link.captureLosses} not captured)`,
  ]);
  return cut(1, columns, ['LINK', 'ENDS', 'IMPAIRMENT', 'FRAMES'], rows);
}

/** For debuggers and profilers. */
function processTable(nodes: readonly SeenNode[]): string[] {
  const rows = nodes.flatMap(({ name, pid, engine }) =>
    pid === null ? [] : [[String(pid), name, engine ? 'the engine' : 'its daemon']],
  );
  return table(['PROCESS', 'NODE', 'WHAT RUNS'], rows);
}

export function tunnelTable(nodes: readonly LabNodeStatus[], columns: Columns = 'with counters'): string[] {
  const rows = nodes.flatMap(node =>
    node.interfaces
      .filter(port => port.kind === 'tunnel')
      .map(port => [
        port.name,
        node.name,
        addressText(port.addresses),
        String(port.mtu),
        routesThrough(node, port.name),
        String(port.counters.receivedPackets),
        String(port.counters.sentPackets),
      ]),
  );
  return cut(2, columns, ['TUNNEL', 'NODE', 'ADDRESSES', 'MTU', 'ROUTES', 'RECEIVED', 'SENT'], rows);
}

/** What was dropped, and of the last one that an event tells of: why. */
function dropTable({ nodes, events }: Pick<LabStatus, 'nodes' | 'events'>): string[] {
  const last = (reason: string, node: string): string =>
    events.findLast(event => event.kind === reason && event.node === node)?.detail ?? '-';
  const rows = nodes.flatMap(node =>
    Object.entries(node.drops)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => [reason, node.name, String(count), printable(last(reason, node.name))]),
  );
  return table(['DROPPED', 'NODE', 'PACKETS', 'THE LAST ONE'], rows);
}

/** What the tripwire saw; the one thing in a status that nobody may overlook. */
function leakLines(status: Pick<LabStatus, 'tripwire'>, style: Style): string[] {
  if (status.tripwire.length === 0) return [];
  return [
    '',
    style.bad('PROTECTED FLOWS SEEN IN THE CLEAR'),
    ...status.tripwire.flatMap(leak => [
      `  ${leak.flow} on ${leak.link}: ${leak.packets} packet${leak.packets === 1 ? '' : 's'} (${printable(leak.because)})`,
      `    first: ${leak.first}`,
    ]),
  ];
}

/** Every interface has a link-local address, and nobody looks for it in a table; JSON has it. */
const addressText = (addresses: readonly string[]): string =>
  addresses.filter(address => !/^fe[89ab]/.test(address)).join(' ') || '-';

/** The table, its last `counters` columns left out where they are not wanted. */
function cut(counters: number, columns: Columns, headings: string[], rows: string[][]): string[] {
  if (columns === 'with counters') return table(headings, rows);
  return table(
    headings.slice(0, -counters),
    rows.map(row => row.slice(0, -counters)),
  );
}

/** A table that has only its headings is not shown. */
export function section(lines: readonly string[]): string[] {
  return lines.length < 2 ? [] : ['', ...lines];
}

const routesThrough = (node: LabNodeStatus, tunnel: string): string =>
  node.routes
    .filter(route => route.interface === tunnel)
    .map(route => route.destination)
    .join(' ') || '-';

/** What keeps frames from passing, then what happens to those that do. */
export function faultText({ isCut, lostFrom, impairments }: LinkStatus): string {
  const stops = [...(isCut ? ['CUT'] : []), ...lostFrom.map(end => `LOST from ${end}`)];
  const text = impairmentText(impairments);
  return stops.length === 0 ? text : [...stops, ...(text === '-' ? [] : [text])].join(', ');
}

export function impairmentText([there, back]: readonly [Impairment, Impairment]): string {
  const [forward, backward] = [oneWay(there), oneWay(back)];
  return forward === backward ? forward : `${forward} / ${backward}`;
}

function oneWay(impairment: Impairment): string {
  const chances = ['loss', 'duplicate', 'reorder', 'corrupt'] as const;
  const parts = [
    ...(impairment.delayNs > 0 ? [`delay ${milliseconds(impairment.delayNs)}`] : []),
    ...(impairment.jitterNs > 0 ? [`jitter ${milliseconds(impairment.jitterNs)}`] : []),
    ...chances
      .filter(kind => impairment[kind] > 0)
      .map(kind => `${kind} ${Number((impairment[kind] * 100).toPrecision(6))}%`),
    ...(impairment.rateBitsPerSecond === null ? [] : [`rate ${rateText(impairment.rateBitsPerSecond)}`]),
  ];
  return parts.join(', ') || '-';
}

const milliseconds = (ns: number): string => `${ns / 1e6}ms`;

function rateText(bitsPerSecond: number): string {
  if (bitsPerSecond % 1e9 === 0) return `${bitsPerSecond / 1e9}gbit`;
  if (bitsPerSecond % 1e6 === 0) return `${bitsPerSecond / 1e6}mbit`;
  if (bitsPerSecond % 1e3 === 0) return `${bitsPerSecond / 1e3}kbit`;
  return `${bitsPerSecond}bit`;
}
