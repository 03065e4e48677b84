import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { TrafficSelector, TsPayload } from './payload.ts';
import { TsType } from './registry.ts';

/**
 * Body of the Traffic Selector payloads, RFC 7296 §3.13. Throws `WireError` when the number of selectors is 0 or not theirs.
 *     | Number of TSs |                 RESERVED                      |
 *     |  Traffic Selectors ...
 */
export function decodeTs(type: TsPayload['type'], body: Reader): TsPayload {
  const count = body.u8('Number of TSs');
  body.skip(3, 'RESERVED');
  if (count === 0) throw body.error('Number of TSs', 0, '0');
  const selectors = Array.from({ length: count }, () => decodeSelector(body));
  if (body.remaining > 0) throw body.error('Number of TSs', 0, `${body.remaining} octets behind the last of ${count}`);
  return { type, selectors };
}

/** RangeError for more than 255 selectors: their number has 8 bits. */
export function encodeTs(ts: TsPayload, out: Writer): void {
  if (ts.selectors.length > 0xff) throw new RangeError(`${ts.selectors.length} traffic selectors`);
  out.u8(ts.selectors.length);
  out.u8(0); // RESERVED
  out.u16(0);
  for (const selector of ts.selectors) encodeSelector(selector, out);
}

/** Octets of an address, by TS Type. */
const ADDRESS_OCTETS: ReadonlyMap<number, number> = new Map([
  [TsType.TS_IPV4_ADDR_RANGE, 4],
  [TsType.TS_IPV6_ADDR_RANGE, 16],
]);

/** Octets before the addresses, and before what a type that we do not know has of its own. */
const PORTS_END = 8;
const UNKNOWN_BEGIN = 4;

const NONE = new Uint8Array(0);

/**
 * §3.13.1. A type that we do not know may have no ports: all behind Selector Length is kept as it came.
 *     |   TS Type     |IP Protocol ID |       Selector Length         |
 *     |           Start Port          |           End Port            |
 *     |  Starting Address, Ending Address ...
 */
function decodeSelector(body: Reader): TrafficSelector {
  const begin = body.offset;
  const tsType = body.u8('TS Type');
  const protocol = body.u8('IP Protocol ID');
  const length = body.u16('Selector Length');
  const addressOctets = ADDRESS_OCTETS.get(tsType);
  if (addressOctets === undefined) {
    if (length < UNKNOWN_BEGIN) throw body.error('Selector Length', begin + 2, `${length}`);
    const unknown = body.bytes(length - UNKNOWN_BEGIN, 'Traffic Selector');
    return { tsType, protocol, startPort: 0, endPort: 0, start: NONE, end: NONE, unknown };
  }
  const expected = PORTS_END + 2 * addressOctets;
  if (length !== expected) throw body.error('Selector Length', begin + 2, `${length}, not ${expected}`);
  return {
    tsType,
    protocol,
    startPort: body.u16('Start Port'),
    endPort: body.u16('End Port'),
    start: body.bytes(addressOctets, 'Starting Address'),
    end: body.bytes(addressOctets, 'Ending Address'),
  };
}

function encodeSelector(selector: TrafficSelector, out: Writer): void {
  const { unknown } = selector;
  out.u8(selector.tsType);
  out.u8(selector.protocol);
  if (unknown !== undefined) {
    out.u16(UNKNOWN_BEGIN + unknown.length);
    out.bytes(unknown);
    return;
  }
  out.u16(PORTS_END + selector.start.length + selector.end.length);
  out.u16(selector.startPort);
  out.u16(selector.endPort);
  out.bytes(selector.start);
  out.bytes(selector.end);
}
