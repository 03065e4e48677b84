import { decodeLine } from '../../lab/capture/decode-line.ts';
import { type FieldName, fieldNamed, frameFields } from '../../lab/capture/frame-fields.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { EvidenceRecord, FieldPlace } from '../../reports/format.ts';

/** What of a message of IKE only its ends can read: it decides wherever a judgement is about payloads that are in there. */
export const INSIDE = ['Payload SK', 'Payload SKF', 'Encrypted part'] as const;

/** The frames, among all that were captured, that a judgement rests on. */
export interface Citations {
  /**
   * It stands in the report, and carries `says` as its comment in the capture; what was said of it before is forgotten. `fields` are
   * those that may decide: the first of them that the frame has is marked in the report, which guesses where there is none.
   */
  cite(packet: CapturedPacket, says: string, ...fields: readonly FieldName[]): void;
  /** In the order of the capture. */
  evidence(): readonly EvidenceRecord[];
  /** By index into the captured frames. */
  comments(): ReadonlyMap<number, string>;
}

/** `captured` grows while the lab is up, at its end alone. */
export function citationsOf(captured: readonly CapturedPacket[]): Citations {
  const cited = new Map<number, { readonly says: string; readonly fields: readonly FieldName[] }>();
  return {
    cite: (packet, says, ...fields) => void cited.set(captured.indexOf(packet), { says, fields }),
    evidence: () =>
      [...cited]
        .sort(([a], [b]) => a - b)
        .map(([index, { says, fields }]) => evidenceOf(index, captured[index], says, fields)),
    comments: () => new Map([...cited].map(([index, { says }]) => [index, says])),
  };
}

function evidenceOf(
  index: number,
  packet: CapturedPacket | undefined,
  says: string,
  names: readonly FieldName[],
): EvidenceRecord {
  if (packet === undefined) return { frame: null, link: '', line: '', says };
  const field = placeOf(packet.octets, names);
  const seen = { frame: index + 1, link: packet.link, line: decodeLine(packet), says };
  return field === null ? seen : { ...seen, field };
}

function placeOf(frame: Uint8Array, names: readonly FieldName[]): FieldPlace | null {
  if (names.length === 0) return null;
  const fields = frameFields(frame);
  const found = names.map(name => fieldNamed(fields, name)).find(field => field !== null);
  return found === undefined ? null : { name: found.name, offset: found.offset, end: found.end };
}
