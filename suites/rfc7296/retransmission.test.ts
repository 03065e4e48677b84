import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { judge, require } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { ikeFromAlice } from '../tester/ike/ike-on-bench.ts';
import { again, attempt, authPayloads, call, openCall } from '../tester/ike/initiate.ts';
import { answerInit, letAliceCall } from '../tester/ike/respond.ts';
import { notify } from '../tester/ike/payloads.ts';
import type { Heard, TesterPeer } from '../tester/ike/peer.ts';
import { judgeAccepted, judgeAlive } from '../tester/ike/verdicts.ts';

/** RFC 7296 §2.1 to §2.4: retransmission, windows, and whether the peer lives. */

const SECOND = 1_000_000_000;

const isSame = (a: { readonly octets: Uint8Array }, b: { readonly octets: Uint8Array }): boolean =>
  Buffer.compare(a.octets, b.octets) === 0;

/** Responses of alice's so far. */
const responses = (peer: TesterPeer): readonly Heard[] => peer.heard().filter(({ ike }) => ike?.isResponse === true);

ikeClause(
  'rfc7296-2.1-response-is-sent-again',
  {
    level: 'MUST',
    text: 'A request that comes again is answered again, in the same octets',
    scenario: 'The peer sends its IKE_SA_INIT twice.',
    brokenBy: 'ike-answers-once',
  },
  async peer => {
    const first = await attempt(peer);
    judgeAccepted(peer, first.response, 'alice does not accept IKE_SA_INIT');
    const second = await again(peer, first);
    judge(second.response !== null, 'alice does not answer IKE_SA_INIT again');
    peer.bench.cite(second.response, 'the second answer', 'Message ID');
    judge(isSame(first.response, second.response), 'alice answers the same IKE_SA_INIT in other octets');
  },
);

ikeClause(
  'rfc7296-2.1-protected-response-is-sent-again',
  {
    level: 'MUST',
    text: 'The same under SK: the response is not made anew',
    scenario: 'The peer asks whether alice lives, twice in the same octets.',
    brokenBy: 'ike-answers-once',
  },
  async peer => {
    await call(peer);
    const header = peer.header(ExchangeType.INFORMATIONAL, peer.nextRequest, false);
    const octets = peer.encode({ ...header, payloads: [] });
    const first = require(await peer.askAgain(octets), 'alice did not answer whether she lives');
    const second = await peer.askAgain(octets);
    judge(second !== null, 'alice does not answer a request again');
    peer.bench.cite(second, 'the second answer', 'Message ID');
    judge(isSame(first, second), 'alice answers the same request in other octets');
  },
);

ikeClause(
  'rfc7296-2.1-auth-response-is-sent-again',
  {
    level: 'MUST',
    text: 'The same of IKE_AUTH: no second child is made',
    scenario: 'The peer sends its IKE_AUTH twice.',
    brokenBy: 'ike-answers-once',
  },
  async peer => {
    const opening = await openCall(peer);
    const octets = peer.encode({
      ...peer.header(ExchangeType.IKE_AUTH, 1, false),
      payloads: authPayloads(peer, opening),
    });
    const first = require(await peer.askAgain(octets), 'alice did not answer IKE_AUTH');
    const second = await peer.askAgain(octets);
    judge(second !== null, 'alice does not answer IKE_AUTH again');
    peer.bench.cite(second, 'the second answer', 'Message ID');
    judge(isSame(first, second), 'alice answers the same IKE_AUTH in other octets');
    const installed = peer.bench.events().filter(kind => kind === 'saInstalled').length;
    judge(installed <= 2, `alice has installed ${installed} SAs for one child`);
  },
);

ikeClause(
  'rfc7296-2.1-answered-request-is-not-processed-again',
  {
    level: 'MUST',
    text: 'A request whose Message ID was answered is answered as before, whatever it holds now',
    scenario: 'The peer asks whether alice lives; then it sends a Delete of the IKE SA with the same Message ID.',
    brokenBy: 'ike-takes-far-requests',
  },
  async peer => {
    await call(peer);
    const messageId = peer.nextRequest;
    await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
    const payloads = [{ type: 'D', protocolId: 1, spis: [] } as const];
    await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads, messageId });
    await judgeAlive(peer, 'alice has processed a request whose Message ID was used before');
  },
);

ikeClause(
  'rfc7296-2.1-request-is-sent-again',
  {
    level: 'MUST',
    text: 'A request that is not answered is sent again',
    scenario: 'Alice calls; nobody answers for a minute.',
    brokenBy: 'ike-sends-once',
    needs: ['virtual-time'],
  },
  async peer => {
    const first = await letAliceCall(peer);
    await peer.bench.lab.sleep(60_000);
    const sent = peer.requests(ExchangeType.IKE_SA_INIT);
    peer.bench.cite(first, `sent ${sent.length} times in all`, 'Message ID');
    judge(sent.length >= 2, 'alice does not send a request again');
  },
);

ikeClause(
  'rfc7296-2.1-retransmission-is-identical',
  {
    level: 'MUST',
    text: 'A request is sent again in the same octets, bit for bit',
    scenario: 'Alice calls; nobody answers for a minute. Then her IKE_AUTH is not answered either.',
    brokenBy: 'ike-resends-anew',
    needs: ['virtual-time'],
    plan: { connection: { retransmission: { firstMs: 2000, factor: 2, longestMs: 30_000, sends: 8 } } },
  },
  async peer => {
    const first = await letAliceCall(peer);
    await peer.bench.lab.sleep(20_000);
    for (const other of peer.requests(ExchangeType.IKE_SA_INIT)) {
      if (!isSame(first, other)) peer.bench.cite(other, 'not what it was at first', 'Message ID');
      judge(isSame(first, other), 'alice sends IKE_SA_INIT again in other octets');
    }
    await answerInit(peer, first);
    await peer.bench.lab.sleep(20_000);
    const [auth, ...others] = peer.requests(ExchangeType.IKE_AUTH);
    const sent = require(auth, 'alice sent no IKE_AUTH');
    judge(others.length > 0, 'alice does not send IKE_AUTH again');
    for (const other of others) {
      if (!isSame(sent, other)) peer.bench.cite(other, 'not what it was at first', 'Message ID');
      judge(isSame(sent, other), 'alice sends IKE_AUTH again in other octets');
    }
    peer.bench.cite(sent, `sent ${others.length + 1} times, always the same`, 'Message ID');
  },
);

ikeClause(
  'rfc7296-2.1-retransmission-slows-down',
  {
    level: 'MUST',
    text: 'Times between retransmissions grow exponentially',
    scenario: 'Alice calls; nobody answers for two minutes. The times between her requests are measured.',
    brokenBy: 'ike-resends-steadily',
    needs: ['virtual-time'],
  },
  async peer => {
    await letAliceCall(peer);
    await peer.bench.lab.sleep(120_000);
    const sent = ikeFromAlice(peer.bench, peer.traits.address);
    const waits = sent.slice(1).map(({ packet }, i) => Number(packet.at - (sent[i]?.packet.at ?? 0n)) / SECOND);
    const early = waits.slice(0, 4);
    for (const seen of sent.slice(0, 3))
      peer.bench.cite(seen, `then ${waits.map(wait => wait.toFixed(1)).join(', ')} s`, 'Message ID');
    judge(early.length >= 2, 'alice does not send a request again');
    const grows = early.every((wait, i) => i === 0 || wait >= 1.3 * (early[i - 1] ?? 0));
    judge(grows, `alice waits ${early.map(wait => wait.toFixed(1)).join(', ')} s`);
  },
);

ikeClause(
  'rfc7296-2.1-responder-does-not-retransmit',
  {
    level: 'MUST',
    text: 'A responder sends a response again only when the request comes again',
    scenario: 'The peer sends IKE_SA_INIT and is silent for twenty seconds.',
    brokenBy: 'ike-answers-twice',
    needs: ['virtual-time'],
  },
  async peer => {
    const { response } = await attempt(peer);
    judgeAccepted(peer, response, 'alice does not accept IKE_SA_INIT');
    await peer.bench.lab.sleep(20_000);
    const sent = responses(peer);
    for (const seen of sent.slice(1, 3)) peer.bench.cite(seen, 'nobody asked for it', 'Message ID');
    judge(sent.length === 1, `alice sends ${sent.length} answers to one request`);
  },
);

ikeClause(
  'rfc7296-2.1-response-to-nothing-is-ignored',
  {
    level: 'MUST',
    text: 'Responses are not answered, nor those to requests that were never sent',
    scenario: 'The peer calls, and sends an INFORMATIONAL response that answers nothing.',
    brokenBy: 'ike-answers-responses',
  },
  async peer => {
    await call(peer);
    const before = peer.heard().length;
    const header = { ...peer.header(ExchangeType.INFORMATIONAL, 0, true) };
    await peer.post(...peer.encode({ ...header, payloads: [notify(NotifyType.INVALID_SYNTAX)] }));
    const said = peer.heard().slice(before);
    for (const seen of said) peer.bench.cite(seen, 'to a response', 'Flags');
    judge(said.length === 0, 'alice answers a response');
    await judgeAlive(peer, 'alice gives up for a response to nothing');
  },
);

ikeClause(
  'rfc7296-2.3-window-of-one',
  {
    level: 'MUST',
    text: 'A peer that has not said otherwise has a window of one: a second request waits for the answer to the first',
    scenario:
      'The peer calls and does not answer when alice asks whether he lives; in half a minute she sends no other request.',
    brokenBy: 'ike-one-count',
    needs: ['virtual-time'],
    plan: { connection: { livenessSeconds: 5 } },
  },
  async peer => {
    await call(peer);
    await peer.bench.lab.sleep(12_000);
    const asked = peer.requests(ExchangeType.INFORMATIONAL);
    const ids = new Set(asked.map(({ ike }) => ike?.messageId));
    for (const seen of asked.slice(0, 3)) peer.bench.cite(seen, `Message ID ${seen.ike?.messageId}`, 'Message ID');
    judge(asked.length > 0, 'alice does not ask whether the peer lives');
    judge(ids.size === 1 && ids.has(0), `alice has requests ${[...ids].join(', ')} under way`);
  },
);

ikeClause(
  'rfc7296-2.4-empty-request-is-answered',
  {
    level: 'MUST',
    text: 'An INFORMATIONAL request without payloads is answered, without payloads as well',
    scenario: 'The peer calls and asks whether alice lives.',
    brokenBy: 'ike-minds-empty',
  },
  async peer => {
    await call(peer);
    const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
    judge(answer !== null, 'alice does not answer whether she lives');
    peer.bench.cite(answer, 'her answer', 'Message ID');
    judge(answer.opened.kind === 'opened' && answer.payloads.length === 0, 'alice answers with more than was asked');
  },
);
