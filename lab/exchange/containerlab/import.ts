import { Report } from '../../../engine/config/diagnostic.ts';
import { readYaml } from '../../topology/yaml-document.ts';
import { assumeAddresses, assumedGateways } from '../assumed-addresses.ts';
import { networkChanges, settingChange } from '../ip-command.ts';
import { HOW_TO_GO_ON, type Imported } from '../imported.ts';
import { linkCheck } from '../link-check.ts';
import { lastPart, Names } from '../names.ts';
import type { LinkDraft } from '../network-draft.ts';
import { HostChanges } from '../host-changes.ts';
import { type ContainerlabFile, type ContainerlabNode, readContainerlab } from './file.ts';

/**
 * Takes over what a containerlab file says of a network: nodes of kind linux, links between them, and the addresses, routes and
 * forwarding that links and `exec` lines give. Never throws, whatever the text; `file` is only what diagnostics call it.
 */
export function importContainerlab(file: string, text: string): Imported {
  const errors = new Report(file);
  const notes = new Report(file);
  const root = readYaml(text, errors);
  const read = root === null ? null : readContainerlab(root, errors, notes);
  const draft = read === null ? null : draftOf(file, read, errors, notes);
  return {
    draft: errors.count === 0 ? draft : null,
    errors: errors.diagnostics(),
    notes: notes.diagnostics(),
  };
}

function draftOf(file: string, read: ContainerlabFile, errors: Report, notes: Report): NonNullable<Imported['draft']> {
  const names = new Names(32);
  const hosts = new Map(read.nodes.map(node => [node.name, new HostChanges(node.name, names.of(node.name))]));
  const links = linksOf(read, hosts, errors);
  for (const node of read.nodes) configure(node, hosts.get(node.name), notes);
  const drafts = assumeAddresses(
    [...hosts.values()].map(host => host.draft()),
    links,
  );
  const title = `Imported from containerlab's ${lastPart(file)}`;
  const nodes = assumedGateways(drafts, links);
  return {
    name: new Names(32).of(read.name),
    title,
    remarks: [`${title}. ${HOW_TO_GO_ON}`],
    nodes,
    links,
    checks: links.flatMap(link => linkCheck(link, nodes)),
  };
}

function linksOf(read: ContainerlabFile, hosts: ReadonlyMap<string, HostChanges>, errors: Report): LinkDraft[] {
  const names = new Names(32);
  return read.links.flatMap(({ place, mtu, ends }) => {
    const endpoints = ends.map(end => {
      const host = hosts.get(end.node);
      // A node that cannot be imported has its diagnostic.
      if (host === undefined) {
        if (read.declared.has(end.node)) return null;
        errors.error(
          end.place,
          `the link ends at "${end.node}", which is not a node`,
          'declare it under nodes, or remove the link',
        );
        return null;
      }
      if (!host.plug(end.interface, end.addresses, end.mac)) {
        errors.error(
          end.place,
          `${end.node}:${end.interface} is on another link already`,
          'give each link its own interface',
        );
        return null;
      }
      return { node: host.name, interface: host.interfaceName(end.interface) };
    });
    const [first, second] = endpoints;
    if (first === undefined || second === undefined || first === null || second === null) return [];
    return [
      {
        name: names.of(`${first.node}-${second.node}`, `link${place.line}`),
        endpoints: [`${first.node}:${first.interface}`, `${second.node}:${second.interface}`],
        mtu,
        impair: {},
        remark: null,
      },
    ];
  });
}

function configure(node: ContainerlabNode, host: HostChanges | undefined, notes: Report): void {
  for (const { key, value, place } of node.sysctls) {
    const change = settingChange(key, value);
    if (change === null || host?.apply(change) !== null)
      notes.error(place, `the sysctl ${key} of ${node.name} is left out: a topology does not say it`, null);
  }
  for (const { text, place } of node.commands) {
    for (const change of networkChanges(text)) {
      const why = host?.apply(change) ?? null;
      if (why !== null) notes.error(place, `${node.name}: ${why}`, null);
    }
  }
}
