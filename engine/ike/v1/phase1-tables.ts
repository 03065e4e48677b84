import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { MessageTable } from './exchange-table.ts';
import type { AuthenticationMethod } from './suite.ts';

/**
 * Main Mode, RFC 2409 §5.1 and §5.4, with what RFC 3947 §3.2 and RFC 2408 §3.10 add:
 *     HDR, SA, [VID]                                      -->
 *                                     <--  HDR, SA, [VID]
 *     HDR, KE, Ni, [NAT-D, NAT-D], [CERT_REQ]             -->
 *                                     <--  HDR, KE, Nr, [NAT-D, NAT-D], [CERT_REQ]
 *     HDR*, IDii, HASH_I | [CERT,] SIG_I, [N]             -->
 *                                     <--  HDR*, IDir, HASH_R | [CERT,] SIG_R, [N]
 */
export const OFFER: MessageTable = {
  first: 'SA',
  required: ['SA'],
  optional: [],
  repeated: ['VID', 'N', 'CR'],
};
export const EXCHANGED: MessageTable = {
  first: null,
  required: ['KE', 'NONCE'],
  optional: [],
  repeated: ['CR', 'NATD', 'VID', 'N', 'HASH'],
};
export const proven = (method: AuthenticationMethod): MessageTable => ({
  first: null,
  required: ['ID', ...proofOf(method)],
  optional: [],
  repeated: ['CERT', 'CR', 'N', 'VID'],
});

/**
 * Aggressive Mode; the last message may be in the clear:
 *     HDR, SA, KE, Ni, IDii, [VID], [CERT_REQ]            -->
 *           <--  HDR, SA, KE, Nr, IDir, HASH_R | [CERT,] SIG_R, [NAT-D, NAT-D], [VID]
 *     HDR*, HASH_I | [CERT,] SIG_I, [NAT-D, NAT-D], [N]   -->
 */
export const AGGRESSIVE_OFFER: MessageTable = {
  first: 'SA',
  required: ['SA', 'KE', 'NONCE', 'ID'],
  optional: [],
  repeated: ['VID', 'CR', 'N'],
};
export const aggressiveAnswer = (method: AuthenticationMethod): MessageTable => ({
  first: 'SA',
  required: ['SA', 'KE', 'NONCE', 'ID', ...proofOf(method)],
  optional: [],
  repeated: ['CERT', 'CR', 'NATD', 'VID', 'N'],
});
export const aggressiveProof = (method: AuthenticationMethod): MessageTable => ({
  first: null,
  required: proofOf(method),
  optional: [],
  repeated: ['CERT', 'NATD', 'N', 'VID', 'CR'],
});

const proofOf = (method: AuthenticationMethod): IsakmpPayload['type'][] => (method === 'psk' ? ['HASH'] : ['SIG']);
