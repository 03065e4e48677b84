import type { DecodedIsakmpHeader } from '../../wire/isakmp/header.ts';
import { NO_COOKIE } from '../../wire/isakmp/message.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';

/** What is wrong with a header, RFC 2408 §5.2, and what is said to its sender. */
export interface HeaderProblem {
  readonly why: string;
  readonly notifyType: number;
}

/** null: nothing. The cookies are looked up later. */
export function headerProblem(header: DecodedIsakmpHeader): HeaderProblem | null {
  const { majorVersion, minorVersion, exchangeType, messageId, initiatorCookie } = header;
  if (majorVersion !== 1) return problem(`version ${majorVersion}`, 'INVALID-MAJOR-VERSION');
  if (minorVersion !== 0) return problem(`version 1.${minorVersion}`, 'INVALID-MINOR-VERSION');
  if (initiatorCookie === NO_COOKIE) return problem('a cookie of zeros', 'INVALID-COOKIE');
  if (!EXCHANGES.includes(exchangeType)) {
    const isKnown = KNOWN.includes(exchangeType);
    return problem(`exchange type ${exchangeType}`, isKnown ? 'UNSUPPORTED-EXCHANGE-TYPE' : 'INVALID-EXCHANGE-TYPE');
  }
  const isPhaseOne = isPhaseOneType(exchangeType);
  if (isPhaseOne && messageId !== 0) return problem(`phase 1 with Message ID ${messageId}`, 'INVALID-MESSAGE-ID');
  const needsId = exchangeType === IsakmpExchange.QUICK_MODE || exchangeType === IsakmpExchange.TRANSACTION;
  if (needsId && messageId === 0) return problem('phase 2 with Message ID 0', 'INVALID-MESSAGE-ID');
  return null;
}

export const isPhaseOneType = (exchangeType: number): boolean =>
  exchangeType === IsakmpExchange.IDENTITY_PROTECTION || exchangeType === IsakmpExchange.AGGRESSIVE;

/** Those that are done here. */
const EXCHANGES: readonly number[] = [
  IsakmpExchange.IDENTITY_PROTECTION,
  IsakmpExchange.AGGRESSIVE,
  IsakmpExchange.INFORMATIONAL,
  IsakmpExchange.TRANSACTION,
  IsakmpExchange.QUICK_MODE,
];

const KNOWN: readonly number[] = Object.values(IsakmpExchange);

function problem(why: string, notify: keyof typeof IsakmpNotify): HeaderProblem {
  return { why, notifyType: IsakmpNotify[notify] };
}
