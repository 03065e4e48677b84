import { type Report } from './diagnostic.ts';
import { oneOf } from './suggest.ts';
import type { Word } from './words.ts';

/** The octets of `"characters"` or `0x…`; null: reported. No message ever shows a part of a key. */
export function keyOctets(word: Word, report: Report): Uint8Array | null {
  if (word.quotes === 'closed') return new TextEncoder().encode(word.text);
  if (word.quotes === 'open') return null; // reported where the words were cut
  const digits = /^0x([0-9a-f]+)$/i.exec(word.text)?.[1];
  if (digits === undefined) {
    report.error(word.place, 'this is not a key', 'write it in double quotes, or as hexadecimal digits behind 0x');
    return null;
  }
  if (digits.length % 2 !== 0) {
    const message = `a key of ${digits.length} hexadecimal digits is not a number of whole octets`;
    report.error(word.place, message, 'write two digits for each octet');
    return null;
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** The one of them that has a key of that length; null: reported. */
export function fitting<Algorithm extends { readonly keyOctets: number; readonly saltOctets: number }>(
  algorithms: readonly Algorithm[],
  key: Uint8Array,
  word: Word,
  name: string,
  report: Report,
): Algorithm | null {
  const found = algorithms.find(algorithm => algorithm.keyOctets + algorithm.saltOctets === key.length);
  if (found !== undefined) return found;
  const lengths = algorithms.map(algorithm => String(algorithm.keyOctets + algorithm.saltOctets));
  const salt = algorithms[0]?.saltOctets ?? 0;
  const withSalt = salt === 0 ? '' : `, the last ${salt} of which are the salt`;
  report.error(
    word.place,
    `a key of ${key.length} octets does not fit ${name}`,
    `use ${oneOf(lengths)} octets${withSalt}`,
  );
  return null;
}

export const hexadecimal = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
