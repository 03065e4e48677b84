import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTopology } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import { topologiesDirectory } from '../topology/shipped.ts';
import { changeLine } from './change-text.ts';
import { planChanges } from './changes.ts';
import { keepMacs } from './keep-macs.ts';

const text = readFileSync(join(topologiesDirectory(), 'site-to-site.yaml'), 'utf8');

function load(changed: string): Topology {
  const { topology, diagnostics } = loadTopology('x.yaml', changed);
  if (topology === null) throw new Error(JSON.stringify(diagnostics));
  return topology;
}

const before = load(text);
const plan = (changed: string) => planChanges(before, keepMacs(before, load(changed)));
const lines = (changed: string) => plan(changed).changes.map(changeLine);
const replaced = (from: string | RegExp, to: string): string => {
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`site-to-site has no ${String(from)}`);
  return changed;
};

const MORE = `
  a2:
    kind: host
    interfaces:
      eth0: { addresses: [10.9.0.2/24] }
  a3:
    kind: host
    interfaces:
      eth0: { addresses: [10.9.0.3/24] }
links:
  lan-c: { endpoints: ["a2:eth0", "a3:eth0"] }`;

describe('what has to change', () => {
  test('nothing, where only words, comments and lines are others', () => {
    expect(lines(text)).toEqual([]);
    expect(lines(`# a line more\n${replaced(/^title: .*$/m, 'title: Others')}`)).toEqual([]);
  });

  test('an impairment, of that link alone', () => {
    const changed = replaced('"internet:alice"]', '"internet:alice"], impair: { delay: 20ms }');
    expect(lines(changed)).toEqual(['~ link wan: impairment']);
  });

  test('what a node can be told while it runs', () => {
    expect(lines(replaced('esp: [aes256gcm16]', 'esp: [aes128gcm16]'))).toEqual([
      expect.stringMatching(/^~ node (alice|bob): policies, connections$/),
    ]);
    expect(lines(replaced('10.0.0.2/24', '10.0.0.77/24'))).toContain('~ node a1: addresses');
  });

  test('what it cannot: it starts again, and no other', () => {
    const changed = replaced(/kind: gateway/, 'kind: gateway\n    antispoofing: true');
    expect(lines(changed)).toEqual([expect.stringMatching(/^~ node (alice|bob): antispoofing \(restarts\)$/)]);
  });

  test('nodes and links that come, go, or end elsewhere; the others keep their MAC addresses', () => {
    const more = replaced(/\nlinks:/, MORE);
    expect(lines(more)).toEqual(['+ node a2', '+ node a3', '+ link lan-c', '~ protected flows']);
    const front = replaced(
      /\nnodes:/,
      '\nnodes:\n  first: { kind: host, interfaces: { eth0: { addresses: [10.9.0.9/24] } } }',
    );
    expect(lines(front)).toEqual(['+ node first']);
    const kept = keepMacs(before, load(front));
    const macs = kept.nodes.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac));
    expect(new Set(macs).size).toBe(macs.length);
    const back = planChanges(load(more), keepMacs(load(more), before));
    expect(back.changes.map(changeLine)).toEqual(['- link lan-c', '- node a2', '- node a3', '~ protected flows']);
  });

  test('a host that gets a policy is another node: its namespaces are others', () => {
    const changed = replaced(/(\n {2}a1:\n {4}kind: host)/, '$1\n    antispoofing: true');
    const [removed, gone, come, added] = lines(changed);
    expect([removed, gone, come, added]).toEqual(['- link lan-a', '- node a1', '+ node a1', '+ link lan-a']);
  });

  test('what is judged', () => {
    expect(lines(`${text}\nprotected: ["10.0.0.0/24 <-> 5.6.7.0/24"]\n`)).toEqual(['~ protected flows']);
  });
});

test('certificates are of a run: other ones are no change of a lab that runs', () => {
  const ca = readFileSync(join(topologiesDirectory(), 'site-to-site-ca.yaml'), 'utf8');
  const [one, other] = [load(ca), load(ca.replace('"CN=alice, O=ipsec-lab"', '"CN=alicia, O=ipsec-lab"'))];
  expect(planChanges(one, one)).toEqual({ changes: [], obstacle: null });
  expect(planChanges(one, other).obstacle?.message).toMatch(/made when a lab comes up/);
});
