/** Numbers from 0 to below 1 that follow from the seed (the generator of Numerical Recipes): tests draw no chance of their own. */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

const ODD = [
  '{',
  '}',
  ';',
  '"',
  '#',
  '(',
  ')',
  '..',
  '-',
  '/',
  '[',
  ']',
  ',',
  '\n',
  '\r\n',
  '\0',
  '\u2028',
  '€',
  '0x',
  '∞',
  '=',
];

/** A text with a few things done to it: cut, doubled, moved, swapped with words of others, or strewn with odd characters. */
export function mutate(text: string, others: readonly string[], random: () => number): string {
  let mutated = text;
  for (let times = 1 + Math.floor(random() * 4); times > 0; times -= 1) mutated = mutateOnce(mutated, others, random);
  return mutated;
}

function mutateOnce(text: string, others: readonly string[], random: () => number): string {
  const at = Math.floor(random() * (text.length + 1));
  const end = Math.min(text.length, at + Math.floor(random() * 20));
  const [before, piece, after] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (Math.floor(random() * 7)) {
    case 0:
      return before + after;
    case 1:
      return before + piece + piece + after;
    case 2:
      return before + pick(ODD, random) + after;
    case 3:
      return before + pick(ODD, random) + piece + after;
    case 4:
      return before + pick(pick(others, random).split(/\s+/), random) + after;
    case 5:
      return before + String.fromCodePoint(Math.floor(random() * 0xd000)) + piece + after;
    default: {
      const words = text.split(' ');
      const [i, j] = [random, random].map(draw => Math.floor(draw() * words.length));
      return words
        .map((word, n) => (n === i ? (words[j ?? 0] ?? '') : n === j ? (words[i ?? 0] ?? '') : word))
        .join(' ');
    }
  }
}

function pick(list: readonly string[], random: () => number): string {
  return list[Math.floor(random() * list.length)] ?? '';
}
