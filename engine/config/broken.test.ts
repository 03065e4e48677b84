import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Diagnostic, formatDiagnostic } from './diagnostic.ts';
import { readIkePreshared } from './ike-preshared.ts';
import { readIpsecinit } from './ipsecinit.ts';
import type { SecretsReading } from './key-rules.ts';
import { readPskFile } from './psk-file.ts';
import { readRacoon } from './racoon.ts';
import { readSetkey } from './setkey.ts';
import { readSolarisIke } from './solaris-ike.ts';
import { readSwanctl } from './swanctl.ts';

const DIRECTORY = join(import.meta.dirname, 'broken');
const FILES = readdirSync(DIRECTORY).filter(name => name.endsWith('.conf'));

type Reader = (file: string, text: string) => { readonly stated: unknown; readonly diagnostics: readonly Diagnostic[] };

const RULES = { legacy: false };
const READERS: readonly (readonly [string, Reader])[] = [
  ['setkey', (file, text) => readSetkey(file, text, RULES)],
  ['swanctl', (file, text) => readSwanctl(file, text, RULES)],
  ['ipsecinit', (file, text) => readIpsecinit(file, text, RULES)],
  ['ikeconfig', (file, text) => readSolarisIke(file, text, RULES)],
  ['racoon', (file, text) => readRacoon(file, text, { ...RULES, secrets: [] })],
  ['preshared', (file, text) => secretsOf(readIkePreshared(file, text))],
  ['psk', (file, text) => secretsOf(readPskFile(file, text))],
];

const secretsOf = ({ secrets, diagnostics }: SecretsReading) => ({ stated: secrets, diagnostics });

/** Each broken file beside what the user is told: read the .txt of a new one before it is committed. */
describe('broken files (after a change: npx vitest run engine/config/broken.test.ts -u)', () => {
  test.each(FILES)('%s', async file => {
    const read = READERS.find(([name]) => file.startsWith(`${name}-`))?.[1];
    if (read === undefined) throw new Error(`no dialect of ${file}`);
    const { stated, diagnostics } = read(file, readFileSync(join(DIRECTORY, file), 'utf8'));
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
