import { type Place, quoted, type Report, shortened } from '../../../engine/config/diagnostic.ts';
import type { Entry, MapValue, Value } from '../../topology/yaml-document.ts';

/** A containerlab file as far as a network is in it: what its nodes run and where, by which names its links join them. */
export interface ContainerlabFile {
  readonly name: string;
  readonly nodes: readonly ContainerlabNode[];
  /** Names of all nodes of the file, also of those that cannot be imported. */
  readonly declared: ReadonlySet<string>;
  readonly links: readonly ContainerlabLink[];
}

export interface ContainerlabNode {
  readonly name: string;
  readonly place: Place;
  /** Commands and sysctls of defaults, kind, group and node, in the order in which they are in force. */
  readonly commands: readonly { readonly text: string; readonly place: Place }[];
  readonly sysctls: readonly { readonly key: string; readonly value: string; readonly place: Place }[];
}

export interface ContainerlabLink {
  readonly place: Place;
  readonly mtu: number | null;
  readonly ends: readonly [ContainerlabEnd, ContainerlabEnd];
}

export interface ContainerlabEnd {
  readonly node: string;
  readonly interface: string;
  readonly place: Place;
  readonly addresses: readonly string[];
  readonly mac: string | null;
}

/** What cannot be imported goes to `errors`, what is left out to `notes`. null: there is nothing to go on with. */
export function readContainerlab(root: Value, errors: Report, notes: Report): ContainerlabFile | null {
  const topology = entryOf(root, 'topology');
  if (topology === null || topology.value.kind !== 'map') {
    errors.error(
      topology?.value.place ?? root.place,
      'there is no "topology" with nodes and links',
      'name a containerlab file, such as spine.clab.yml',
    );
    return null;
  }
  leaveOut(root, ['name', 'topology', 'prefix'], notes, 'a lab has no management network, and settings of its own');
  leaveOut(topology.value, ['nodes', 'links', 'kinds', 'defaults', 'groups'], notes, MEANS_NOTHING);
  const nodes = mapOf(entryOf(topology.value, 'nodes')?.value, 'nodes by name', errors);
  const links = entryOf(topology.value, 'links')?.value;
  return {
    name: textOf(entryOf(root, 'name')?.value) ?? 'unnamed',
    declared: new Set(nodes.map(({ key }) => key)),
    nodes: nodes.flatMap(entry => readNode(entry, topology.value, errors, notes) ?? []),
    links: links === undefined ? [] : itemsOf(links, errors).flatMap(link => readLink(link, errors, notes) ?? []),
  };
}

const MEANS_NOTHING = 'it means nothing to a lab';
const UNDERSTOOD = ['kind', 'group', 'exec', 'sysctls', 'network-mode'];

function readNode(entry: Entry, topology: Value, errors: Report, notes: Report): ContainerlabNode | null {
  const { key: name, keyPlace: place, value } = entry;
  const defaults = entryOf(topology, 'defaults')?.value;
  const groupName = textOf(entryOf(value, 'group')?.value);
  const group = groupName === null ? undefined : entryOf(entryOf(topology, 'groups')?.value, groupName)?.value;
  const nearest = (key: string, ...of: readonly (Value | undefined)[]) =>
    of.map(from => entryOf(from, key)).find(found => found !== null) ?? null;
  const kindEntry = nearest('kind', value, group, defaults);
  const kind = textOf(kindEntry?.value) ?? '';
  const ofKind = entryOf(entryOf(topology, 'kinds')?.value, kind)?.value;
  const layers = [defaults, ofKind, group, value];
  for (const layer of layers)
    if (layer !== undefined)
      leaveOut(layer, UNDERSTOOD, notes, 'a node is its network, and runs the programs of this machine');
  const mode = nearest('network-mode', value, group, ofKind, defaults);
  if (mode !== null && /^(host|container:)/.test(textOf(mode.value) ?? '')) {
    errors.error(
      mode.value.place,
      `${quoted(name)} shares the network of ${textOf(mode.value) === 'host' ? 'the machine' : 'another container'}`,
      'a lab has nothing to do with other networks: remove it, and let a node of the lab stand for what it is to reach',
    );
  }
  if (kind !== 'linux') {
    errors.error(kindEntry?.value.place ?? place, `${quoted(name)} is ${whatKind(kind)}`, fixForKind(kind));
    return null;
  }
  return {
    name,
    place,
    commands: layers.flatMap(layer =>
      itemsOf(entryOf(layer, 'exec')?.value, errors).flatMap(item =>
        item.kind === 'scalar' ? [{ text: String(item.value ?? ''), place: item.place }] : [],
      ),
    ),
    sysctls: layers.flatMap(layer =>
      mapOf(entryOf(layer, 'sysctls')?.value, 'sysctls', errors).map(({ key, keyPlace, value: setting }) => ({
        key,
        value: textOf(setting) ?? '',
        place: keyPlace,
      })),
    ),
  };
}

const BRIDGES: ReadonlySet<string> = new Set(['bridge', 'ovs-bridge', 'host']);

const whatKind = (kind: string): string => (kind === '' ? 'of no kind' : `of kind ${quoted(kind)}`);

const fixForKind = (kind: string): string =>
  BRIDGES.has(kind)
    ? "it is of the machine's own network, which a lab never touches: put a router of kind linux in its place"
    : 'only Linux containers can be imported: make it kind: linux, or leave it and its links out';

function readLink(value: Value, errors: Report, notes: Report): ContainerlabLink | null {
  const type = textOf(entryOf(value, 'type')?.value) ?? 'veth';
  if (type !== 'veth') {
    errors.error(
      entryOf(value, 'type')?.value.place ?? value.place,
      `a link of type ${quoted(type)} does not join two nodes`,
      'a lab has links between its nodes alone: remove it, or give it two ends',
    );
    return null;
  }
  leaveOut(value, ['type', 'endpoints', 'mtu', 'ipv4', 'ipv6'], notes, MEANS_NOTHING);
  const endpoints = itemsOf(entryOf(value, 'endpoints')?.value, errors);
  const brief = ['ipv4', 'ipv6'].map(key =>
    itemsOf(entryOf(value, key)?.value, errors).map(item => textOf(item) ?? ''),
  );
  const ends = endpoints.map((end, side) =>
    readEnd(
      end,
      brief.flatMap(addresses => addresses[side] ?? []).filter(text => text !== ''),
      errors,
    ),
  );
  const [first, second] = ends;
  if (ends.length !== 2)
    errors.error(
      value.place,
      `this link has ${ends.length === 1 ? 'one end' : `${ends.length} ends`}`,
      'give it two: endpoints: ["a:eth1", "b:eth1"]',
    );
  if (ends.length !== 2 || first === undefined || first === null || second === undefined || second === null)
    return null;
  const mtu = Number(textOf(entryOf(value, 'mtu')?.value) ?? Number.NaN);
  return { place: value.place, mtu: Number.isInteger(mtu) ? mtu : null, ends: [first, second] };
}

/** `host:…` and the like are ends in the machine's own network. */
const OUTSIDE: ReadonlySet<string> = new Set(['host', 'mgmt-net', 'macvlan']);

function readEnd(value: Value, addresses: readonly string[], errors: Report): ContainerlabEnd | null {
  const text = textOf(value);
  const own = (key: string): string | null => textOf(entryOf(value, key)?.value);
  const [node = '', device = '', ...more] =
    text === null ? [own('node') ?? '', own('interface') ?? ''] : text.split(':');
  const wrong = (message: string, fix: string) => {
    errors.error(value.place, message, fix);
    return null;
  };
  if (OUTSIDE.has(node)) {
    return wrong(
      `this link leads to ${quoted(node)}, out of the lab`,
      "a lab never joins the machine's own network: end the link at a node",
    );
  }
  if (node === '' || device === '' || more.length > 0)
    return wrong(`${quoted(text ?? 'this')} is not a link end`, 'write node:interface, such as "a:eth1"');
  return {
    node,
    interface: device,
    place: value.place,
    addresses: [...addresses, ...[own('ipv4'), own('ipv6')].filter(found => found !== null)],
    mac: own('mac'),
  };
}

/** Says of each other key that it is not taken over, and why. */
function leaveOut(value: Value, known: readonly string[], notes: Report, why: string): void {
  if (value.kind !== 'map') return;
  for (const { key, keyPlace } of value.entries)
    if (!known.includes(key)) notes.error(keyPlace, `${quoted(key)} is left out: ${why}`, null);
}

function entryOf(value: Value | undefined, key: string): Entry | null {
  return value?.kind === 'map' ? (value.entries.find(entry => entry.key === key) ?? null) : null;
}

function mapOf(value: Value | undefined, what: string, errors: Report): MapValue['entries'] {
  if (value === undefined || isNothing(value)) return [];
  if (value.kind === 'map') return value.entries;
  errors.error(value.place, `here should be a map of ${what}`, 'write "name: value" on lines of their own');
  return [];
}

function itemsOf(value: Value | undefined, errors: Report): readonly Value[] {
  if (value === undefined || isNothing(value)) return [];
  if (value.kind === 'list') return value.items;
  errors.error(value.place, 'here should be a list', 'write each item on a line with "- "');
  return [];
}

const isNothing = (value: Value): boolean => value.kind === 'scalar' && value.value === null;

/** A scalar's text; null: there is none. */
function textOf(value: Value | undefined): string | null {
  return value?.kind === 'scalar' && value.value !== null ? shortened(String(value.value)) : null;
}
