import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { loadTopology } from './load.ts';

const DIRECTORY = join(import.meta.dirname, 'broken');
const FILES = readdirSync(DIRECTORY).filter(name => name.endsWith('.yaml'));

/** Each broken topology beside what the user is told: read the .txt of a new one before it is committed. */
describe('broken topologies (after a change: npx vitest run lab/topology/broken.test.ts -u)', () => {
  test.each(FILES)('%s', async file => {
    const { topology, diagnostics } = loadTopology(file, readFileSync(join(DIRECTORY, file), 'utf8'));
    expect(topology).toBeNull();
    expect(diagnostics).not.toEqual([]);
    const text = diagnostics.map(diagnostic => `${formatDiagnostic(diagnostic)}\n`).join('');
    await expect(text).toMatchFileSnapshot(join(DIRECTORY, `${basename(file, '.yaml')}.txt`));
  });

  test('there are many', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(110);
  });
});
