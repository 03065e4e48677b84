import { type Flow, matches } from '../ipsec/selector.ts';
import type { Address } from '../wire/address.ts';
import { type Core, type Ingress, NESTING_MAX } from './core.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import { acceptsClear, type PolicyEntry } from './policy-set.ts';
import { chooseSas, endsOf } from './sa-choice.ts';

/**
 * Which way a packet goes that is forwarded. RFC 4301 §5 knows by the interface, which is on the protected side or on the other.
 * A node's SPD is for all of its links, and most entries tell the way by their addresses; one that matches a packet both ways,
 * as a last one about everything does, tells nothing. A DISCARD of that kind is no more than having no entry. A PROTECT of that
 * kind is about what comes from the other side, and what goes there: to where its SAs lead.
 */

/**
 * Whether a packet that came in the clear, and matches this inbound entry of the SPD of `owner`, is on its way out instead: the
 * outbound entry of the same SPD decides on it. It has to come from where its source is.
 */
export function isOutwardBound(
  core: Core,
  owner: string | null,
  inbound: PolicyEntry,
  flow: Flow,
  { interface: arrival }: Ingress,
): boolean {
  const { kind } = inbound.policy.action;
  if (kind === 'bypass' || arrival === null || !tellsNoWay(inbound, flow)) return false;
  if (kind === 'discard') return true;
  if (core.routes.lookup(flow.source)?.interface !== arrival || exitOwner(core, flow.destination) !== owner)
    return false;
  const isFromBeyond = isBeyond(core, inbound, arrival);
  if (isFromBeyond !== null) return !isFromBeyond;
  // Without an SA nobody knows: it may ask for one, and not pass in the clear.
  const outbound = core.policies.outbound(owner, flow);
  return outbound !== null && !acceptsClear(outbound);
}

/** Whether a packet that a policy has let in has arrived, and matches this outbound entry only because that tells no way. */
export function hasArrived(
  core: Core,
  outbound: PolicyEntry,
  flow: Flow,
  { interface: arrival, protection }: Ingress,
  exit: EthernetInterface,
): boolean {
  const { kind } = outbound.policy.action;
  if (kind === 'bypass' || arrival === null || !tellsNoWay(outbound, flow)) return false;
  if (kind === 'discard') return true;
  // It came from the other side.
  if (linkUnder(core, arrival) === exit) return false;
  const isOut = isBeyond(core, outbound, exit);
  return isOut === null ? protection !== null : !isOut;
}

/** Whether an entry matches a packet both ways. */
export function tellsNoWay({ policy: { direction, selector } }: PolicyEntry, flow: Flow): boolean {
  return direction === 'both' && matches(selector, flow, 'inbound') && matches(selector, flow, 'outbound');
}

function exitOwner({ routes, policies }: Core, destination: Address): string | null | undefined {
  const exit = routes.lookup(destination)?.interface;
  if (exit === undefined) return undefined;
  return exit.kind === 'tunnel' ? exit.name : policies.ownerFor(exit);
}

/** Whether the SAs of an entry lead out of the same link; null: there are none, and it does not say where they would. */
export function isBeyond(core: Core, entry: PolicyEntry, netInterface: NodeInterface): boolean | null {
  const peer = peerOf(core, entry);
  if (peer === null) return null;
  const beyond = linkTowards(core, peer);
  return beyond === null || beyond === linkUnder(core, netInterface);
}

/** Where the outermost header of an entry's SAs leads; null: not known, or nowhere, as in transport mode. */
function peerOf(core: Core, entry: PolicyEntry): Address | null {
  const choice = chooseSas(core, entry, null, null);
  const layers = choice.kind === 'layers' ? choice.layers.map(endsOf) : [];
  const ends = layers.findLast(each => each !== null) ?? entry.layers.findLast(each => each.ends !== null)?.ends;
  return ends?.destination ?? null;
}

function linkTowards(core: Core, address: Address, depth = 0): EthernetInterface | null {
  const exit = core.routes.lookup(address)?.interface;
  return exit === undefined ? null : linkUnder(core, exit, depth);
}

function linkUnder(core: Core, netInterface: NodeInterface, depth = 0): EthernetInterface | null {
  if (netInterface.kind === 'ethernet') return netInterface;
  return depth < NESTING_MAX ? linkTowards(core, netInterface.remote, depth + 1) : null;
}
