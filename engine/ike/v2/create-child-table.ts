import { ExchangeType } from '../../wire/ike/registry.ts';
import type { ExchangeTable } from './exchange-table.ts';

/**
 * Creating a new Child SA, RFC 7296 §1.3.1, and rekeying one, §1.3.3, where N(REKEY_SA) comes first:
 *
 *     HDR, SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                                    <--  HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 */
export const CREATE_CHILD: ExchangeTable = {
  name: 'CREATE_CHILD_SA',
  exchangeType: ExchangeType.CREATE_CHILD_SA,
  isProtected: true,
  request: { required: ['SA', 'NONCE', 'TSi', 'TSr'], optional: ['KE'], repeated: ['N', 'V'] },
  response: { required: ['SA', 'NONCE', 'TSi', 'TSr'], optional: ['KE'], repeated: ['N', 'V'] },
};

/**
 * Rekeying the IKE SA, RFC 7296 §1.3.2:
 *
 *     HDR, SK {SA, Ni, KEi}  -->
 *                                    <--  HDR, SK {SA, Nr, KEr}
 */
export const REKEY_IKE: ExchangeTable = {
  name: 'CREATE_CHILD_SA',
  exchangeType: ExchangeType.CREATE_CHILD_SA,
  isProtected: true,
  request: { required: ['SA', 'NONCE', 'KE'], optional: [], repeated: ['N', 'V'] },
  response: { required: ['SA', 'NONCE', 'KE'], optional: [], repeated: ['N', 'V'] },
};
