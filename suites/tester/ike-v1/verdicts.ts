import type { TesterChild } from '../ike/initiate.ts';
import { judge } from '../judgement.ts';
import { acknowledged, areYouThere, informAsking } from './informational.ts';
import { callMain, isChosen, saidBy } from './main-mode.ts';
import { EXCHANGE, notifies, payloadsOf } from './payloads.ts';
import type { HeardV1, TesterV1Peer } from './peer.ts';
import { askQuick, concludeQuick, isAgreed, isHash2, quickChild, type QuickAsked } from './quick-mode.ts';
import { INSIDE } from '../citations.ts';

/** Fails unless alice goes on with the offer. */
export function judgeChosen(peer: TesterV1Peer, response: HeardV1 | null, why: string): asserts response is HeardV1 {
  if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(isChosen(response), `${why}: ${saidBy(response)}`);
}

/** Fails when alice goes on with the offer. */
export function judgeNotChosen(peer: TesterV1Peer, response: HeardV1 | null, why: string): void {
  if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(!isChosen(response), why);
}

/** Fails unless there is an answer with this notify. */
export function judgeNotified(peer: TesterV1Peer, response: HeardV1 | null, notifyType: number, name: string): void {
  judge(response !== null, `alice says nothing instead of ${name}`);
  peer.bench.cite(response, `her answer, to be ${name}`, `Payload N(${name})`, ...INSIDE);
  const said = saidBy(response);
  judge(notifies(response.payloads, notifyType).length > 0, `alice does not say ${name}, but ${said}`);
}

/** Fails unless alice makes the child; gives it, concluded. */
export async function judgeQuick(peer: TesterV1Peer, asked: QuickAsked, why: string): Promise<TesterChild> {
  if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(isAgreed(asked), `${why}: ${saidBy(asked.response)}`);
  judge(isHash2(peer, asked), `${why}: HASH(2) is wrong`);
  const child = quickChild(peer, asked);
  await concludeQuick(peer, asked);
  return child;
}

/** Fails when alice makes the child. */
export function judgeNoQuick(peer: TesterV1Peer, asked: QuickAsked, why: string): void {
  if (asked.response !== null) peer.bench.cite(asked.response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(!isAgreed(asked), why);
}

/** Fails unless the ISAKMP SA stands: R-U-THERE is acknowledged. */
export async function judgeAlive(peer: TesterV1Peer, why: string): Promise<void> {
  const sequence = peer.sa.sequence++;
  const answer = await informAsking(peer, [areYouThere(peer, sequence)]);
  if (answer !== null) peer.bench.cite(answer, 'the ISAKMP SA stands', ...INSIDE);
  judge(acknowledged(answer) === sequence, why);
}

/** Fails when the ISAKMP SA stands: R-U-THERE is acknowledged. */
export async function judgeGone(peer: TesterV1Peer, why: string): Promise<void> {
  const sequence = peer.sa.sequence++;
  const answer = await informAsking(peer, [areYouThere(peer, sequence)]);
  if (answer !== null) peer.bench.cite(answer, 'it answers', ...INSIDE);
  judge(acknowledged(answer) === null, why);
}

/** Fails unless a whole new call succeeds: whatever was before has left no trace. */
export async function judgeStillServes(peer: TesterV1Peer, why: string): Promise<TesterChild> {
  peer.begin();
  const phase1 = await callMain(peer).catch((error: unknown) => error);
  judge(!(phase1 instanceof Error), `${why}: ${phase1 instanceof Error ? phase1.message : ''}`);
  return judgeQuick(peer, await askQuick(peer, { childSpi: peer.newMessageId() }), why);
}

/** What alice has said by Informational that could be read, in order. */
export function informed(peer: TesterV1Peer): readonly HeardV1[] {
  return peer.said(EXCHANGE.informational).filter(({ payloads }) => payloads.length > 0);
}

/** SPIs that alice has deleted, hexadecimal. */
export function deletedSpis(peer: TesterV1Peer): readonly string[] {
  return informed(peer).flatMap(({ payloads }) =>
    payloadsOf(payloads, 'D').flatMap(({ spis }) => spis.map(spi => Buffer.from(spi).toString('hex'))),
  );
}

/** Fails unless alice says nothing to it. */
export function judgeSilent(peer: TesterV1Peer, response: HeardV1 | null, why: string): void {
  if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
  judge(response === null, `${why}: ${saidBy(response)}`);
}
