import type { ClauseRecord, EvidenceRecord, FieldPlace } from '../format.ts';
import type { FieldRecord, FrameContent } from './frame.ts';

/**
 * The field to mark in a frame that a judgement rests on: the one that the judge names, or else a guess. A record says what a frame
 * shows in a sentence: it is the innermost field that this sentence speaks of, or else what the clause asks for, or its scenario or
 * name; where none does, the one that tells the frame from its like. null: nothing of the frame could be read.
 */
export function decisiveField(
  { fields, octets }: FrameContent,
  evidence: EvidenceRecord,
  clause: ClauseRecord,
): FieldRecord | null {
  const { field } = evidence;
  if (field !== undefined && isWithin(field, octets.length))
    return { value: valueOf(field, fields), words: [], ...field };
  const slug = clause.id.replaceAll(/[-[\]]/g, ' ');
  for (const text of [evidence.says, clause.text, clause.scenario, slug]) {
    const spoken = fields.findLast(field => field.words.some(word => speaksOf(text.toLowerCase(), word)));
    if (spoken !== undefined) return spoken;
  }
  return fields.at(-1) ?? null;
}

/** A record may have been written by anyone. */
const isWithin = ({ name, offset, end }: FieldPlace, octets: number): boolean =>
  typeof name === 'string' &&
  Number.isInteger(offset) &&
  Number.isInteger(end) &&
  offset >= 0 &&
  offset < end &&
  end <= octets;

/** Empty where we read no field in that place. */
const valueOf = ({ offset, end }: FieldPlace, fields: readonly FieldRecord[]): string =>
  fields.findLast(field => field.offset === offset && field.end === end)?.value ?? '';

/** Whole words only, singular or plural: `spi` is not in `inspire`. */
function speaksOf(text: string, word: string): boolean {
  const literal = word.replaceAll(/[^a-z0-9_ ]/g, '\\$&');
  return new RegExp(`(?<![a-z0-9_])${literal}s?(?![a-z0-9_])`).test(text);
}
