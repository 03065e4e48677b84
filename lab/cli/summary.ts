import type { LabStatus } from '../supervisor/api.ts';
import type { CheckSpec } from '../topology/model.ts';
import { childTable, ikeTable } from './ike-text.ts';
import { saTable } from './ipsec-text.ts';
import { linkTable, nodeTable, section, tunnelTable } from './status-text.ts';
import { printable, type Style } from './terminal.ts';
import { deprecatedTable, troubleTable } from './trouble-text.ts';

/** What exists, for `lab up`: the tables of `lab status` without the counters, which say nothing yet. */
export function summaryLines(status: LabStatus, style: Style): string[] {
  const seed = status.seed === null ? '' : `, seed ${printable(status.seed)}`;
  return [
    `${style.bold(status.lab)}: ${printable(status.topology.title)} (${status.driver}${seed})`,
    ...section(nodeTable(status.nodes, 'without counters')),
    ...section(linkTable(status.links, 'without counters')),
    ...section(tunnelTable(status.nodes, 'without counters')),
    ...section(ikeTable(status.nodes)),
    ...section(childTable(status.nodes, 'without counters')),
    ...section(saTable(status.nodes, 'without counters')),
    ...section(troubleTable(status.events)),
    ...section(deprecatedTable(status.events)),
  ];
}

/** What the topology itself says of how to begin, with `lab` as it is called here. */
export function firstStepLines(steps: readonly string[]): string[] {
  return steps.length === 0 ? [] : ['begin here:', ...steps.map(step => `  ${printable(asCalledHere(step))}`), ''];
}

const asCalledHere = (step: string): string => (step.startsWith('lab ') ? `${calledAs()} ${step.slice(4)}` : step);

const calledAs = (): string => (process.env['npm_command'] === 'exec' ? 'npx lab' : 'lab');

/** Commands that work on this very lab, as they can be pasted: `npx lab` where it was called so. What is checked is worth a look. */
export function tryNextLines(status: LabStatus, checks: readonly CheckSpec[], isOnlyLab: boolean): string[] {
  const lab = calledAs();
  const which = isOnlyLab ? '' : ` --lab ${status.lab}`;
  const flow = flowToTry(status, checks);
  const engine =
    status.nodes.find(node => node.engine && node.sas.length > 0) ?? status.nodes.find(node => node.engine);
  const link = linkToTry(status, checks);
  const decrypt = status.nodes.some(node => node.sas.length > 0) ? ' --decrypt' : '';
  const negotiating = status.nodes.find(node => (node.ike?.sas.length ?? 0) > 0);
  return [
    'try next:',
    ...(flow ? [`  ${lab} exec${which} ${flow.from} -- ping -c 3 ${flow.address}`] : []),
    ...(link ? [`  ${lab} capture${which} ${link} --count 5${decrypt}`] : []),
    ...(engine && flow ? [`  ${lab} explain${which} ${engine.name} ${flow.from} ${flow.to}`] : []),
    ...(negotiating ? [`  ${lab} ike${which} ${negotiating.name}`] : []),
    `  ${lab} status${which}`,
    `  ${lab} down${isOnlyLab ? '' : ` ${status.lab}`}`,
  ];
}

/** The first that is checked, or from one end of the lab to the other. */
function flowToTry(
  { nodes }: LabStatus,
  checks: readonly CheckSpec[],
): { from: string; to: string; address: string } | null {
  const reach = checks.find(check => check.kind === 'reach');
  if (reach?.kind === 'reach') return { from: reach.from, to: reach.toNode ?? reach.to, address: reach.to };
  const hosts = nodes.filter(node => node.kind === 'host');
  const ends = hosts.length >= 2 ? hosts : nodes;
  const [near, far] = [ends[0], ends.at(-1)];
  const address = far?.interfaces.flatMap(port => port.addresses)[0]?.replace(/\/.*$/, '');
  return near && far && address !== undefined ? { from: near.name, to: far.name, address } : null;
}

/** One where packets are said to be encrypted, or at least one that no host is at. */
function linkToTry({ nodes, links }: LabStatus, checks: readonly CheckSpec[]): string | undefined {
  const encrypted = checks.find(check => check.kind === 'encrypted');
  if (encrypted?.kind === 'encrypted') return encrypted.link;
  const hosts = nodes.filter(node => node.kind === 'host');
  const wan = links.find(link => !link.ends.some(end => hosts.some(host => end.startsWith(`${host.name}:`))));
  return (wan ?? links[0])?.name;
}
