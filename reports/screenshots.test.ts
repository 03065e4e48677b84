import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('README shows both reports, with words for those who do not see them, in files of moderate size', () => {
  const images = [...readme.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words = '', path = '']) => ({
    words,
    path,
  }));
  expect(images.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['reports/screenshots/conformance.png', 'reports/screenshots/performance.png']),
  );
  for (const { words, path } of images) {
    expect(words.length, path).toBeGreaterThan(20);
    const file = join(root, path);
    expect(statSync(file).size, path).toBeLessThan(300_000);
    expect(readFileSync(file).subarray(1, 4).toString(), path).toBe('PNG');
  }
});
