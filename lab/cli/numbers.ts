import { badInput } from '../state/failure.ts';

/** A count of at least 1, for an option. */
export function wholeNumber(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && Number.isSafeInteger(value)) return value;
  throw badInput(`"${text}" is not a count`, 'give a whole number from 1');
}
