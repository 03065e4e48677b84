import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from './diagnostic.ts';
import { readIpsecinit } from './ipsecinit.ts';
import { readSetkey } from './setkey.ts';
import { readSwanctl } from './swanctl.ts';

const DIRECTORY = join(import.meta.dirname, 'broken');
const FILES = readdirSync(DIRECTORY).filter(name => name.endsWith('.conf'));

const READERS = [
  ['setkey', readSetkey],
  ['swanctl', readSwanctl],
] as const;

/** Each broken file beside what the user is told: read the .txt of a new one before it is committed. */
describe('broken files (after a change: npx vitest run engine/config/broken.test.ts -u)', () => {
  test.each(FILES)('%s', async file => {
    const read = READERS.find(([name]) => file.startsWith(name))?.[1] ?? readIpsecinit;
    const { stated, diagnostics } = read(file, readFileSync(join(DIRECTORY, file), 'utf8'), { legacy: false });
    expect(stated).toBeNull();
    expect(diagnostics).not.toEqual([]);
    const text = diagnostics.map(diagnostic => `${formatDiagnostic(diagnostic)}\n`).join('');
    await expect(text).toMatchFileSnapshot(join(DIRECTORY, `${basename(file, '.conf')}.txt`));
  });

  test('show no key', () => {
    const told = FILES.map(file => readFileSync(join(DIRECTORY, `${basename(file, '.conf')}.txt`), 'utf8')).join('');
    expect(told).not.toMatch(
      /swordfish|horse battery|octets of key|89abcdef|fifteen octets|authentication!!|thirty-two octets are/,
    );
  });
});
