import { createHash, timingSafeEqual } from 'node:crypto';
import { numberOf } from '../../wire/isakmp/attribute.ts';
import type { IsakmpAttribute, IsakmpAttributePayload } from '../../wire/isakmp/payload.ts';
import { XauthAttribute } from '../../wire/isakmp/registry-attributes.ts';
import type { XauthConfig } from '../v1-config.ts';
import { octetsOf } from './cfg-payload.ts';
import type { Initiator } from './exchange.ts';
import { v1Of } from './extensions.ts';
import { afterUser } from './follow-phase-one.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { userKnown } from './take-over.ts';
import { answerTransaction, beginTransaction } from './transaction-message.ts';

/**
 * XAuth, draft-beaulieu-ike-xauth-02 §3: behind phase 1 the gateway asks who the user is, and says what it makes of the answer.
 *
 *     user                                        gateway
 *                                            <--  REQUEST(TYPE, NAME="", PASSWORD="")
 *     REPLY(TYPE, NAME="joe", PASSWORD="…")  -->
 *                                            <--  SET(STATUS)
 *     ACK(STATUS)                            -->
 */
export const xauth: Initiator<'xauth'> = {
  kind: 'xauth',
  mayBegin: sa => sa.exchanges.every(({ state }) => state.kind !== 'transactionSent'),
  begin(sa, _task, world) {
    const question: IsakmpAttribute[] = [
      { type: XauthAttribute.XAUTH_TYPE, value: GENERIC },
      { type: XauthAttribute.XAUTH_USER_NAME, value: NOTHING },
      { type: XauthAttribute.XAUTH_USER_PASSWORD, value: NOTHING },
    ];
    return step(sa, beginTransaction(sa, 'xauthQuestion', question, world));
  },
};

/** The user's part: its name and password, to whoever has shown in phase 1 that it is the gateway. */
export function answerXauthQuestion(
  sa: EstablishedIsakmpSa,
  messageId: number,
  { identifier, attributes }: IsakmpAttributePayload,
): Step {
  const { xauth: config } = v1Of(sa.connection);
  const type = attributes.find(attribute => attribute.type === XauthAttribute.XAUTH_TYPE);
  const isGeneric = type === undefined || numberOf(type) === GENERIC;
  if (config?.side !== 'user' || !isGeneric) {
    // STATUS = FAIL in the place of an answer, §5.2.
    const failure = [{ type: XauthAttribute.XAUTH_STATUS, value: FAIL }];
    return step(sa, answerTransaction(messageId, 'xauthQuestion', identifier, failure));
  }
  const answer: IsakmpAttribute[] = [
    ...(type === undefined ? [] : [{ type: XauthAttribute.XAUTH_TYPE, value: GENERIC }]),
    { type: XauthAttribute.XAUTH_USER_NAME, value: Buffer.from(config.user, 'utf8') },
    { type: XauthAttribute.XAUTH_USER_PASSWORD, value: Buffer.from(config.password, 'utf8') },
  ];
  return step(sa, answerTransaction(messageId, 'xauthQuestion', identifier, answer));
}

/** The gateway's look at the answer: it says what it makes of it, whatever that is. */
export function takeXauthAnswer(sa: EstablishedIsakmpSa, { attributes }: IsakmpAttributePayload, world: World): Step {
  const { xauth: config } = v1Of(sa.connection);
  if (config?.side !== 'gateway') return unchanged(sa);
  const user = textOf(attributes, XauthAttribute.XAUTH_USER_NAME);
  const password = textOf(attributes, XauthAttribute.XAUTH_USER_PASSWORD);
  const isRight = world.steps.userJudged(user !== null && password !== null && isUser(config, user, password));
  const taken = isRight ? userKnown({ ...sa, user }, world) : null;
  const isIn = taken?.kind === 'taken';
  const status = [{ type: XauthAttribute.XAUTH_STATUS, value: isIn ? OK : FAIL }];
  const tellsStatus = beginTransaction(sa, 'xauthStatus', status, world);
  if (isIn) return step(taken.sa, ...taken.effects, tellsStatus);
  const why = taken === null ? 'not a user with that password' : taken.why;
  return step({ ...sa, user: null }, failure(sa, `XAuth: ${why}`), tellsStatus);
}

/** The user has heard it. */
export function takeXauthStatusAnswer(sa: EstablishedIsakmpSa): Step {
  if (sa.user !== null) return afterUser(sa);
  return step(sa, { kind: 'task', task: { kind: 'deleteIsakmp', cause: 'failed' } });
}

/** The user hears what the gateway makes of it. */
export function answerXauthStatus(
  sa: EstablishedIsakmpSa,
  messageId: number,
  { identifier, attributes }: IsakmpAttributePayload,
  world: World,
): Step {
  const { xauth: config } = v1Of(sa.connection);
  const status = attributes.find(({ type }) => type === XauthAttribute.XAUTH_STATUS);
  const ack = answerTransaction(messageId, 'xauthStatus', identifier, [
    { type: XauthAttribute.XAUTH_STATUS, value: NOTHING },
  ]);
  if (config?.side !== 'user' || status === undefined) return step(sa, ack);
  if (numberOf(status) !== OK) {
    const end: Effect = { kind: 'task', task: { kind: 'deleteIsakmp', cause: 'failed' } };
    return step(sa, failure(sa, 'XAuth: the gateway does not take this user'), ack, end);
  }
  const known = userKnown({ ...sa, user: config.user }, world);
  if (known.kind === 'keptOut') return step(sa, ack);
  const followed = afterUser(known.sa);
  return { ...followed, effects: [ack, ...known.effects, ...followed.effects] };
}

export const isXauth = ({ type }: IsakmpAttribute): boolean =>
  type >= XauthAttribute.XAUTH_TYPE && type <= XauthAttribute.XAUTH_ANSWER;

/** Name and password, or SecurID and the like, which nothing here has. */
const GENERIC = 0;
const OK = 1;
const FAIL = 0;
const NOTHING = new Uint8Array(0);

function textOf(attributes: readonly IsakmpAttribute[], type: number): string | null {
  const found = attributes.find(attribute => attribute.type === type);
  return found === undefined ? null : Buffer.from(octetsOf(found)).toString('utf8');
}

/** In the same time whether there is such a user or not. */
function isUser({ users }: Extract<XauthConfig, { side: 'gateway' }>, name: string, password: string): boolean {
  const given = digest(password);
  const known = users.find(({ user }) => user === name);
  return timingSafeEqual(given, digest(known?.password ?? '')) && known !== undefined;
}

const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();

function failure(sa: EstablishedIsakmpSa, why: string): Effect {
  const detail = `${nameOf(sa)}: ${why}`;
  return { kind: 'event', event: { kind: 'authenticationFailed', connection: sa.connection.name, detail } };
}
