import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { openTopology, resolveTopologyArgument, shippedTopologies } from './shipped.ts';

const directory = mkdtempSync(join(tmpdir(), 'ipsec-lab-shipped-'));
afterAll(() => rmSync(directory, { recursive: true }));

function told(nameOrFile: string): string {
  const { topology, diagnostics } = openTopology(nameOrFile);
  expect(topology).toBeNull();
  return diagnostics.map(formatDiagnostic).join('\n').replaceAll(directory, 'DIR');
}

describe('shipped topologies', () => {
  test('by name', () => {
    expect(shippedTopologies().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['clear', 'site-to-site', 'site-to-site-v6', 'transport-pair']),
    );
  });

  test.each(shippedTopologies())('$name is good, has the name of its file, a title, and checks', ({ name, file }) => {
    const { topology, diagnostics } = openTopology(name);
    expect(diagnostics).toEqual([]);
    expect(topology).toMatchObject({ name, file });
    expect(topology?.title).not.toBe(name);
    const kinds = new Set(topology?.checks.map(({ spec }) => spec.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['reach', 'policy', 'path-mtu']));
    expect(kinds.has('encrypted') || kinds.has('authenticated')).toBe(!['clear', 'smartos-guide'].includes(name));
  });
});

const withFilter = (file: string): string =>
  `name: mine\nnodes:\n  a:\n    kind: host\n    interfaces: { e: {} }\n    files: { ipf.conf: ${file} }\n`;

describe('what the user names', () => {
  test('a file', () => {
    const file = join(directory, 'mine.yaml');
    writeFileSync(file, 'name: mine\nnodes:\n  a: { kind: host, interfaces: { e: {} } }\n');
    expect(resolveTopologyArgument(file)).toEqual({ kind: 'file', file });
    expect(openTopology(file).topology?.name).toBe('mine');
  });

  test.each([
    ['site-to-sight', 'site-to-sight: is neither a shipped topology nor a file\n  fix: did you mean "site-to-site"?'],
    ['./no-such.yaml', './no-such.yaml: there is no such file\n  fix: use'],
    ['', ': is neither a shipped topology nor a file\n  fix: use'],
    ['nul\0byte', 'nul\\u{0}byte: is neither'],
    [directory, 'DIR: is not a file\n  fix: name a YAML file'],
  ])('%j is diagnosed', (nameOrFile, text) => {
    expect(told(nameOrFile)).toContain(text);
  });

  test('native files beside it', () => {
    const file = join(directory, 'native.yaml');
    const rules = (native: string) => {
      writeFileSync(file, withFilter(native));
      const { topology: found, diagnostics } = openTopology(file);
      return (
        found?.nodes[0]?.filter?.rules.length ?? diagnostics.map(formatDiagnostic).join('').replaceAll(directory, 'DIR')
      );
    };
    mkdirSync(join(directory, 'etc'));
    writeFileSync(join(directory, 'etc', 'ipf.conf'), 'block in all\npass in on e all\n');
    writeFileSync(join(directory, 'etc', 'bad.conf'), 'block in all\npass in on f all\n');
    writeFileSync(join(directory, 'etc', 'binary.conf'), Uint8Array.of(0xff, 0xfe));
    expect(rules('etc/ipf.conf')).toBe(2);
    expect(rules('etc/bad.conf')).toMatch(/^etc\/bad.conf:2:12: there is no interface "f"/);
    expect(rules('etc/nothing.conf')).toMatch(/^DIR\/native.yaml:6:24: "etc\/nothing.conf" is not there/);
    expect(rules('etc')).toMatch(/"etc" is not a file/);
    expect(rules('etc/binary.conf')).toMatch(/is not UTF-8 text/);
    symlinkSync('ipf.conf', join(directory, 'etc', 'link.conf'));
    symlinkSync('/etc/passwd', join(directory, 'etc', 'passwd.conf'));
    truncateSync(join(directory, 'etc', 'binary.conf'), 1 << 23);
    expect(rules('etc/link.conf')).toBe(2);
    expect(rules('etc/passwd.conf')).toMatch(/"etc\/passwd.conf" is a link that leads out of the folder/);
    expect(rules('etc/binary.conf')).toMatch(/has 8388608 octets, more than 4194304/);
  });

  test('a filter of very many rules', () => {
    const file = join(directory, 'many.yaml');
    writeFileSync(file, withFilter('many.conf'));
    writeFileSync(join(directory, 'many.conf'), 'block in all\n'.repeat(150_000));
    expect(openTopology(file).topology?.nodes[0]?.filter?.rules).toHaveLength(150_000);
  });

  test('a file that is not text', () => {
    const file = join(directory, 'binary.yaml');
    writeFileSync(file, Uint8Array.of(0x6e, 0xff, 0xfe));
    expect(told(file)).toBe('DIR/binary.yaml: is not UTF-8 text\n  fix: save it as UTF-8');
  });
});
