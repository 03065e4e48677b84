import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { NotifyPayload } from './payload.ts';

/**
 * Body of the Notify payload, RFC 7296 §3.10.
 *     |  Protocol ID  |   SPI Size    |      Notify Message Type      |
 *     |  SPI ...  |  Notification Data ...
 */
export function decodeNotify(body: Reader): NotifyPayload {
  const protocolId = body.u8('Protocol ID');
  const spiOctets = body.u8('SPI Size');
  const notifyType = body.u16('Notify Message Type');
  return { type: 'N', protocolId, spi: body.bytes(spiOctets, 'SPI'), notifyType, data: body.rest() };
}

export function encodeNotify(notify: NotifyPayload, out: Writer): void {
  out.u8(notify.protocolId);
  out.u8(notify.spi.length);
  out.u16(notify.notifyType);
  out.bytes(notify.spi);
  out.bytes(notify.data);
}
