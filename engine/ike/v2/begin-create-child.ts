import { keyExchange, keyExchangeNumbered } from '../../crypto/key-exchange-table.ts';
import type { KeyExchangeMethod } from '../../crypto/key-exchange.ts';
import type { FlowQuery } from '../../node/node.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { offerChild, offerPayloads } from './child-offer.ts';
import { childPlace, isAsker, possibleProposals } from './child-place.ts';
import type { ChildSa } from './child-sa.ts';
import { childById, childNamed, protocolIdOf, protocolOf, withChild } from './child-table.ts';
import { defer } from './deferral.ts';
import type { EstablishedIkeSa, IkeSa } from './ike-sa.ts';
import { newNonce } from './nonce.ts';
import { notifyPayload } from './notify.ts';
import { childChoices, keyExchangesOf, spiOctets } from './proposals.ts';
import { type Step, step, unchanged, type World } from './step.ts';
import { type ChildProgress, makesChild, type TaskOf } from './task.ts';
import type { ChildConfig } from '../config.ts';

/** The initiator's requests of CREATE_CHILD_SA that make a Child SA. */

export function beginNewChild(sa: IkeSa, task: TaskOf<'newChild'>, world: World): Step {
  if (sa.kind !== 'established') return unchanged(sa);
  // The peer has made it meanwhile.
  if (childNamed(sa, task.child, task.flow) !== null) return unchanged(sa);
  if (task.flow === null && isAskedFor(sa, task.child)) return unchanged(sa);
  if (sa.isRekeying) return defer(sa, task, world);
  if (isAsker(sa.connection) && sa.virtualAddresses.length === 0) return cannotOffer(sa, task.child);
  const prepared = prepare(sa, task.child, { flow: task.flow }, task.progress, world);
  if (prepared === null) return cannotOffer(sa, task.child);
  return ask(sa, { ...task, progress: prepared }, []);
}

export function beginRekeyChild(sa: IkeSa, task: TaskOf<'rekeyChild'>, world: World): Step {
  if (sa.kind !== 'established') return unchanged(sa);
  const child = childById(sa, task.childId);
  // It is gone, or on its way out, or the peer has been quicker.
  if (child === null || child.state === 'deleting' || child.state === 'rekeyed') return unchanged(sa);
  if (sa.isRekeying) return defer(sa, task, world);
  const prepared = prepare(sa, child.config, child, task.progress, world);
  if (prepared === null) return cannotOffer(sa, child.config);
  const rekeying = withChild(sa, { ...child, state: 'rekeying', rekeyAt: null });
  return ask(rekeying, { ...task, progress: prepared }, [rekeyNotify(child)]);
}

/** Another request of this end is under way for the same. */
function isAskedFor({ tasks, windows }: EstablishedIkeSa, child: ChildConfig): boolean {
  const isFollowed = tasks.some(task => task.kind === 'followUp' && makesChild(task, child));
  return isFollowed || windows.requests.outstanding.some(({ task }) => makesChild(task, child));
}

/** The SPI that this end receives by, RFC 7296 §1.3.3. */
function rekeyNotify(child: ChildSa): Payload {
  const about = { protocolId: protocolIdOf(protocolOf(child)), spi: spiOctets(child.spiIn) };
  return notifyPayload(NotifyType.REKEY_SA, new Uint8Array(0), about);
}

/** null: nothing can be offered. */
function prepare(
  sa: EstablishedIkeSa,
  config: ChildConfig,
  about: { readonly flow: FlowQuery | null } | ChildSa,
  earlier: ChildProgress | null,
  world: World,
): ChildProgress | null {
  const place = childPlace(sa, sa.virtualAddresses);
  const offer = offerChild(config, world.newChildSpi(), place, 'with', about);
  if (offer === null) return null;
  const [first] = keyExchangesOf(childChoices(possibleProposals(config, place), 'with'));
  const guess = first === undefined ? null : keyExchange(first);
  const method = earlier === null ? guess : earlier.method;
  return {
    nonce: newNonce(world.random),
    method,
    keyExchange: method?.begin(world.random) ?? null,
    offer,
    restarts: earlier?.restarts ?? 0,
  };
}

/** HDR, SK {[N(REKEY_SA),] [N...,] SA, Ni, [KEi,] TSi, TSr}. */
function ask(
  sa: EstablishedIkeSa,
  task: (TaskOf<'newChild'> | TaskOf<'rekeyChild'>) & { readonly progress: ChildProgress },
  first: readonly Payload[],
): Step {
  const { offer, nonce, method, keyExchange: started } = task.progress;
  const { notifies, sa: proposals, selectors } = offerPayloads(offer);
  const payloads: Payload[] = [...first, ...notifies, proposals, { type: 'NONCE', data: nonce }];
  if (method !== null && started !== null) payloads.push({ type: 'KE', group: method.ianaId, data: started.data });
  payloads.push(...selectors);
  return step(sa, { kind: 'request', exchangeType: ExchangeType.CREATE_CHILD_SA, payloads, task });
}

/** INVALID_KE_PAYLOAD names a group, RFC 7296 §1.3; null: one that was not offered, or was tried, or once too often. */
export function otherMethod(
  data: Uint8Array,
  offered: readonly string[],
  tried: KeyExchangeMethod | null,
  restarts: number,
) {
  if (data.length !== 2 || restarts >= RESTARTS_MAX) return null;
  const method = keyExchangeNumbered(Buffer.from(data).readUInt16BE());
  if (method === null || !offered.includes(method.token) || method.token === tried?.token) return null;
  return method;
}

const RESTARTS_MAX = 3;

function cannotOffer(sa: EstablishedIkeSa, child: ChildConfig): Step {
  const detail = `${child.name}: nothing that can be offered here`;
  return step(
    sa,
    { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail } },
    { kind: 'lost', connection: sa.connection.name, children: [child], cause: 'failed' },
  );
}
