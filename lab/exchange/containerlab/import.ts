import { Report } from '../../../engine/config/diagnostic.ts';
import { readYaml } from '../../topology/yaml-document.ts';
import { assumeAddresses, assumedGateways } from '../assumed-addresses.ts';
import { networkChanges, settingChange } from '../ip-command.ts';
import type { Imported } from '../imported.ts';
import { lastPart, Names } from '../names.ts';
import type { InterfaceDraft, LinkDraft, NodeDraft } from '../network-draft.ts';
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
    checks: links.flatMap(link => checkOf(link, nodes)),
  };
}

const HOW_TO_GO_ON =
  'It has no IPsec yet: make the nodes that are to protect something "kind: gateway" and give them a "policy:", as ' +
  'topologies/site-to-site-manual.yaml does.';

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

/** That the ends of a link hear each other is what must be true at least. */
function checkOf({ endpoints }: LinkDraft, nodes: readonly NodeDraft[]): { from: string; to: string }[] {
  const [from = ''] = endpoints[0].split(':');
  const there = addressesOf(endpoints[1], nodes);
  const here = addressesOf(endpoints[0], nodes);
  const to = there.find(address => here.some(own => own.includes(':') === address.includes(':')));
  return to === undefined ? [] : [{ from, to: to.split('/')[0] ?? to }];
}

function addressesOf(endpoint: string, nodes: readonly NodeDraft[]): InterfaceDraft['addresses'] {
  const [node, device] = endpoint.split(':');
  const found = nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === device);
  return found?.addresses ?? [];
}
