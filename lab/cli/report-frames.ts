import type { ClauseRecord } from '../../reports/format.ts';
import type { FrameRecord } from '../../reports/conformance/frame.ts';
import { describeFrame } from '../capture/describe.ts';
import { frameFields } from '../capture/frame-fields.ts';
import { readLabCapture } from '../capture/pcapng-file.ts';
import { isLinkChatter } from './link-chatter.ts';

/** The frames of a clause's capture as its page shows them; those that its judgement rests on with their octets and fields. */
export function framesOfCapture(pcapng: Uint8Array, clause: ClauseRecord): FrameRecord[] {
  const cited = new Set(clause.evidence.map(({ frame }) => frame));
  const { packets } = readLabCapture(pcapng);
  const start = packets[0]?.at ?? 0n;
  return packets.map(({ link, from, at, octets }, index) => ({
    number: index + 1,
    atUs: Number((at - start) / 1000n),
    link,
    from,
    line: describeFrame(octets),
    isChatter: isLinkChatter(octets),
    content: cited.has(index + 1) ? { octets, fields: frameFields(octets) } : null,
  }));
}
