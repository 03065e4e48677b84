import type { ClauseRecord, EvidenceRecord } from '../format.ts';
import type { FieldRecord } from './frame.ts';

/**
 * The field to mark in a frame that a judgement rests on. A record says what a frame shows in a sentence: it is the innermost field
 * that this sentence speaks of, or else what the clause asks for, or its scenario or name; where none does, the one that tells the
 * frame from its like. null: nothing of the frame could be read.
 */
export function decisiveField(
  fields: readonly FieldRecord[],
  evidence: EvidenceRecord,
  clause: ClauseRecord,
): FieldRecord | null {
  const slug = clause.id.replaceAll(/[-[\]]/g, ' ');
  for (const text of [evidence.says, clause.text, clause.scenario, slug]) {
    const spoken = fields.findLast(field => field.words.some(word => speaksOf(text.toLowerCase(), word)));
    if (spoken !== undefined) return spoken;
  }
  return fields.at(-1) ?? null;
}

/** Whole words only, singular or plural: `spi` is not in `inspire`. */
function speaksOf(text: string, word: string): boolean {
  const literal = word.replaceAll(/[^a-z0-9_ ]/g, '\\$&');
  return new RegExp(`(?<![a-z0-9_])${literal}s?(?![a-z0-9_])`).test(text);
}
