import { Report } from '../../../engine/config/diagnostic.ts';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../../engine/host/program.ts';
import { assumeAddresses, assumedGateways } from '../assumed-addresses.ts';
import { HostChanges } from '../host-changes.ts';
import { HOW_TO_GO_ON, type Imported } from '../imported.ts';
import { linkCheck } from '../link-check.ts';
import { lastPart, Names } from '../names.ts';
import type { LinkDraft, NetworkDraft } from '../network-draft.ts';
import { impairmentOf } from './impairment.ts';
import { runWithoutRights } from './sandbox.ts';
import { type Segment, segmentsOf } from './switched.ts';
import { type MininetNode, type MininetTopo, type MininetTopoEnd, parseAnswer } from './topo.ts';

export interface MininetFile {
  /** What diagnostics call it. */
  readonly file: string;
  readonly source: string;
  /** Of its topologies, with arguments as `mn --topo` takes them; null: the only one. */
  readonly topo: string | null;
}

/**
 * Takes over the topology that a Python file defines for Mininet: hosts, those that forward as routers, links and what impairs them,
 * switches as the links that they make. The file is run for that, where it can do no harm; no network is started. `python` has Mininet.
 */
export function importMininet({ file, source, topo }: MininetFile, python: readonly string[]): Imported {
  const errors = new Report(file);
  const notes = new Report(file);
  const read = readTopo({ file, source, topo }, python, errors);
  const draft = read === null ? null : draftOf(file, read, errors, notes);
  return {
    draft: errors.count === 0 ? draft : null,
    errors: errors.diagnostics(),
    notes: notes.diagnostics(),
  };
}

/** The whole file, where the place of something in it is not known. */
const WHOLE = 0;

function readTopo(request: MininetFile, python: readonly string[], errors: Report): MininetTopo | null {
  const wrong = (line: number, message: string, fix: string | null) => {
    errors.error(placeAt(line), message, fix);
    return null;
  };
  // The program is no file where it runs.
  const program = readFileSync(packageFile('lab/exchange/mininet/read-topo.py'), 'utf8');
  const outcome = runWithoutRights([...python, '-c', program], JSON.stringify(request));
  if (outcome.said === null) return wrong(WHOLE, `it cannot be read by Python: ${outcome.why}`, 'lab doctor');
  const answer = parseAnswer(outcome.said);
  if (answer === null)
    return wrong(WHOLE, 'what it makes of itself is no topology', 'let it do nothing but define one');
  if ('topo' in answer) return answer;
  return wrong(answer.wrong.line, answer.wrong.message, answer.wrong.fix);
}

/** A file as a whole has no place in itself. */
const placeAt = (line: number) => ({ line, column: line === WHOLE ? 0 : 1 });

function draftOf(file: string, read: MininetTopo, errors: Report, notes: Report): NetworkDraft {
  const names = new Names(32);
  const stations = new Map(
    read.nodes.filter(({ isSwitch }) => !isSwitch).map(node => [node.name, new Station(node, names.of(node.name))]),
  );
  for (const { node } of stations.values()) {
    if (node.isNat)
      errors.error(placeAt(node.line), `${node.name} is a NAT into the network of the machine`, STAY_INSIDE);
  }
  const linkNames = new Names(32);
  const links = segmentsOf(read).flatMap(segment => linkOf(segment, stations, linkNames, errors, notes));
  for (const station of stations.values()) station.configure(notes);
  const drafts = assumeAddresses(
    [...stations.values()].map(({ changes }) => changes.draft()),
    links,
  );
  const nodes = assumedGateways(drafts, links);
  const title = `Imported from Mininet's ${lastPart(file)}`;
  return {
    name: new Names(32).of(read.topo),
    title,
    remarks: [`${title}. ${ONLY_THE_TOPOLOGY} ${HOW_TO_GO_ON}`],
    nodes,
    links,
    checks: links.flatMap(link => linkCheck(link, nodes)),
  };
}

const STAY_INSIDE =
  "a lab never joins the machine's own network: leave it out, or let a host stand for what is to be reached";
const ONLY_THE_TOPOLOGY =
  'It is what the topology says; what the file does to a network that runs, such as adding routes, is not here.';

/** A host of the topology while what it has is collected. */
class Station {
  readonly node: MininetNode;
  readonly changes: HostChanges;
  readonly #ends: MininetTopoEnd[] = [];
  /** The interface that the options of the host are for: that of the lowest port. */
  #first: MininetTopoEnd | null = null;

  constructor(node: MininetNode, name: string) {
    this.node = node;
    this.changes = new HostChanges(node.name, name);
  }

  /** false: that interface has a link already. */
  plug(end: MininetTopoEnd): boolean {
    if (!this.changes.plug(end.interface, [], end.mac)) return false;
    if (this.#first === null || end.port < this.#first.port) this.#first = end;
    this.#ends.push(end);
    return true;
  }

  configure(notes: Report): void {
    const { node, changes } = this;
    const first = this.#first;
    if (first === null) {
      notes.error(placeAt(node.line), `${node.name} is on no link`, null);
      return;
    }
    for (const end of this.#ends) {
      const address = end === first ? (node.ip ?? end.ip) : end.ip;
      if (address !== null) changes.apply({ kind: 'address', device: end.interface, address: withLength(address) });
    }
    if (node.mac !== null) changes.apply({ kind: 'mac', device: first.interface, mac: node.mac });
    if (node.forwards) changes.apply({ kind: 'forwarding', on: true });
    if (node.defaultRoute !== null) {
      const via = /\bvia\s+(\S+)/.exec(node.defaultRoute)?.[1] ?? null;
      const device = /\bdev\s+(\S+)/.exec(node.defaultRoute)?.[1] ?? null;
      const why = changes.apply({ kind: 'route', to: '0.0.0.0/0', via, device: via === null ? device : null });
      if (why !== null) notes.error(placeAt(node.line), `${node.name}: ${why}`, null);
    }
  }
}

/** Mininet's own default. */
const withLength = (address: string): string => (address.includes('/') ? address : `${address}/8`);

function linkOf(
  segment: Segment,
  stations: ReadonlyMap<string, Station>,
  names: Names,
  errors: Report,
  notes: Report,
): LinkDraft[] {
  const { line, switches, ends } = segment;
  const place = placeAt(line);
  const plugged = ends.flatMap(end => {
    const station = stations.get(end.node);
    if (station === undefined) return [];
    if (station.plug(end)) return [`${station.changes.name}:${station.changes.interfaceName(end.interface)}`];
    errors.error(place, `${end.interface} of ${end.node} is on two links`, 'give each link its own intfName');
    return [];
  });
  const who = switches.length === 0 ? 'a link' : switches.join(', ');
  const [first, second, third] = plugged;
  if (third !== undefined) {
    errors.error(
      place,
      `${who} ${switches.length > 1 ? 'join' : 'joins'} ${plugged.length} hosts, and a link of a lab has two ends`,
      'put a host that forwards in its place, with a network for each of its links',
    );
    return [];
  }
  if (first === undefined || second === undefined) {
    notes.error(place, `${who} is left out: it joins no two hosts`, null);
    return [];
  }
  const { impair, problems } = impairmentOf(segment.links);
  for (const problem of problems) notes.error(place, problem, null);
  return [
    {
      name: names.of(
        switches.length === 0 ? [first, second].map(end => end.split(':')[0]).join('-') : switches.join('-'),
      ),
      endpoints: [first, second],
      mtu: null,
      impair,
      remark: switches.length === 0 ? null : `By ${switches.join(', ')} there.`,
    },
  ];
}
