import type { IsakmpPayload, IsakmpPayloadOf } from '../../wire/isakmp/payload.ts';

type PayloadName = IsakmpPayload['type'];

/** Which payloads one message of an exchange has: what the RFC writes without brackets, and with them. */
export interface MessageTable {
  /** The first of all: SA in message 1 of phase 1, HASH in phase 2. null: in any order, RFC 2409 §5. */
  readonly first: PayloadName | null;
  /** Exactly once each. */
  readonly required: readonly PayloadName[];
  /** Once at most. */
  readonly optional: readonly PayloadName[];
  /** As often as the sender likes. Whatever is in none of the lists is ignored. */
  readonly repeated: readonly PayloadName[];
  /** How many there may be of others: Quick Mode has none or two ID payloads. */
  readonly counts?: readonly { readonly type: PayloadName; readonly anyOf: readonly number[] }[];
}

/** What is wrong with these payloads by the table, for people; null: nothing. */
export function checkPayloads(table: MessageTable, payloads: readonly IsakmpPayload[]): string | null {
  const [head] = payloads;
  if (table.first !== null && head?.type !== table.first)
    return `${head?.type ?? 'nothing'} where ${table.first} is first`;
  const rules = [
    ...table.required.map(type => ({ type, anyOf: [1] })),
    ...table.optional.map(type => ({ type, anyOf: [0, 1] })),
    ...(table.counts ?? []),
  ];
  for (const { type, anyOf } of rules) {
    const count = payloadsOf(payloads, type).length;
    if (!anyOf.includes(count)) return `${type} payload, ${count} times`;
  }
  return null;
}

/** The one payload of a type; null: there is none. */
export function payloadOf<T extends PayloadName>(
  payloads: readonly IsakmpPayload[],
  type: T,
): IsakmpPayloadOf<T> | null {
  const found = payloads.find(payload => payload.type === type);
  return (found ?? null) as IsakmpPayloadOf<T> | null;
}

/** A payload that the table requires: the spine has seen that it is there. */
export function requiredPayload<T extends PayloadName>(
  payloads: readonly IsakmpPayload[],
  type: T,
): IsakmpPayloadOf<T> {
  const found = payloadOf(payloads, type);
  if (found === null) throw new Error(`no ${type} payload, and the exchange's table does not require one`);
  return found;
}

export function payloadsOf<T extends PayloadName>(payloads: readonly IsakmpPayload[], type: T): IsakmpPayloadOf<T>[] {
  return payloads.filter(payload => payload.type === type) as IsakmpPayloadOf<T>[];
}
