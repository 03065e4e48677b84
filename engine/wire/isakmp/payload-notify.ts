import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpNotifyPayload } from './payload.ts';

/**
 * Body of the Notification payload, RFC 2408 §3.14.
 *     |              Domain of Interpretation  (DOI)                  |
 *     |  Protocol-ID  |   SPI Size    |      Notify Message Type      |
 *     |  SPI ...  |  Notification Data ...
 */
export function decodeNotify(body: Reader): IsakmpNotifyPayload {
  const doi = body.u32('Domain of Interpretation');
  const protocolId = body.u8('Protocol-ID');
  const spiOctets = body.u8('SPI Size');
  const notifyType = body.u16('Notify Message Type');
  return { type: 'N', doi, protocolId, spi: body.bytes(spiOctets, 'SPI'), notifyType, data: body.rest() };
}

/** RangeError for an SPI of more than 255 octets. */
export function encodeNotify(notify: IsakmpNotifyPayload, out: Writer): void {
  if (notify.spi.length > 0xff) throw new RangeError(`an SPI of ${notify.spi.length} octets`);
  out.u32(notify.doi);
  out.u8(notify.protocolId);
  out.u8(notify.spi.length);
  out.u16(notify.notifyType);
  out.bytes(notify.spi);
  out.bytes(notify.data);
}
