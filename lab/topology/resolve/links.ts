import type { BothWaysText, ImpairmentText, LinkText } from '../description.ts';
import { quoted, type Report } from '../../../engine/config/diagnostic.ts';
import { QUEUE_FRAMES, UNIMPAIRED } from '../impairment.ts';
import type { Impairment, TopologyLink } from '../model.ts';
import { formatDuration } from '../quantity.ts';
import type { EndText } from '../names.ts';
import type { Located } from '../shape.ts';
import { didYouMean, oneOf } from '../../../engine/config/suggest.ts';
import { endName, type InterfaceScope, type Scope } from './scope.ts';

/** What each interface is plugged into, by `node:interface`. */
export type Wiring = ReadonlyMap<string, Plug>;

export interface Plug {
  readonly link: string;
  readonly mtu: number | null;
  /** The interface at the other end. */
  readonly far: InterfaceScope;
}

export interface ResolvedLinks {
  readonly links: readonly TopologyLink[];
  readonly wiring: Wiring;
  /** false: some link was left out, so that an interface without one may only seem to have none. */
  readonly complete: boolean;
}

export function resolveLinks(scope: Scope): ResolvedLinks {
  const links: TopologyLink[] = [];
  const wiring = new Map<string, Plug>();
  const taken = new Map<string, string>();
  for (const [name, text] of scope.links) {
    if (text === null) continue;
    const impairments = resolveImpairments(text.impair, scope.report);
    const ends = resolveEnds(scope, name, text, taken);
    if (ends === null) continue;
    const [first, second] = ends;
    const mtu = text.mtu?.value ?? null;
    wiring.set(endName({ node: first.node, interface: first.name }), { link: name, mtu, far: second });
    wiring.set(endName({ node: second.node, interface: second.name }), { link: name, mtu, far: first });
    const endpoints = [endOf(first), endOf(second)] as const;
    links.push({ name, endpoints, impairments });
  }
  return { links, wiring, complete: links.length === scope.links.size };
}

function endOf(iface: InterfaceScope): EndText {
  return { node: iface.node, interface: iface.name };
}

function resolveEnds(
  scope: Scope,
  link: string,
  text: LinkText,
  taken: Map<string, string>,
): readonly [InterfaceScope, InterfaceScope] | null {
  const { items, place, complete } = text.endpoints;
  if (complete && items.length !== 2) {
    const fix = 'give two, such as ["alice:net0", "bob:net0"]; a third node needs a link and an interface of its own';
    scope.report.error(place, `link ${quoted(link)} has ${items.length} ends`, fix);
  }
  const found = items.slice(0, 2).map(end => resolveEnd(scope, link, end, taken));
  const [first, second] = found;
  if (first === undefined || second === undefined || first === null || second === null) return null;
  if (first.node === second.node) {
    scope.report.error(place, `both ends of link ${quoted(link)} are on ${first.node}`, 'end it at another node');
    return null;
  }
  return [first, second];
}

function resolveEnd(
  scope: Scope,
  link: string,
  end: Located<EndText>,
  taken: Map<string, string>,
): InterfaceScope | null {
  const { node: nodeName, interface: interfaceName } = end.value;
  const node = scope.nodes.get(nodeName);
  if (node === undefined) {
    const names = [...scope.nodes.keys()];
    const fix = `declare ${nodeName.slice(0, 40)} under nodes, or end the link at ${oneOf(names)}`;
    scope.report.error(end.place, `link ${quoted(link)} ends at ${quoted(nodeName)}, which is not a node`, fix);
    return null;
  }
  if (node.text === null) return null;
  const iface = node.interfaces.get(interfaceName);
  if (iface === undefined) {
    const message = `link ${quoted(link)} ends at ${quoted(endName(end.value))}, and ${node.name} has no interface ${quoted(interfaceName)}`;
    scope.report.error(
      end.place,
      message,
      didYouMean(interfaceName, [...node.interfaces.keys()], `declare it under the interfaces of ${node.name}`),
    );
    return null;
  }
  const name = endName(end.value);
  const other = taken.get(name);
  if (other !== undefined) {
    const fix = `a wire has two ends: give ${node.name} another interface for ${link}`;
    scope.report.error(end.place, `${name} is plugged into link ${quoted(other)} already`, fix);
    return null;
  }
  taken.set(name, link);
  return iface;
}

/** null: a perfect wire. */
export function resolveImpairments(
  impair: ImpairmentText | BothWaysText | null,
  report: Report,
): readonly [Impairment, Impairment] {
  if (impair === null) return [UNIMPAIRED, UNIMPAIRED];
  if (isBothWays(impair))
    return [resolveImpairment(impair.forward, report), resolveImpairment(impair.backward, report)];
  const both = resolveImpairment(impair, report);
  return [both, both];
}

function isBothWays(impair: ImpairmentText | BothWaysText): impair is BothWaysText {
  return 'forward' in impair;
}

function resolveImpairment(text: ImpairmentText | null, report: Report): Impairment {
  if (text === null) return UNIMPAIRED;
  const delayNs = text.delay?.value ?? 0;
  const jitterNs = text.jitter?.value ?? 0;
  if (text.jitter !== null && jitterNs > delayNs && text.complete) {
    const message = `the jitter of ${formatDuration(jitterNs)} is larger than the delay of ${formatDuration(delayNs)}`;
    report.error(
      text.jitter.place,
      message,
      `a frame cannot arrive before it is sent: set delay to ${formatDuration(jitterNs)} or more`,
    );
  }
  if (text.queue !== null && text.rate === null && text.complete) {
    report.error(text.queue.place, 'a queue without a rate never fills', 'add rate: 100mbit, or remove queue');
  }
  return {
    delayNs,
    jitterNs,
    loss: text.loss?.value ?? 0,
    duplicate: text.duplicate?.value ?? 0,
    reorder: text.reorder?.value ?? 0,
    corrupt: text.corrupt?.value ?? 0,
    rateBitsPerSecond: text.rate?.value ?? null,
    queueFrames: text.queue?.value ?? QUEUE_FRAMES,
  };
}
