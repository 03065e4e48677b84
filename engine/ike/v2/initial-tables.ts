import { ExchangeType } from '../../wire/ike/registry.ts';
import type { ExchangeTable } from './exchange-table.ts';

/**
 * RFC 7296 §1.2, with the notifies of §2.23, RFC 7383, RFC 7427 and others among the N:
 *
 *     HDR, [N(COOKIE),] SAi1, KEi, Ni, [N...]  -->
 *                                       <--  HDR, SAr1, KEr, Nr, [CERTREQ,] [N...]
 */
export const IKE_SA_INIT: ExchangeTable = {
  name: 'IKE_SA_INIT',
  exchangeType: ExchangeType.IKE_SA_INIT,
  isProtected: false,
  request: { required: ['SA', 'KE', 'NONCE'], optional: ['PS'], repeated: ['N', 'V'] },
  response: { required: ['SA', 'KE', 'NONCE'], optional: [], repeated: ['CERTREQ', 'N', 'V'] },
};

/**
 * RFC 7296 §1.2 and §2.19; without SA, TSi and TSr when no child is wanted (RFC 6023 §3):
 *
 *     HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, [CP(CFG_REQUEST),] [SAi2, TSi, TSr,] [N...]}  -->
 *                        <--  HDR, SK {IDr, [CERT,] AUTH, [CP(CFG_REPLY),] [SAr2, TSi, TSr,] [N...]}
 */
export const IKE_AUTH: ExchangeTable = {
  name: 'IKE_AUTH',
  exchangeType: ExchangeType.IKE_AUTH,
  isProtected: true,
  request: {
    required: ['IDi'],
    // Without AUTH an initiator asks for EAP, §2.16: that is refused as authentication, not as syntax.
    optional: ['AUTH', 'IDr', 'CP', 'SA', 'TSi', 'TSr'],
    repeated: ['CERT', 'CERTREQ', 'N', 'V'],
  },
  response: { required: ['IDr', 'AUTH'], optional: ['CP', 'SA', 'TSi', 'TSr'], repeated: ['CERT', 'N', 'V'] },
};
