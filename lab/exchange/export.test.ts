import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { loadTopology } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import { openTopology, shippedTopologies } from '../topology/shipped.ts';
import { exportCompose } from './compose/export.ts';
import { exportContainerlab } from './containerlab/export.ts';
import { importContainerlab } from './containerlab/import.ts';
import { draftText } from './network-draft.ts';
import { plainNetwork } from './plain/network.ts';
import { exportShell } from './shell/export.ts';
import { twoSites, twoSitesForDocker } from './testing/two-sites.ts';

const IMAGE = 'example/linux:1';
const golden = (name: string): string => `./golden/${name}`;

describe('a topology as other tools have it', () => {
  test('a shell script', async () => {
    await expect(exportShell(plainNetwork(twoSites()))).toMatchFileSnapshot(golden('two-sites.sh'));
  });

  test('a containerlab file', async () => {
    await expect(exportContainerlab(plainNetwork(twoSites()), IMAGE)).toMatchFileSnapshot(golden('two-sites.clab.yml'));
  });

  test('a docker-compose file', async () => {
    const exported = exportCompose(plainNetwork(twoSitesForDocker()), IMAGE, 'two-sites.yaml');
    await expect(exported.kind === 'text' ? exported.text : exported.diagnostics).toMatchFileSnapshot(
      golden('two-sites.compose.yml'),
    );
  });

  test('what Docker cannot have is said', () => {
    const exported = exportCompose(plainNetwork(twoSites()), IMAGE, 'two-sites.yaml');
    expect(exported.kind === 'cannot' ? exported.diagnostics.map(formatDiagnostic) : []).toEqual([
      'two-sites.yaml: an end of lan-c has two IPv4 addresses: Docker gives one\n  fix: leave one of them out',
    ]);
  });
});

describe('every shipped topology', () => {
  const shipped = shippedTopologies().map(({ name }) => name);

  test.each(shipped)('%s as a script that a shell can read', name => {
    const text = exportShell(plainNetwork(topologyOf(name)));
    const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test.each(shipped)('%s as a containerlab file that comes back as the same network', name => {
    const topology = topologyOf(name);
    const text = exportContainerlab(plainNetwork(topology), IMAGE);
    const { draft, errors } = importContainerlab('x.clab.yml', text);
    expect(errors.map(formatDiagnostic)).toEqual([]);
    const back = loadTopology('back.yaml', draft === null ? '' : draftText(draft));
    expect(back.diagnostics.map(formatDiagnostic)).toEqual([]);
    expect(back.topology === null ? null : wiring(back.topology)).toEqual(wiring(topology));
  });

  test.each(shipped)('%s as a docker-compose file that joins nothing to the machine, or why not', name => {
    const exported = exportCompose(plainNetwork(topologyOf(name)), IMAGE, 'x.yaml');
    expect(exported.kind === 'cannot' ? exported.diagnostics : [exported.text]).not.toEqual([]);
    const file: Compose = exported.kind === 'cannot' ? NOTHING : (parse(exported.text) as Compose);
    for (const network of Object.values(file.networks))
      expect(network).toMatchObject({ driver: 'macvlan', internal: true });
    for (const { networks, network_mode: mode, ...service } of Object.values(file.services)) {
      expect(networks === undefined ? mode : 'networks').toMatch(/^(none|networks)$/);
      expect(service).not.toHaveProperty('ports');
      expect(service).not.toHaveProperty('privileged');
      const script = service.command[0] ?? '';
      expect(spawnSync('sh', ['-n'], { input: script }).status).toBe(0);
    }
  });

  test('no containerlab node has a network but its links', () => {
    const file = parse(exportContainerlab(plainNetwork(twoSites()), IMAGE)) as { topology: { defaults: unknown } };
    expect(file.topology.defaults).toMatchObject({ 'network-mode': 'none' });
  });
});

test('the YAML of both is read alike by a reader that is not ours', () => {
  const text = exportContainerlab(plainNetwork(twoSites()), IMAGE);
  const script = 'import sys, json, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))';
  const read = execFileSync('/usr/bin/python3', ['-c', script], { input: text, encoding: 'utf8' });
  expect(JSON.parse(read)).toEqual(parse(text));
});

interface Compose {
  readonly services: Readonly<
    Record<string, { networks?: unknown; network_mode?: string; command: readonly string[] }>
  >;
  readonly networks: Readonly<Record<string, unknown>>;
}

const NOTHING: Compose = { services: {}, networks: {} };

function topologyOf(name: string): Topology {
  const { topology } = openTopology(name);
  if (topology === null) throw new Error(`${name} does not load`);
  return topology;
}

/** Which interfaces there are, with which addresses, and what is joined to what. */
const wiring = ({ nodes, links }: Topology) => ({
  nodes: nodes.map(({ name, forwarding, interfaces }) => ({
    name,
    forwarding,
    interfaces: interfaces
      .filter(({ link, addresses }) => link !== null || addresses.length > 0)
      .map(iface => ({ addresses: iface.addresses, name: iface.name, mtu: iface.mtu }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  })),
  links: links.map(({ endpoints }) => endpoints),
});
