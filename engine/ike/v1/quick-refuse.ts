import { childEvent, removeCommands } from '../v2/child-install.ts';
import type { ChildConfig } from '../config.ts';
import { soon } from './child-closing.ts';
import { childById, protocolIdOf, withChild, withoutChild } from './child-table.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { childNotify, deletePayload, type NotifyName } from './notify.ts';
import type { QuickOffer } from './quick-state.ts';
import { spiOctets } from '../v2/proposals.ts';
import { type Effect, type Step, step, type World } from './step.ts';

/** How a Quick Mode comes to nothing. */

/** The responder wants nothing of it. The peer is told by Informational, RFC 2408 §5; `spi` is the peer's, where it was read. */
export function refuseOffer(
  sa: EstablishedIsakmpSa,
  name: NotifyName,
  why: string,
  about: { readonly protocolId: number; readonly spi: Uint8Array },
): Step {
  return step(sa, failed(sa, `Quick Mode: ${why}`), {
    kind: 'task',
    task: { kind: 'inform', payloads: [childNotify(name, about.protocolId, about.spi)] },
  });
}

/** The initiator cannot use the answer: the peer, which has installed its half, takes it away again. */
export function refuseAnswer(
  sa: EstablishedIsakmpSa,
  messageId: number,
  offer: QuickOffer,
  name: NotifyName,
  why: string,
  world: World,
): Step {
  const protocolId = protocolNumber(offer.choices[0]?.suite.protocol ?? 'esp');
  const notify = childNotify(name, protocolId, spiOctets(offer.spiIn));
  const failure = failOffer(sa, offer, why, world);
  return {
    ...failure,
    effects: [
      { kind: 'close', messageId },
      ...failure.effects,
      { kind: 'task', task: { kind: 'inform', payloads: [notify] } },
    ],
  };
}

/** What this end has asked for will not be. One that was to be rekeyed goes on, and is tried again while there is time. */
export function failOffer(
  sa: EstablishedIsakmpSa,
  { config, replaces }: QuickOffer,
  why: string,
  { now }: World,
): Step {
  const event = failed(sa, `${config.name}: ${why}`);
  const old = replaces === null ? null : childById(sa, replaces);
  if (old?.state === 'rekeying') {
    return step(withChild(sa, { ...old, state: 'installed', rekeyAt: soon(old, now) }), event);
  }
  // What the peer has replaced meanwhile is missed by nobody.
  return step(sa, event, ...(old === null ? [lostOf(sa, config)] : []));
}

/** The initiator has not shown that it has the answer: it goes again, and the peer is told, should it have it after all. */
export function failAnswer(sa: EstablishedIsakmpSa, childId: number, why: string): Step {
  const child = childById(sa, childId);
  if (child?.state !== 'installing') return step(sa);
  const { connection } = sa;
  return step(
    withoutChild(sa, childId),
    ...removeCommands(child).map((command): Effect => ({ kind: 'command', command })),
    { kind: 'event', event: childEvent('childDeleted', connection, child) },
    failed(sa, `${child.config.name}: ${why}`),
    {
      kind: 'task',
      task: { kind: 'inform', payloads: [deletePayload(protocolIdOf(child), [spiOctets(child.spiIn)])] },
    },
  );
}

export function failed(sa: EstablishedIsakmpSa, why: string): Effect {
  const detail = `${nameOf(sa)}: ${why}`;
  return { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail } };
}

function lostOf({ connection }: EstablishedIsakmpSa, config: ChildConfig): Effect {
  return { kind: 'lost', connection: connection.name, children: [config], cause: 'failed' };
}
