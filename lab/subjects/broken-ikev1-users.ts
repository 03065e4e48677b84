import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { XauthAttribute } from '../../engine/wire/isakmp/registry-attributes.ts';
import type { IsakmpAttribute, IsakmpAttributePayload, IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import {
  type ChoosesV1,
  each,
  v1DiesOf,
  v1Hears,
  v1Outgoing,
  v1Payload,
  v1StepSubject,
  v1TraitsSubject,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

const isTransaction: ChoosesV1 = ({ exchangeType }) => exchangeType === IsakmpExchange.TRANSACTION;

/** Those that do one thing wrong with XAuth and Mode Config. */
export const BROKEN_IKEV1_USERS: readonly Subject[] = [
  said('v1-asks-nothing', 'asks for neither name nor password', it => ({
    ...it,
    attributes: it.attributes.filter(({ type }) => type === XauthAttribute.XAUTH_STATUS),
  })),
  v1StepSubject('v1-no-user-will-do', 'takes no user', { userJudged: () => false }),
  v1StepSubject('v1-any-user', 'takes any user', { userJudged: () => true }),
  v1StepSubject('v1-does-not-wait', 'negotiates before the user is known', { mayNegotiate: () => true }),
  v1TraitsSubject('v1-wants-no-users', 'wants to know no user', { xauth: null }),
  said('v1-other-identifier', 'answers with an Identifier of its own', it => ({
    ...it,
    identifier: it.identifier ^ 0x5a5a,
  })),
  said('v1-tells-passwords', 'replies with a password to everybody', it => ({
    ...it,
    attributes: [
      ...it.attributes,
      { type: XauthAttribute.XAUTH_USER_PASSWORD, value: Buffer.from('open sesame', 'utf8') },
    ],
  })),
  hears('v1-hears-failure', 'takes every STATUS for FAIL', it => withStatus(it, 0)),
  hears('v1-hears-success', 'takes every STATUS for OK', it => withStatus(it, 1)),
  said('v1-gives-nothing', 'gives no address', it => ({ ...it, attributes: [] })),
  v1StepSubject('v1-any-client-identity', 'makes SAs for any address', { clientsFit: fit => fit ?? 'within' }),
  v1Outgoing('v1-silent-transactions', 'says nothing by Transactions', message =>
    isTransaction(message) ? null : message,
  ),
  said('v1-acknowledges-all', 'acknowledges addresses that it did not want', it => ({
    ...it,
    attributes: [{ type: 1, value: new Uint8Array(0) }],
  })),
  v1DiesOf('v1-dies-of-odd-types', 'hears nothing any more after a Transaction that it does not know', ({ payloads }) =>
    payloads.some(it => it.type === 'ATTR' && it.cfgType > 4),
  ),
  hears('v1-hears-no-addresses', 'hears nothing of the addresses that it is given', it => ({ ...it, attributes: [] })),
];

/** What leaves in Attribute payloads. */
function said(name: string, fault: string, change: (it: IsakmpAttributePayload) => IsakmpPayload): Subject {
  return v1Payload(name, fault, isTransaction, 'ATTR', change);
}

/** What comes in them. */
function hears(name: string, fault: string, change: (it: IsakmpAttributePayload) => IsakmpPayload): Subject {
  return v1Hears(name, fault, isTransaction, all => each(all, 'ATTR', change));
}

function withStatus(it: IsakmpAttributePayload, value: number): IsakmpAttributePayload {
  const replaced = (one: IsakmpAttribute) => (one.type === XauthAttribute.XAUTH_STATUS ? { ...one, value } : one);
  return { ...it, attributes: it.attributes.map(replaced) };
}
