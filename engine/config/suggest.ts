import { quoted } from './diagnostic.ts';

/** The candidate that the user most likely meant, or null when nothing is near. */
export function nearest(text: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(Math.min(text.length, 40) / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) >= bestDistance) continue;
    const distance = editDistance(text.slice(0, 64).toLowerCase(), candidate.slice(0, 64).toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "wan"?`, or else `one of lan-a, wan, wan-bob`; `none` when there is nothing to choose from. */
export function didYouMean(text: string, candidates: readonly string[], none: string): string {
  const near = nearest(text, candidates);
  if (near !== null) return `did you mean ${quoted(near)}?`;
  return candidates.length === 0 ? none : `use ${oneOf(candidates)}`;
}

/** `a, b or c`; long lists are cut. */
export function oneOf(names: readonly string[]): string {
  if (names.length > 12) return `one of ${names.slice(0, 12).join(', ')}, …`;
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours, each 1. */
export function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let oneBack = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (oneBack[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(substitution, (oneBack[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (twoBack[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    twoBack = oneBack;
    oneBack = row;
  }
  return oneBack[b.length] ?? 0;
}
