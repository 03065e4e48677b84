import { tell, tellAtRate } from '../tell.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType, TransformType } from '../../wire/ike/registry.ts';
import type { CookieOwner } from './cookies.ts';
import { type Core } from './core.ts';
import { payloadOf } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { puzzleNotify, puzzlePrf, solvedZeroBits } from './puzzle.ts';
import { halfOpenOf } from '../counted.ts';

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
  const zeroBits = puzzleBits(core);
  if (zeroBits !== null) {
    const verdict = checkPuzzle(core, request, zeroBits);
    if (verdict !== null) return verdict;
  } else if (asksCookies || ownHalfOpen >= limits.halfOpenPerSource / 2) {
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

/** How hard a puzzle strangers have to solve now, RFC 8019 §4.4: the harder, the more are half open; null: none. */
function puzzleBits(core: Core): number | null {
  const { puzzlesFrom, puzzleBits: fewest } = core.config.limits;
  if (puzzlesFrom === 0 || core.halfOpen.total < puzzlesFrom) return null;
  return fewest + Math.min(HARDER_MAX, Math.floor(Math.log2(core.halfOpen.total / puzzlesFrom)));
}

/** Each makes four times the work of the one before but one. */
const HARDER_MAX = 4;

/**
 * null: the cookie is one that came with a puzzle, and that is solved; or the initiator knows no puzzles, and there is still
 * room for such (§7.1.5).
 */
function checkPuzzle(core: Core, request: ReceivedMessage, zeroBits: number): GateVerdict | null {
  const { payloads, header, from } = request;
  const nonce = payloadOf(payloads, 'NONCE');
  const prf = puzzlePrf(offeredPrfs(payloads));
  // A ticket comes without a proposal, and so without a PRF to choose.
  if (payloadOf(payloads, 'SA') === null) return checkCookie(core, request);
  if (nonce === null || prf === null) return { kind: 'drop' };
  // The difficulty is part of what the cookie is made of, so nobody can make it less.
  const owner = (bits: number): CookieOwner => ({
    initiatorNonce: Buffer.concat([nonce.data, Uint8Array.of(bits)]),
    address: from.remote,
    initiatorSpi: header.initiatorSpi,
  });
  const returned = notifyOf(payloads, NotifyType.COOKIE);
  if (returned !== null) {
    const { puzzlesFrom, puzzleBits: fewest, halfOpen } = core.config.limits;
    const levels = Array.from({ length: HARDER_MAX + 1 }, (_, i) => fewest + i);
    const given = levels.find(bits => core.steps.isOwnCookie(returned.data, core.cookies.valid(owner(bits), core.now)));
    const solution = payloadOf(payloads, 'PS');
    if (given !== undefined && solution !== null) {
      const solved = solvedZeroBits({ prf, zeroBits: given }, returned.data, solution);
      if (solved !== null && solved >= given) return null;
    }
    const hasRoom = core.halfOpen.total < (puzzlesFrom + halfOpen) / 2;
    if (given !== undefined && solution === null && hasRoom) return null;
  }
  const cookie = notifyPayload(NotifyType.COOKIE, core.cookies.make(owner(zeroBits), core.now));
  return { kind: 'answer', payloads: [cookie, puzzleNotify({ prf, zeroBits })] };
}

function offeredPrfs(payloads: readonly Payload[]): number[] {
  const transforms = payloadOf(payloads, 'SA')?.proposals.flatMap(proposal => proposal.transforms) ?? [];
  return transforms.filter(({ type }) => type === TransformType.PRF).map(({ id }) => id);
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
