import type { Expected } from './exchange.ts';
import type { MessageTable } from './exchange-table.ts';
import type { ExchangeState } from './exchange-state.ts';

/**
 * Quick Mode, RFC 2409 §5.5:
 *
 *     HDR*, HASH(1), SA, Ni [, KE ] [, IDci, IDcr ]  -->
 *                                               <--  HDR*, HASH(2), SA, Nr [, KE ] [, IDci, IDcr ]
 *     HDR*, HASH(3)                                  -->
 *
 * with NAT-OAi and NAT-OAr in the first two where a NAT is between the ends of transport mode (RFC 3947 §5.2), and notifies: of
 * RESPONDER-LIFETIME in the second (RFC 2407 §4.6.3.1).
 */
const SA_MESSAGE: MessageTable = {
  first: 'HASH',
  required: ['HASH', 'SA', 'NONCE'],
  optional: ['KE'],
  repeated: ['N', 'VID', 'NATOA'],
  counts: [{ type: 'ID', anyOf: [0, 2] }],
};

const LAST_MESSAGE: MessageTable = { first: 'HASH', required: ['HASH'], optional: [], repeated: ['N', 'VID'] };

/** CONNECTED, in an Informational exchange with the Message ID of the Quick Mode: RFC 2408 §3.1. */
const CONNECTED: MessageTable = { first: 'HASH', required: ['HASH', 'N'], optional: [], repeated: ['VID'] };

/** What the peer's next message has to be; null: none may come. */
export function quickExpects(state: ExchangeState): Expected | null {
  switch (state.kind) {
    case 'fresh':
      return { table: SA_MESSAGE, hash: { kind: 'first' } };
    case 'quickOffered':
      return { table: SA_MESSAGE, hash: { kind: 'second', nonceI: state.offer.nonce } };
    case 'quickAnswered':
      return { table: LAST_MESSAGE, hash: { kind: 'third', nonceI: state.nonceI, nonceR: state.nonceR } };
    case 'quickConcluded':
      return state.awaitsConnected ? { table: CONNECTED, hash: { kind: 'first' } } : null;
    case 'transactionSent':
    case 'transactionAnswered':
      return null;
  }
}
