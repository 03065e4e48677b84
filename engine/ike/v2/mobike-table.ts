import { ExchangeType } from '../../wire/ike/registry.ts';
import type { ExchangeTable } from './exchange-table.ts';

/**
 * Addresses, RFC 4555 §3.5 to §3.7; a message may have any of the lines:
 *
 *     HDR, SK { [N(UPDATE_SA_ADDRESSES), [N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)],]
 *               [N(ADDITIONAL_*_ADDRESS)+ | N(NO_ADDITIONAL_ADDRESSES),]
 *               [N(NO_NATS_ALLOWED),] [N(COOKIE2)] }  -->
 *                          <--  HDR, SK { [N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)], [N(COOKIE2)] }
 */
export const MOBIKE: ExchangeTable = {
  name: 'INFORMATIONAL',
  exchangeType: ExchangeType.INFORMATIONAL,
  isProtected: true,
  request: { required: [], optional: [], repeated: ['N', 'V'] },
  response: { required: [], optional: [], repeated: ['N', 'V'] },
};
