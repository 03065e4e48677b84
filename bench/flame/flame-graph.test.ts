import type { Profiler } from 'node:inspector';
import { expect, test } from 'vitest';
import { callTree, selfTimes, totalUs } from './call-tree.ts';
import { flameGraph } from './flame-graph.ts';
import { profiled } from './profile.ts';

const node = (id: number, functionName: string, url: string, children: readonly number[]): Profiler.ProfileNode => ({
  id,
  callFrame: { functionName, url, scriptId: '1', lineNumber: 0, columnNumber: 0 },
  children: [...children],
});

/** main calls work, which calls seal from two places; beside it the collector, and main's own idling. */
const PROFILE: Profiler.Profile = {
  nodes: [
    node(1, '(root)', '', [2, 8, 9]),
    node(2, 'main', 'file:///x/dist/bench/run.js', [3]),
    node(3, 'work', 'file:///x/dist/bench/run.js', [4, 6]),
    node(4, 'forward', 'file:///x/dist/engine/node/forward.js', [5]),
    node(5, 'seal', 'file:///x/dist/engine/ipsec/kernel.js', []),
    node(6, 'seal', 'file:///x/dist/engine/ipsec/kernel.js', [7]),
    node(7, 'update', 'node:internal/crypto/cipher', []),
    node(8, '(garbage collector)', '', []),
    node(9, '(idle)', '', []),
  ],
  startTime: 0,
  endTime: 0,
  samples: [2, 4, 5, 5, 6, 7, 8, 9],
  timeDeltas: [1000, 10, 20, 20, 30, 40, 5, 1000],
};

test('a tree has what was called from the entry on, the collector, and nothing else', () => {
  const root = callTree(PROFILE, 'work');
  expect(totalUs(root)).toBe(125);
  expect([...root.callees.keys()]).toEqual(['engine/node forward', 'engine/ipsec seal', ' (garbage collector)']);
  expect(selfTimes(root).slice(0, 3)).toEqual([
    { name: 'seal', origin: 'engine/ipsec', us: 70 },
    { name: 'update', origin: 'node:crypto', us: 40 },
    { name: 'forward', origin: 'engine/node', us: 10 },
  ]);
});

test('a graph names each function, with its share and its time', () => {
  const svg = flameGraph('packets & <frames>', callTree(PROFILE, 'work'), 5, 'a packet');
  expect(svg).toContain('packets &amp; &lt;frames&gt;: 25.00 µs a packet');
  expect(svg).toContain('<title>seal (engine/ipsec): 56.0 %, 14.00 µs a packet</title>');
  expect(svg.match(/<g>/g)).toHaveLength(svg.match(/<\/g>/g)?.length ?? -1);
});

test('what V8 saw of real work is in the tree', async () => {
  let sum = 0;
  const burn = (): void => {
    const end = performance.now() + 100;
    while (performance.now() < end) sum += Math.sqrt(sum + 1);
  };
  const root = callTree(await profiled(burn), burn.name);
  expect(sum).toBeGreaterThan(0);
  expect(totalUs(root)).toBeGreaterThan(0);
});
