import type { Payload } from '../../wire/ike/payload.ts';
import type { ProtocolError } from '../protocol-error.ts';

/** The exchanges of IKEv2, by the registry "IKEv2 Exchange Types". */
export type ExchangeName =
  | 'IKE_SA_INIT'
  | 'IKE_AUTH'
  | 'CREATE_CHILD_SA'
  | 'INFORMATIONAL'
  | 'IKE_SESSION_RESUME'
  | 'IKE_INTERMEDIATE'
  | 'IKE_FOLLOWUP_KE';

/** Which payloads a message has: what the RFC writes without brackets, and with them. In any order, RFC 7296 §2.5. */
export interface PayloadTable {
  /** Exactly once each. */
  readonly required: readonly Payload['type'][];
  /** Once at most. */
  readonly optional: readonly Payload['type'][];
  /** As often as the sender likes: N, V, CERT, CERTREQ, D. Whatever is in none of the lists is ignored. */
  readonly repeated: readonly Payload['type'][];
}

/** One form of an exchange: CREATE_CHILD_SA has three. */
export interface ExchangeTable {
  readonly name: ExchangeName;
  /** The number in the header. */
  readonly exchangeType: number;
  /** Protected by SK, or in the clear. */
  readonly isProtected: boolean;
  readonly request: PayloadTable;
  /** Of a response without an error notify: one with an error may have less (RFC 7296 §2.21). */
  readonly response: PayloadTable;
}

/** What is wrong with these payloads by the table; null: nothing. */
export function checkPayloads(table: PayloadTable, payloads: readonly Payload[]): ProtocolError | null {
  for (const type of table.required) {
    const count = countOf(type, payloads);
    if (count !== 1) return { kind: 'malformed', field: `${type} payload, ${count} times`, offset: 0 };
  }
  for (const type of table.optional) {
    const count = countOf(type, payloads);
    if (count > 1) return { kind: 'malformed', field: `${type} payload, ${count} times`, offset: 0 };
  }
  return null;
}

/** Those whose `type` may be this: of `TSi` the interface that `TSr` shares. */
export type PayloadNamed<T extends Payload['type'], P extends Payload = Payload> = P extends unknown
  ? T extends P['type']
    ? P
    : never
  : never;

/** The one payload of a type; null: there is none. */
export function payloadOf<T extends Payload['type']>(payloads: readonly Payload[], type: T): PayloadNamed<T> | null {
  const found = payloads.find(payload => payload.type === type);
  return (found ?? null) as PayloadNamed<T> | null;
}

/** A payload that the table requires: the dispatcher has seen that it is there. */
export function requiredPayload<T extends Payload['type']>(payloads: readonly Payload[], type: T): PayloadNamed<T> {
  const found = payloadOf(payloads, type);
  if (found === null) throw new Error(`no ${type} payload, and the exchange's table does not require one`);
  return found;
}

export function payloadsOf<T extends Payload['type']>(payloads: readonly Payload[], type: T): PayloadNamed<T>[] {
  return payloads.filter(payload => payload.type === type) as PayloadNamed<T>[];
}

const countOf = (type: Payload['type'], payloads: readonly Payload[]): number =>
  payloads.filter(payload => payload.type === type).length;
