import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { IsakmpExchange } from '../../wire/isakmp/registry.ts';
import type { ChildConfig } from '../config.ts';
import type { FlowQuery } from '../../node/node.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import { selectorOf } from '../v2/selector-box.ts';
import { boxesIn, select, withPacket } from '../v2/traffic-selectors.ts';
import { childById, childrenFor, withChild } from './child-table.ts';
import { clientIdentityOf } from './client-identity.ts';
import type { Initiator } from './exchange.ts';
import { v1Of } from './extensions.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { offeredChoices, offerPayload } from './phase2-proposals.ts';
import { originalAddresses, pairsOf, placeOf, wrappingOf } from './quick-place.ts';
import type { QuickOffer, SelectorsOfSa } from './quick-state.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { TaskOf } from './task.ts';

/** Message 1 of Quick Mode. */
export const quickInitiator: Initiator<'quick'> = {
  kind: 'quick',
  // One after the other: there are peers that lose count.
  mayBegin: sa =>
    sa.isForgotten === true || (sa.isOpen && !sa.exchanges.some(({ state }) => state.kind === 'quickOffered')),
  begin(sa, task, world) {
    if (sa.replacedBy !== null) return step(sa, { kind: 'task', task, isakmpSa: sa.replacedBy });
    if (sa.isForgotten === true) return afterPhaseOne(sa, task, world);
    if (task.replaces !== null) return beginRekey(sa, task, task.replaces, world);
    const [pair, ...others] = wantedPairs(sa, task);
    if (pair === undefined) return unchanged(sa);
    const later = others.map((one): Effect => ({ kind: 'task', task: { ...task, flow: null, pair: one } }));
    const offered = offer(sa, task.child, pair, null, world);
    return { ...offered, effects: [...offered.effects, ...later] };
  },
};

/** The peer would not know what it is about: another ISAKMP SA first, which takes this over. */
function afterPhaseOne(sa: EstablishedIsakmpSa, task: TaskOf<'quick'>, { now }: World): Step {
  const initiate: Effect = { kind: 'initiate', connection: sa.connection.name, children: [], replaces: sa.id };
  // The longer nobody is there, the more rarely.
  const waitNs = Math.min(Math.max(PHASE_ONE_NS, Math.floor((now - sa.heardAt) / 2)), PHASE_ONE_MAX_NS);
  return step(sa, initiate, { kind: 'delay', task, at: now + waitNs });
}

/** As long as it takes where all is well. */
const PHASE_ONE_NS = 3 * NS_PER_S;
const PHASE_ONE_MAX_NS = 120 * NS_PER_S;

/** The same traffic again, whatever the configuration has become. */
function beginRekey(sa: EstablishedIsakmpSa, task: TaskOf<'quick'>, replaces: number, world: World): Step {
  const old = childById(sa, replaces);
  const [local] = old?.local ?? [];
  const [remote] = old?.remote ?? [];
  const isFree = old?.state === 'installed' || (old?.state === 'rekeying' && !isBeingReplaced(sa, replaces));
  if (old === null || !isFree || local === undefined || remote === undefined) return unchanged(sa);
  const config = sa.connection.children.find(({ name }) => name === task.child.name) ?? task.child;
  return offer(withChild(sa, { ...old, state: 'rekeying' }), config, { local, remote }, replaces, world);
}

/** Those that have no SA yet; of a packet the one that it is in, if this end still has an address that the packet is of. */
export function wantedPairs(sa: EstablishedIsakmpSa, { child, flow, pair }: TaskOf<'quick'>): SelectorsOfSa[] {
  const pairs = pair === undefined ? pairsOf(child, placeOf(sa)) : [pair];
  const meant = flow === null ? undefined : pairs.find(each => selects(each, flow));
  if (flow === null || meant === undefined) {
    return pairs.filter(({ local, remote }) => {
      const same = childrenFor(sa, { config: child, local: [local], remote: [remote] });
      return same.length === 0;
    });
  }
  return [{ local: sayable(meant.local, flow, 'source'), remote: sayable(meant.remote, flow, 'destination') }];
}

/** Whether an SA between these takes such a packet. */
export const selects = ({ local, remote }: SelectorsOfSa, flow: FlowQuery): boolean =>
  select([local], flow, 'source') && select([remote], flow, 'destination');

/** Of a range of ports, which IKEv1 cannot say, the one of the packet. */
function sayable(selector: TrafficSelector, flow: FlowQuery, side: 'source' | 'destination'): TrafficSelector {
  if (clientIdentityOf(selector) !== null) return selector;
  const [exact] = withPacket([selector], flow, side);
  const [box] = exact === undefined ? [] : boxesIn([exact]);
  const [whole] = boxesIn([selector]);
  return box === undefined || whole === undefined
    ? selector
    : selectorOf({ ...whole, protocol: box.protocol, port: box.port });
}

function offer(
  sa: EstablishedIsakmpSa,
  config: ChildConfig,
  pair: SelectorsOfSa,
  replaces: number | null,
  world: World,
): Step {
  const identities = [pair.local, pair.remote].map(clientIdentityOf);
  const [own = null, theirs = null] = identities;
  if (own === null || theirs === null)
    return impossible(sa, config, 'IKEv1 has no ranges of ports, and none that packets do not show');
  const wrapping = wrappingOf(config, sa, placeOf(sa));
  const choices = offeredChoices(config, wrapping);
  const [first] = choices;
  if (first === undefined) return impossible(sa, config, 'nothing that IKEv1 has a number for, or AH through a NAT');
  const spiIn = world.newChildSpi();
  const nonce = world.random.bytes(v1Of(sa.connection).quickNonceOctets);
  const group = first.suite.keyExchange;
  const half = group === null ? null : (keyExchange(group)?.begin(world.random) ?? null);
  const payloads: IsakmpPayload[] = [
    offerPayload(choices, spiIn),
    { type: 'NONCE', data: nonce },
    ...(half === null ? [] : [{ type: 'KE', data: half.data } as const]),
    { type: 'ID', ...own },
    { type: 'ID', ...theirs },
    ...originalAddresses(sa, wrapping, 'initiator'),
  ];
  const offered: QuickOffer = { config, spiIn, choices, pair, replaces, nonce, keyExchange: half };
  return step(sa, {
    kind: 'send',
    messageId: world.newMessageId(sa),
    exchangeType: IsakmpExchange.QUICK_MODE,
    payloads,
    hash: { kind: 'first' },
    after: { kind: 'expect', state: { kind: 'quickOffered', offer: offered } },
  });
}

/** Configuration wants what cannot be said: nobody is asked. */
function impossible(sa: EstablishedIsakmpSa, config: ChildConfig, why: string): Step {
  const detail = `${nameOf(sa)}: ${config.name}: ${why}`;
  return step(sa, {
    kind: 'event',
    event: { kind: 'negotiationFailed', connection: sa.connection.name, detail },
  });
}

/** Not where the exchange that was to do it went with an ISAKMP SA that this one has replaced. */
function isBeingReplaced({ exchanges }: EstablishedIsakmpSa, childId: number): boolean {
  return exchanges.some(({ state }) => state.kind === 'quickOffered' && state.offer.replaces === childId);
}
