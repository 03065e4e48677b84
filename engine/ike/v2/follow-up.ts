import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { AgreedChild } from './child-install.ts';
import type { EstablishedIkeSa } from './ike-sa.ts';
import type { AgreedIke } from './ike-successor.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import type { World } from './step.ts';
import type { AdditionalKeyExchange } from './suite.ts';
import type { TaskOf } from './task.ts';

/**
 * An exchange of CREATE_CHILD_SA that the responder has answered, and that additional key exchanges are still to follow: the
 * SA is made of all their secrets together, RFC 9370 §2.2.4.
 */
export interface AwaitedFollowUp {
  /** What the next request has to bring back: the responder's own name for this. */
  readonly link: Uint8Array;
  /** In their order. */
  readonly remaining: readonly AdditionalKeyExchange[];
  /** Of CREATE_CHILD_SA first. */
  readonly secrets: readonly Uint8Array[];
  readonly dropAt: Instant;
  readonly origin: FollowedUp;
}

export type FollowedUp =
  /** `replaces`: the `ChildSa.id` that it takes the place of. */
  | {
      readonly kind: 'child';
      readonly agreed: AgreedChild;
      readonly nonceI: Uint8Array;
      readonly nonceR: Uint8Array;
      readonly replaces: number | null;
    }
  | { readonly kind: 'ike'; readonly agreed: Omit<AgreedIke, 'secrets'> };

const LINK_OCTETS = 8;
/** As many at once as anybody needs; the oldest makes room. */
const AWAITED_MAX = 8;
const AWAITED_NS = 60 * NS_PER_S;

/** The responder remembers it; the notify goes into its answer. */
export function awaitFollowUp(
  sa: EstablishedIkeSa,
  awaited: Omit<AwaitedFollowUp, 'link' | 'dropAt'>,
  world: World,
): { readonly sa: EstablishedIkeSa; readonly notify: NotifyPayload } {
  const link = world.random.bytes(LINK_OCTETS);
  const others = (sa.followUps ?? []).filter(({ dropAt }) => dropAt > world.now).slice(1 - AWAITED_MAX);
  const followUps = [...others, { ...awaited, link, dropAt: world.now + AWAITED_NS }];
  return { sa: { ...sa, followUps }, notify: notifyPayload(NotifyType.ADDITIONAL_KEY_EXCHANGE, link) };
}

/** What a request of IKE_FOLLOWUP_KE is about, and the IKE SA without it: each link is good for one. null: nothing. */
export function takeFollowUp(
  sa: EstablishedIkeSa,
  payloads: readonly Payload[],
  world: World,
): { readonly sa: EstablishedIkeSa; readonly awaited: AwaitedFollowUp } | null {
  const notify = notifyOf(payloads, NotifyType.ADDITIONAL_KEY_EXCHANGE);
  const known = sa.followUps ?? [];
  const awaited = known.find(one => notify !== null && octetsEqual(one.link, notify.data) && one.dropAt > world.now);
  if (awaited === undefined) return null;
  return { sa: { ...sa, followUps: known.filter(one => one !== awaited) }, awaited };
}

/** What has come of the additional key exchanges so far; text: why they came to nothing. */
export type AdditionalSecrets = readonly Uint8Array[] | string;

/** The initiator's next request; text: the responder has not said how to go on. */
export function nextFollowUp(
  about: TaskOf<'followUp'>['about'],
  answered: readonly Payload[],
  latest: readonly Payload[],
  remaining: readonly AdditionalKeyExchange[],
  secrets: readonly Uint8Array[],
): TaskOf<'followUp'> | string {
  const notify = notifyOf(latest, NotifyType.ADDITIONAL_KEY_EXCHANGE);
  if (notify === null) return 'no ADDITIONAL_KEY_EXCHANGE, and more were agreed on';
  const link = Uint8Array.from(notify.data);
  return { kind: 'followUp', about, answered, link, remaining, secrets, keyExchange: null };
}
