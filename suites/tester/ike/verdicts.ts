import { ExchangeType } from '../../../engine/wire/ike/registry.ts';
import { judge } from '../judgement.ts';
import { accepted, attempt, authPayloads, CALL, type CallTraits, isAccepted } from './initiate.ts';
import { errorsIn, notifies, payloadOf } from './payloads.ts';
import type { Heard, TesterPeer } from './peer.ts';
import { INSIDE } from '../citations.ts';

/** Fails unless alice goes on with IKE_SA_INIT. */
export function judgeAccepted(peer: TesterPeer, response: Heard | null, why: string): asserts response is Heard {
  if (response !== null) peer.bench.cite(response, 'her answer', 'Payload SA', 'Payload N', ...INSIDE);
  judge(isAccepted(response), why);
}

/** Fails when alice goes on with IKE_SA_INIT. */
export function judgeNotAccepted(peer: TesterPeer, response: Heard | null, why: string): void {
  if (response !== null) peer.bench.cite(response, 'her answer', 'Payload SA', 'Payload N', ...INSIDE);
  judge(!isAccepted(response), why);
}

/** Fails unless there is an answer with this notify; gives its data. */
export function judgeNotified(peer: TesterPeer, response: Heard | null, notifyType: number, name: string): Uint8Array {
  judge(response !== null, `alice says nothing instead of ${name}`);
  peer.bench.cite(response, `her answer, to be ${name}`, `Payload N(${name})`, ...INSIDE, 'Payload N');
  const [found] = notifies(response.payloads, notifyType);
  const said = errorsIn(response.payloads).map(it => it.notifyType);
  judge(found !== undefined, `alice does not say ${name}${said.length > 0 ? `, but ${said.join()}` : ''}`);
  return found.data;
}

/** Fails unless the IKE SA lives: an empty request is answered, and alice has deleted nothing. */
export async function judgeAlive(peer: TesterPeer, why: string): Promise<void> {
  const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
  if (answer !== null) peer.bench.cite(answer, 'the IKE SA lives', ...INSIDE);
  judge(answer?.opened.kind === 'opened' && errorsIn(answer.payloads).length === 0, why);
  const deletes = peer.requests(ExchangeType.INFORMATIONAL).filter(({ payloads }) => payloadOf(payloads, 'D') !== null);
  for (const seen of deletes.slice(0, 1)) peer.bench.cite(seen, 'she deletes it', ...INSIDE);
  judge(deletes.length === 0, why);
}

/** Fails unless an empty request is answered under the keys of the peer's IKE SA, whatever alice asks or deletes meanwhile. */
export async function judgeAnswers(peer: TesterPeer, why: string): Promise<void> {
  const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
  if (answer !== null) peer.bench.cite(answer, 'the IKE SA stands', ...INSIDE);
  judge(answer?.opened.kind === 'opened' && answer.payloads.length === 0, why);
}

/** Fails unless a whole new call succeeds: whatever was before has left no trace. */
export async function judgeStillServes(peer: TesterPeer, why: string, traits: CallTraits = CALL): Promise<void> {
  const tried = await attempt(peer);
  judge(isAccepted(tried.response), why);
  const opening = accepted(peer, tried);
  const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads: authPayloads(peer, opening, traits) });
  if (answer !== null) peer.bench.cite(answer, 'a peer that does all right', ...INSIDE);
  judge(answer !== null && payloadOf(answer.payloads, 'AUTH') !== null, why);
}
