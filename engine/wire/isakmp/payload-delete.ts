import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpDeletePayload } from './payload.ts';

/** More SPIs in one payload are refused. */
export const ISAKMP_DELETE_SPIS_MAX = 1024;

/**
 * Body of the Delete payload, RFC 2408 §3.15. Throws `WireError` when SPI Size, # of SPIs and the length do not agree.
 *     |              Domain of Interpretation  (DOI)                  |
 *     |  Protocol-Id  |   SPI Size    |           # of SPIs           |
 *     |  SPIs ...
 */
export function decodeDelete(body: Reader): IsakmpDeletePayload {
  const doi = body.u32('Domain of Interpretation');
  const protocolId = body.u8('Protocol-Id');
  const spiOctets = body.u8('SPI Size');
  const count = body.u16('# of SPIs');
  if (count > ISAKMP_DELETE_SPIS_MAX) {
    throw body.error('# of SPIs', 6, `${count} are more than ${ISAKMP_DELETE_SPIS_MAX}`);
  }
  if (count > 0 && spiOctets === 0) throw body.error('SPI Size', 5, `0, with ${count} SPIs`);
  if (body.remaining !== count * spiOctets) {
    throw body.error('# of SPIs', 6, `${count} SPIs of ${spiOctets} octets in ${body.remaining}`);
  }
  return { type: 'D', doi, protocolId, spis: Array.from({ length: count }, () => body.bytes(spiOctets, 'SPI')) };
}

/** RangeError for SPIs of different lengths. */
export function encodeDelete(payload: IsakmpDeletePayload, out: Writer): void {
  const spiOctets = payload.spis[0]?.length ?? 0;
  if (payload.spis.some(spi => spi.length !== spiOctets)) throw new RangeError('SPIs of different lengths');
  out.u32(payload.doi);
  out.u8(payload.protocolId);
  out.u8(spiOctets);
  out.u16(payload.spis.length);
  for (const spi of payload.spis) out.bytes(spi);
}
