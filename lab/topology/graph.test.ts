import { describe, expect, test } from 'vitest';
import { drawTopology, GRAPH_FORMATS } from './graph.ts';
import { layOut } from './graph/layout.ts';
import { pictureOf } from './graph/picture.ts';
import { loadTopology } from './load.ts';
import type { Topology } from './model.ts';
import { openTopology, shippedTopologies } from './shipped.ts';
import { EVERYTHING } from './testing/everything.ts';

function good(result: { readonly topology: Topology | null }): Topology {
  if (result.topology === null) throw new Error('the topology has errors');
  return result.topology;
}

const topologies = [
  good(loadTopology('everything.yaml', EVERYTHING)),
  ...shippedTopologies().map(({ file }) => good(openTopology(file))),
];

/** A star of `count` hosts around a router, which is the tallest column that a small file can ask for. */
function star(count: number): Topology {
  const spokes = Array.from({ length: count }, (_, i) => i);
  const hosts = spokes.map(i => `  h${i}: { kind: host, interfaces: { e: {} } }`);
  const links = spokes.map(i => `  l${i}: { endpoints: ["hub:e${i}", "h${i}:e"] }`);
  const ports = spokes.map(i => `e${i}: {}`).join(', ');
  const text = [
    'name: star',
    'nodes:',
    `  hub: { kind: router, interfaces: { ${ports} } }`,
    ...hosts,
    'links:',
    ...links,
  ];
  return good(loadTopology('star.yaml', text.join('\n')));
}

describe('drawing a topology', () => {
  test('Mermaid', () => {
    expect(drawTopology(good(openTopology('site-to-site')), 'mermaid')).toMatchInlineSnapshot(`
      "flowchart LR
        n0{{"<b>alice</b><br/>net0 1.2.3.4/24<br/>net1 10.0.0.1/24 2001:470:24:c66::1/64"}}:::gateway
        n1{{"<b>bob</b><br/>net0 5.6.7.8/24<br/>net1 10.0.1.1/24 2001:470:24:c67::1/64"}}:::gateway
        n2(["<b>internet</b><br/>alice 1.2.3.1/24<br/>bob 5.6.7.1/24"]):::router
        n3["<b>a1</b><br/>eth0 10.0.0.2/24 2001:470:24:c66::2/64"]:::host
        n4["<b>b1</b><br/>eth0 10.0.1.2/24 2001:470:24:c67::2/64"]:::host
        n3 ---|"lan-a"| n0
        n0 ---|"wan"| n2
        n2 ---|"wan-bob"| n1
        n1 ---|"lan-b"| n4
        n0 -.-|"v4_bob0 ⇄ v4_alice0<br/>ESP aes256gcm16"| n1
        classDef gateway fill:#e7f0ff,stroke:#2f6fde,color:#10233f
        classDef router fill:#f1f1f4,stroke:#7a7f8c,color:#22252c
        classDef host fill:#ecf8ee,stroke:#3a9b52,color:#12321b
      "
    `);
  });

  test('Graphviz', () => {
    expect(drawTopology(good(openTopology('transport-pair')), 'dot')).toMatchInlineSnapshot(`
      "graph "Two hosts, transport mode" {
        graph [rankdir=LR, labelloc=t, fontname="sans-serif", nodesep=0.6, ranksep=1.2];
        node [fontname="sans-serif", fontsize=11, style=filled];
        edge [fontname="sans-serif", fontsize=10];
        "alice" [label="alice\\nnet0 192.0.2.1/24 2001:db8::1/64", shape=box, fillcolor="#ecf8ee"];
        "bob" [label="bob\\nnet0 192.0.2.2/24 2001:db8::2/64", shape=box, fillcolor="#ecf8ee"];
        "alice" -- "bob" [label="wan", taillabel="net0", headlabel="net0"];
        "alice" -- "bob" [label="transport mode\\nESP aes256-sha256", style=dashed, color="#2f6fde", constraint=false];
      }
      "
    `);
  });

  test('what protects: bundles, levels, ESP in UDP, and the NAT between', () => {
    const drawn = (name: string) => drawTopology(good(openTopology(name)), 'mermaid');
    expect(drawn('ah-pair')).toContain('"transport mode<br/>AH sha256 around ESP aes256gcm16"');
    expect(drawn('transport-mesh')).toContain('"transport mode<br/>ESP aes256gcm16 (use)"');
    expect(drawn('nested')).toContain('"tunnel mode<br/>ESP aes256-sha512"');
    expect(drawn('nat-t')).toContain('"tunnel mode<br/>ESP in UDP aes256gcm16"');
    expect(drawn('nat-t')).toContain(':::nat');
    expect(drawTopology(good(openTopology('nat-t')), 'dot')).toContain('shape=diamond');
    expect(drawTopology(good(openTopology('nat-t')), 'svg')).toContain('<g class="nat"');
  });

  test.each(topologies)('$name as SVG: every tag is closed, every node, link and tunnel is there', topology => {
    const svg = drawTopology(topology, 'svg');
    expect(unclosedTags(svg)).toEqual([]);
    const picture = pictureOf(topology);
    for (const { name } of [...picture.nodes, ...picture.links]) expect(svg).toContain(`>${name}</text>`);
    for (const { name } of picture.tunnels) expect(svg).toContain(`>${name} ·`);
    expect(svg).not.toContain('NaN');
  });

  test.each([...topologies, star(9)])('$name: no two nodes overlap', topology => {
    const boxes = [...layOut(pictureOf(topology)).values()];
    expect(boxes).toHaveLength(topology.nodes.length);
    const pairs = boxes.flatMap((a, i) => boxes.slice(i + 1).map(b => [a, b] as const));
    const overlapping = pairs.filter(
      ([a, b]) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
    );
    expect(overlapping.map(([a, b]) => `${a.node.name} and ${b.node.name}`)).toEqual([]);
  });

  test('a chain is a straight line, and nodes that are not connected are drawn too', () => {
    const chain = layOut(pictureOf(good(openTopology('site-to-site'))));
    const centres = ['a1', 'alice', 'internet', 'bob', 'b1']
      .map(name => chain.get(name))
      .map(box => ({
        x: box?.x ?? 0,
        middle: (box?.y ?? 0) + (box?.height ?? 0) / 2,
      }));
    expect(new Set(centres.map(({ middle }) => middle)).size).toBe(1);
    expect(centres.map(({ x }) => x)).toEqual(centres.map(({ x }) => x).toSorted((a, b) => a - b));
    const text =
      'name: two\nnodes:\n  a: { kind: host, interfaces: { e: {} } }\n  b: { kind: host, interfaces: { e: {} } }\n';
    expect(drawTopology(good(loadTopology('two.yaml', text)), 'svg')).toContain('>b</text>');
  });

  test('what the user wrote is escaped', () => {
    const text = 'name: x\ntitle: "<b> & \\"quotes\\" \\\\"\nnodes:\n  end: { kind: host, interfaces: { e: {} } }\n';
    const topology = good(loadTopology('x.yaml', text));
    expect(drawTopology(topology, 'svg')).toContain('>&lt;b&gt; &amp; &quot;quotes&quot; \\</text>');
    expect(drawTopology(topology, 'dot')).toContain('graph "<b> & \\"quotes\\" \\\\" {');
    expect(drawTopology(topology, 'mermaid')).toContain('n0["<b>end</b><br/>e"]'); // a word of Mermaid as a name
  });

  test.each(GRAPH_FORMATS)('%s is the same text each time', format => {
    for (const topology of topologies) expect(drawTopology(topology, format)).toBe(drawTopology(topology, format));
  });
});

function unclosedTags(xml: string): string[] {
  const open: string[] = [];
  for (const [, closing, name, rest] of xml.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*)>/g)) {
    if (closing === '/') {
      if (open.pop() !== name) return [`</${name}>`];
    } else if (rest?.endsWith('/') !== true) open.push(name ?? '');
  }
  return open;
}
