import type { Place } from './diagnostic.ts';

/** Of a policy after its place in a file: `ipsecinit.conf:3`, with the column where another begins in the same line. */
export function nameAfter(file: string, place: Place | null): string {
  const base = file.slice(file.lastIndexOf('/') + 1);
  return place === null ? base : `${base}:${place.line}${place.column === 1 ? '' : `.${place.column}`}`;
}
