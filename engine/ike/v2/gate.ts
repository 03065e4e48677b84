import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { type Core, tell } from './core.ts';
import { payloadOf } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { tellAtRate } from './refuse.ts';
import { halfOpenOf } from './sa-table.ts';

/** Whether a stranger's IKE_SA_INIT request is looked at, RFC 7296 §2.6. Nothing is kept of one that is not. */
export type GateVerdict =
  | { readonly kind: 'enter' }
  /** These payloads go back, in the clear. */
  | { readonly kind: 'answer'; readonly payloads: readonly Payload[] }
  | { readonly kind: 'drop' };

/**
 * Cookies as soon as there are many half-open IKE SAs, or half of what one address may have: nobody uses up another's share
 * without being able to receive what is sent there. Beyond
 * the limits nothing is answered at all.
 */
export function gate(core: Core, request: ReceivedMessage): GateVerdict {
  const { limits } = core.config;
  const ownHalfOpen = halfOpenOf(core, request.from.remote);
  const asksCookies = noticeCookies(core);
  if (asksCookies || ownHalfOpen >= limits.halfOpenPerSource / 2) {
    const verdict = checkCookie(core, request);
    if (verdict !== null) return verdict;
  }
  const isFull =
    core.halfOpen.total >= limits.halfOpen || ownHalfOpen >= limits.halfOpenPerSource || core.sas.size >= limits.ikeSas;
  if (!isFull) return { kind: 'enter' };
  const detail = `${core.halfOpen.total} half-open, ${ownHalfOpen} of this source, ${core.sas.size} IKE SAs`;
  tellAtRate(core, { kind: 'limitReached', connection: null, detail });
  return { kind: 'drop' };
}

/** Whether there are so many half-open IKE SAs that strangers have to show where they are; tells when that changes. */
export function noticeCookies(core: Core): boolean {
  const { cookiesFrom } = core.config.limits;
  const asks = core.halfOpen.total >= cookiesFrom;
  if (asks !== core.halfOpen.asksCookies) {
    core.halfOpen.asksCookies = asks;
    tell(core, {
      kind: asks ? 'cookiesOn' : 'cookiesOff',
      connection: null,
      detail: `${core.halfOpen.total} half-open`,
    });
  }
  return asks;
}

/** null: the cookie is one that this node gives out. */
function checkCookie(core: Core, { payloads, header, from }: ReceivedMessage): GateVerdict | null {
  const nonce = payloadOf(payloads, 'NONCE');
  if (nonce === null) return { kind: 'drop' };
  const owner = { initiatorNonce: nonce.data, address: from.remote, initiatorSpi: header.initiatorSpi };
  const returned = notifyOf(payloads, NotifyType.COOKIE);
  if (returned !== null && core.steps.isOwnCookie(returned.data, core.cookies.valid(owner, core.now))) return null;
  return { kind: 'answer', payloads: [notifyPayload(NotifyType.COOKIE, core.cookies.make(owner, core.now))] };
}
