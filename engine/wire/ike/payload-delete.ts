import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { DeletePayload } from './payload.ts';

/** More SPIs in one payload are refused. */
export const DELETE_SPIS_MAX = 1024;

const SPI_OCTETS = 4;

/**
 * Body of the Delete payload, RFC 7296 §3.11. Throws `WireError` when SPI Size, Num of SPIs and the length do not agree.
 *     |  Protocol ID  |   SPI Size    |          Num of SPIs          |
 *     |  SPIs ...
 */
export function decodeDelete(body: Reader): DeletePayload {
  const protocolId = body.u8('Protocol ID');
  const spiOctets = body.u8('SPI Size');
  const count = body.u16('Num of SPIs');
  if (count > 0 && spiOctets !== SPI_OCTETS) throw body.error('SPI Size', 1, `${spiOctets}, not ${SPI_OCTETS}`);
  if (count > DELETE_SPIS_MAX) throw body.error('Num of SPIs', 2, `${count} are more than ${DELETE_SPIS_MAX}`);
  if (body.remaining !== count * SPI_OCTETS) {
    throw body.error('Num of SPIs', 2, `${count} SPIs in ${body.remaining} octets`);
  }
  return { type: 'D', protocolId, spis: Array.from({ length: count }, () => body.u32('SPI')) };
}

/** An IKE SA is deleted without SPIs, and so without an SPI Size. */
export function encodeDelete(payload: DeletePayload, out: Writer): void {
  out.u8(payload.protocolId);
  out.u8(payload.spis.length === 0 ? 0 : SPI_OCTETS);
  out.u16(payload.spis.length);
  for (const spi of payload.spis) out.u32(spi);
}
