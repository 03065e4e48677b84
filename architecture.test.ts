import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

/** The engine, sans I/O, with its dialects. */
const ENGINE = [
  'engine/config',
  'engine/config/diagnostic.ts',
  'engine/config/suggest.ts',
  'engine/filter',
  'engine/ike',
  'engine/pki',
  'engine/node',
  'engine/ipsec',
  'engine/wire',
  'engine/crypto',
];

/** What is below all of `lab/bench` that touches the world. */
const MEASURING = [
  'engine/host',
  ...ENGINE,
  'engine/native',
  'lab/topology',
  'lab/pki',
  'lab/drivers',
  'lab/capture',
  'lab/bench',
  'reports',
];

/**
 * The arrows of ARCHITECTURE.md, as code. A layer is the longest prefix of a file's path (or the file) that stands here, and may import
 * itself and the layers listed, nothing else. `type` after a layer's name: types only, erased before anything runs.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'engine/wire': [],
  'engine/crypto': ['engine/wire'],
  'engine/ipsec': ['engine/wire', 'engine/crypto'],
  // Certificates: what is signed by whom, until when. Knows of no exchange.
  'engine/pki': ['engine/wire', 'engine/crypto'],
  'engine/ike': ['engine/pki', 'engine/ipsec', 'engine/wire', 'engine/crypto', 'engine/node type'],
  // What is wrong with a user's text, and what was meant: words for everybody who reads one.
  'engine/config/diagnostic.ts': [],
  'engine/config/suggest.ts': ['engine/config/diagnostic.ts'],
  'engine/filter': ['engine/wire', 'engine/config/diagnostic.ts', 'engine/config/suggest.ts'],
  // The dialects: text of other systems into this engine's configuration.
  'engine/config': [
    'engine/config/diagnostic.ts',
    'engine/config/suggest.ts',
    'engine/node type',
    'engine/filter',
    'engine/ike',
    'engine/pki',
    'engine/ipsec',
    'engine/wire',
    'engine/crypto',
  ],
  'engine/node': ['engine/filter', 'engine/ipsec', 'engine/wire', 'engine/crypto'],
  'engine/native': [],
  'engine/host': [
    'engine/native',
    'engine/ike',
    'engine/pki',
    'engine/node',
    'engine/ipsec',
    'engine/wire',
    'engine/crypto',
  ],
  'lab/topology': [...ENGINE, 'lab/capture'],
  // Charles: the credentials of a topology, and what he publishes.
  'lab/pki': ['engine/pki', 'engine/ike', 'engine/wire', 'engine/crypto', 'lab/topology'],
  // The judges share no code with the judged: they see octets, addresses and what the lab promises.
  'lab/capture': ['engine/wire', 'lab/capture/pcap-parser', 'lab/topology type'],
  'lab/capture/pcap-parser': [],
  'lab/checks': ['engine/wire', 'engine/node type', 'lab/capture', 'lab/topology', 'lab/drivers type'],
  // What administrators type on a node: its commands and files, sans I/O as the node is.
  'lab/system': [...ENGINE, 'lab/capture'],
  'lab/reconcile': ['engine/node', 'lab/topology', 'lab/system'],
  // How speed is measured and judged: arithmetic, which knows nothing of what it measures.
  'lab/bench': ['engine/wire', 'reports type'],
  // What takes the measurements: live labs in a pod, programs beside them, and what is measured with both.
  'lab/bench/live': [...MEASURING, 'lab/bench/profiles type'],
  'lab/bench/generator': [...MEASURING, 'lab/bench/live'],
  'lab/bench/subjects': [...MEASURING, 'lab/bench/live'],
  // Algorithms alone, in one process.
  'lab/bench/raw': ['engine/host', 'engine/ipsec', 'engine/crypto', 'engine/wire'],
  'lab/bench/setup': [...MEASURING, 'lab/bench/live', 'lab/bench/generator', 'lab/bench/subjects'],
  'lab/bench/scale': [...MEASURING, 'lab/bench/live'],
  'lab/bench/profiles': [
    ...MEASURING,
    'lab/bench/scale',
    'lab/bench/live',
    'lab/bench/generator',
    'lab/bench/subjects',
    'lab/bench/setup',
    'lab/bench/raw',
  ],
  'lab/drivers': [
    'engine/host',
    'engine/config',
    'engine/ike',
    'engine/pki',
    'engine/node',
    'engine/ipsec',
    'engine/wire',
    'engine/crypto',
    'lab/topology',
    'lab/pki',
    'lab/system',
    'lab/reconcile',
    'lab/capture',
  ],
  lab: [
    'engine/host',
    ...ENGINE,
    'lab/topology',
    'lab/pki',
    'lab/drivers',
    'lab/reconcile',
    'lab/bench',
    'lab/bench/live',
    'lab/bench/profiles',
    'lab/system',
    'lab/capture',
    'lab/capture/pcap-parser',
    'lab/checks',
    'reports',
  ],
  suites: [
    'engine/wire',
    'lab',
    'lab/topology',
    'lab/pki',
    'lab/drivers',
    'lab/system',
    'lab/capture',
    'lab/capture/pcap-parser',
    'lab/checks',
    'reports type',
  ],
  reports: [],
  bench: [
    'lab',
    'lab/bench/raw',
    'lab/bench/scale',
    'lab/topology',
    'lab/pki',
    'lab/drivers',
    'lab/capture',
    'engine/host',
    'engine/config',
    'engine/filter',
    'engine/ike',
    'engine/pki',
    'engine/node',
    'engine/ipsec',
    'engine/wire',
    'engine/crypto',
  ],
};

/** Below `host` nothing touches the world: no I/O, no clock, no randomness, no waiting. `node:crypto` is mathematics. */
const SANS_IO = [
  'engine/wire',
  'engine/crypto',
  'engine/pki',
  'engine/ike',
  'engine/ipsec',
  'engine/filter',
  'engine/config',
  'engine/node',
  'lab/system',
  'lab/bench',
];
const WORLDLY = [
  { pattern: /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bhrtime\b/, what: 'reads a clock' },
  {
    pattern:
      /\bMath\.random\b|\brandomBytes\b|\brandomFill(?:Sync)?\b|\brandomInt\b|\brandomUUID\b|\bgetRandomValues\b/,
    what: 'draws randomness',
  },
  {
    pattern: /\bawait\b|\basync\b|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bqueueMicrotask\b|\bPromise\b/,
    what: 'waits',
  },
  { pattern: /\bprocess\./, what: 'touches the process' },
];
/** What may be imported there from outside: mathematics and encodings. */
const PURE_PACKAGES = /^(?:node:crypto|node:assert|@noble\/[a-z-]+\/.+|@peculiar\/asn1-[a-z0-9]+)$/;

const ROOT = import.meta.dirname;
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

interface Import {
  readonly file: string;
  readonly line: number;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sourceFiles(): string[] {
  return ['engine', 'lab', 'suites', 'reports', 'bench']
    .flatMap(folder => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort();
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(match => ({
    file,
    line: text.slice(0, match.index + match[0].search(/\S/)).split('\n').length,
    target: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }));
}

function layerOf(file: string): string {
  const layers = Object.keys(MAY_IMPORT).filter(layer => file === layer || file.startsWith(`${layer}/`));
  return layers.sort((a, b) => b.length - a.length)[0] ?? file;
}

function violation(found: Import): string | null {
  const where = `${found.file}:${found.line}`;
  const layer = layerOf(found.file);
  if (!found.target.startsWith('.')) {
    const isForbidden = SANS_IO.includes(layer) && !PURE_PACKAGES.test(found.target);
    return isForbidden
      ? `${where}: ${layer} imports ${found.target}; below engine/host only node:crypto, node:assert, @noble and @peculiar/asn1`
      : null;
  }
  const target = layerOf(normalize(join(dirname(found.file), found.target)));
  const allowed = MAY_IMPORT[layer] ?? [];
  if (target === layer || allowed.includes(target)) return null;
  if (found.typeOnly && allowed.includes(`${target} type`)) return null;
  return `${where}: ${layer} may not import ${target} (it may import: ${allowed.join(', ') || 'nothing'})`;
}

const isTest = (file: string): boolean => /\.test\.ts$|(?:^|\/)testing\//.test(file);

test('every import follows the arrows of ARCHITECTURE.md', () => {
  const files = sourceFiles().filter(file => !isTest(file));
  expect(files.length).toBeGreaterThan(30);
  expect(
    files
      .flatMap(importsOf)
      .map(violation)
      .filter(found => found !== null),
  ).toEqual([]);
});

test('nothing below engine/host touches a clock, randomness, the process or a promise', () => {
  const found = sourceFiles()
    .filter(file => !isTest(file) && SANS_IO.includes(layerOf(file)))
    .flatMap(file =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const code = line.replace(/\/\/.*$|^\s*\/?\*.*$/, '');
          return WORLDLY.filter(({ pattern }) => pattern.test(code)).map(
            ({ what }) => `${file}:${index + 1}: ${what}: ${line.trim()}`,
          );
        }),
    );
  expect(found).toEqual([]);
});

test('the rule itself catches a backward arrow', () => {
  const backward = { file: 'engine/wire/ipv4.ts', line: 3, target: '../node/node.ts', typeOnly: false };
  expect(violation(backward)).toBe(
    'engine/wire/ipv4.ts:3: engine/wire may not import engine/node (it may import: nothing)',
  );
  expect(
    violation({ file: 'lab/capture/tripwire.ts', line: 1, target: '../../engine/ipsec/spd.ts', typeOnly: false }),
  ).toMatch(/lab\/capture may not import engine\/ipsec/);
  expect(violation({ file: 'engine/node/create.ts', line: 1, target: 'node:fs', typeOnly: false })).toMatch(
    /only node:crypto/,
  );
});
