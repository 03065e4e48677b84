import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import type { IsakmpFragmentPayload } from './payload.ts';

const LAST = 0x01;

/**
 * Body of the fragment payload, [MS-IKEE] §2.2.3.1: the only payload of its message. Throws `WireError` for fragment 0.
 *     |          Fragment ID          |Fragment Number|     Flags     |
 *     |  Fragment Data ...
 */
export function decodeFrag(body: Reader): IsakmpFragmentPayload {
  const fragmentId = body.u16('Fragment ID');
  const number = body.u8('Fragment Number');
  if (number === 0) throw body.error('Fragment Number', 2, '0');
  const flags = body.u8('Flags');
  return { type: 'FRAG', fragmentId, number, isLast: (flags & LAST) !== 0, data: body.rest() };
}

export function encodeFrag(payload: IsakmpFragmentPayload, out: Writer): void {
  out.u16(payload.fragmentId);
  out.u8(payload.number);
  out.u8(payload.isLast ? LAST : 0);
  out.bytes(payload.data);
}
