import { tell } from '../tell.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType } from '../../wire/ike/registry.ts';
import { NS_PER_MS } from '../../wire/instant.ts';
import { beginAttempt, forgetTicket, keepTicket, takeFailure, takeLoss, takeSuccess } from './caller.ts';
import { dueAt } from './clocks.ts';
import { type Core, worldOf } from './core.ts';
import { endIkeSa } from './end.ts';
import { type FetchAnswers, park } from '../fetching.ts';
import type { ReceivedMessage } from './exchange.ts';
import { initiatorOf } from './exchanges.ts';
import { type IkeSa, isAuthenticated, isKeyed, type KeyedIkeSa } from './ike-sa.ts';
import { removeSa, storeSa } from './sa-table.ts';
import { headerOf, prepare, prepareSealed, transmit, wayOf } from './send.ts';
import type { Effect, Step } from './step.ts';
import type { OutstandingRequest } from './windows.ts';
import { hasRoom, withAnswer, withWaiting } from './windows.ts';

/** What a step was about, besides its IKE SA as it was. */
export interface Occasion {
  /** The peer's request that is to be answered, or its response. */
  readonly message: ReceivedMessage;
  /** This end's request, where it is a response. */
  readonly request: OutstandingRequest | null;
  /** What was fetched for it so far. */
  readonly fetched: FetchAnswers;
}

/** Makes a step true: stores what it says of IKE SAs, and carries out its effects in their order. */
export function applyStep(core: Core, before: IkeSa, step: Step, occasion: Occasion | null): void {
  if (step.sa === null) removeSa(core, before.id);
  else storeSa(core, step.sa);
  const fetches = step.effects.filter(effect => effect.kind === 'fetch');
  if (fetches.length > 0 && occasion !== null) wait(core, before, occasion, fetches);
  for (const effect of step.effects) applyEffect(core, before, effect, occasion);
  const after = core.sas.get(before.id);
  if (before.kind === 'authenticating' && after?.kind === 'established') takeSuccess(core, after, before);
}

/** After each input: begins what waits for room in a window, and sets the alarms of all that have changed. */
export function settle(core: Core): void {
  for (const id of core.unsettled) {
    core.unsettled.delete(id);
    let sa = core.sas.get(id);
    while (sa !== undefined && mayAsk(sa)) sa = beginNext(core, sa);
    if (sa !== undefined) core.alarms.set(id, dueAt(sa));
  }
}

/** Whether something waits, and the window has room for it. */
function mayAsk({ tasks, windows }: IkeSa): boolean {
  return tasks.length > 0 && hasRoom(windows.requests);
}

function beginNext(core: Core, sa: IkeSa): IkeSa | undefined {
  const [task, ...tasks] = sa.tasks;
  if (task === undefined) throw new Error('nothing waits');
  const waiting = { ...sa, tasks };
  applyStep(core, waiting, initiatorOf(task).begin(waiting, task, worldOf(core)), null);
  return core.sas.get(sa.id);
}

function applyEffect(core: Core, before: IkeSa, effect: Effect, occasion: Occasion | null): void {
  switch (effect.kind) {
    case 'request':
      return request(core, before.id, effect);
    case 'respond':
      if (occasion === null || occasion.request !== null) throw new Error('an answer to no request');
      return respond(core, before, effect.payloads, occasion.message);
    case 'task': {
      const id = effect.ikeSa ?? before.id;
      const sa = core.sas.get(id);
      if (sa !== undefined) storeSa(core, { ...sa, tasks: [...sa.tasks, effect.task] });
      return;
    }
    case 'delay': {
      const sa = core.sas.get(effect.ikeSa);
      if (sa === undefined || !isAuthenticated(sa)) return;
      storeSa(core, { ...sa, delayed: [...sa.delayed, { at: effect.at, task: effect.task }] });
      return;
    }
    case 'command':
      core.out.commands.push(effect.command);
      return;
    case 'event':
      return tell(core, effect.event);
    case 'secrets':
      if (core.config.revealsSecrets) core.out.secrets.push(effect.secrets);
      return;
    case 'put':
      storeSa(core, effect.sa);
      return;
    case 'attemptFailed':
      return takeFailure(core, before, effect);
    case 'discard': {
      const other = core.sas.get(effect.ikeSa);
      if (other !== undefined) applyStep(core, other, endIkeSa(other, 'asked', effect.why, worldOf(core)), null);
      return;
    }
    case 'lost':
      if (effect.cause === 'asked' || effect.cause === 'closed') forgetTicket(core, before.id);
      return takeLoss(core, effect);
    case 'initiate':
      return beginAttempt(core, effect);
    case 'ticket':
      return keepTicket(core, before, effect.ticket);
    case 'ticketUsed':
      return core.tickets?.use(effect.serial);
    case 'fetch': // parked already, together with the others of this step
      return;
  }
}

function request(core: Core, id: number, effect: Extract<Effect, { kind: 'request' }>): void {
  const sa = core.sas.get(id);
  if (sa === undefined) throw new Error('a request of an IKE SA that is gone');
  const { requests } = sa.windows;
  const header = headerOf(sa, { exchangeType: effect.exchangeType, messageId: requests.nextId, isResponse: false });
  const prepared = prepare(core, sa, { ...header, payloads: effect.payloads });
  transmit(core, wayOf(sa.path), prepared.messages);
  const outstanding: OutstandingRequest = {
    header,
    task: effect.task,
    messages: prepared.messages,
    content: prepared.content,
    sends: 1,
    resendAt: core.now + Math.round(sa.connection.retransmission.firstMs * NS_PER_MS),
    fragmentOctets: prepared.fragmentOctets,
  };
  const windows = {
    ...sa.windows,
    requests: { ...requests, nextId: requests.nextId + 1, outstanding: [...requests.outstanding, outstanding] },
  };
  storeSa(core, { ...withSealed(sa, prepared.sealed), sent: sa.sent + prepared.messages.length, windows });
}

/** The answer leaves under the keys with which the request came, whatever the step has made of them. */
function respond(core: Core, before: IkeSa, payloads: readonly Payload[], message: ReceivedMessage): void {
  const after = core.sas.get(before.id);
  if (!isKeyed(before)) throw new Error('an answer of an IKE SA without keys');
  const { exchangeType, messageId } = message.header;
  const header = headerOf(before, { exchangeType, messageId, isResponse: true });
  const sealer: KeyedIkeSa = after !== undefined && isKeyed(after) ? { ...before, sealed: after.sealed } : before;
  const prepared = prepareSealed(core, sealer, { ...header, payloads });
  transmit(core, replyWay(message), prepared.messages);
  if (after === undefined) return;
  const { messages, content, fragmentOctets, sealed } = prepared;
  const responses = withAnswer(after.windows.responses, { header, messages, content, fragmentOctets, repeats: 0 });
  const sent = after.sent + messages.length;
  const answered = { ...withSealed(after, sealed), sent, windows: { ...after.windows, responses } };
  storeSa(core, withIntermediate(answered, before, message, content));
}

/** Back to where it came from, RFC 7296 §2.11. */
const replyWay = ({ from }: Pick<ReceivedMessage, 'from'>) => from;

/** RFC 9242 §3.3.2: what is authenticated later on. */
function withIntermediate(
  sa: IkeSa,
  before: KeyedIkeSa,
  { header, content: request }: ReceivedMessage,
  response: ReceivedMessage['content'],
): IkeSa {
  if (header.exchangeType !== ExchangeType.IKE_INTERMEDIATE || sa.kind !== 'halfOpen') return sa;
  if (request === null || response === null) return sa;
  const { skPi, skPr } = before.keys;
  const intermediates = [...sa.initial.intermediates, { skPi, skPr, request, response }];
  return { ...sa, initial: { ...sa.initial, intermediates } };
}

function withSealed(sa: IkeSa, sealed: number): IkeSa {
  return isKeyed(sa) ? { ...sa, sealed: sa.sealed + sealed } : sa;
}

/** The message waits: its handler is called again when all is there. */
function wait(
  core: Core,
  { id }: IkeSa,
  occasion: Occasion,
  fetches: readonly Extract<Effect, { kind: 'fetch' }>[],
): void {
  const sa = core.sas.get(id);
  if (sa === undefined) return;
  const wanted = fetches.map(({ fetch }) => fetch);
  park(core, id, occasion, wanted, occasion.fetched);
  if (occasion.request !== null) return;
  const { messageId } = occasion.message.header;
  const responses = withWaiting(sa.windows.responses, messageId);
  storeSa(core, { ...sa, windows: { ...sa.windows, responses } });
}
