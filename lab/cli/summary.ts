import type { LabStatus } from '../supervisor/api.ts';
import { childTable, ikeTable } from './ike-text.ts';
import { saTable } from './ipsec-text.ts';
import { linkTable, nodeTable, section, tunnelTable } from './status-text.ts';
import { printable, type Style } from './terminal.ts';

/** What exists, for `lab up`: the tables of `lab status` without the counters, which say nothing yet. */
export function summaryLines(status: LabStatus, style: Style): string[] {
  const seed = status.seed === null ? '' : `, seed ${printable(status.seed)}`;
  return [
    `${style.bold(status.lab)}: ${printable(status.topology.title)} (${status.driver}${seed})`,
    ...section(nodeTable(status.nodes, 'without counters')),
    ...section(linkTable(status.links, 'without counters')),
    ...section(tunnelTable(status.nodes, 'without counters')),
    ...section(ikeTable(status.nodes, 'without counters')),
    ...section(childTable(status.nodes, 'without counters')),
    ...section(saTable(status.nodes, 'without counters')),
  ];
}

/** Commands that work on this very lab, as they can be pasted: `npx lab` where it was called so. */
export function tryNextLines(status: LabStatus, isOnlyLab: boolean): string[] {
  const lab = process.env['npm_command'] === 'exec' ? 'npx lab' : 'lab';
  const which = isOnlyLab ? '' : ` --lab ${status.lab}`;
  const hosts = status.nodes.filter(node => node.kind === 'host');
  const ends = hosts.length >= 2 ? hosts : status.nodes;
  const [near, far] = [ends[0], ends.at(-1)];
  const target = far?.interfaces.flatMap(port => port.addresses)[0]?.replace(/\/.*$/, '');
  const engine = status.nodes.find(node => node.engine);
  const wan = status.links.find(link => !link.ends.some(end => hosts.some(host => end.startsWith(`${host.name}:`))));
  const link = wan ?? status.links[0];
  const decrypt = status.nodes.some(node => node.sas.length > 0) ? ' --decrypt' : '';
  return [
    'try next:',
    ...(near && target ? [`  ${lab} exec${which} ${near.name} -- ping -c 3 ${target}`] : []),
    ...(link ? [`  ${lab} capture${which} ${link.name} --count 5${decrypt}`] : []),
    ...(engine && near && far ? [`  ${lab} explain${which} ${engine.name} ${near.name} ${far.name}`] : []),
    `  ${lab} status${which}`,
    `  ${lab} down${isOnlyLab ? '' : ` ${status.lab}`}`,
  ];
}
