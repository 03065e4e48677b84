import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import type { Topology } from '../../topology/model.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { driverContract } from '../contract.ts';
import { daemonSocket } from '../docker/endpoint.ts';
import { containerPodCommand } from '../netns/pod.ts';
import { createSwarmDriver } from './swarm-driver.ts';
import { NEEDS_SWARM, PrivateSwarm, swarmAvailable } from './testing/private-swarm.ts';

/** On two machines it takes a minute: a swarm is slow to start what it is asked for, and lab/cli/swarm.test.ts has some of it. */
const isAsked = process.env['IPSEC_LAB_SWARM_CONTRACT'] === '1';
/** Tells those who run inside that there is a second machine, whose label this is. */
const LABEL = 'IPSEC_LAB_TEST_SWARM_LABEL';
/** Nodes that go there: both ends of a tunnel's inside, and a NAT. */
const ELSEWHERE: ReadonlySet<string> = new Set(['bob', 'b1', 'home']);

const available = !insideNamespaces && swarmAvailable();
describe.skipIf(!available)(`the swarm driver (needs ${NEEDS_SWARM})`, () => {
  keepsContract(null);
});
describe.skipIf(!available || !isAsked)(
  `the swarm driver on two machines (with IPSEC_LAB_SWARM_CONTRACT=1; it wants ${NEEDS_SWARM})`,
  () => {
    keepsContract('site=there');
  },
);

/** `label` is of a second machine; null: there is none. */
function keepsContract(label: string | null): void {
  let swarm: PrivateSwarm;
  const before = { DOCKER_HOST: process.env['DOCKER_HOST'], [LABEL]: undefined };
  beforeAll(async () => {
    swarm = await (label === null ? PrivateSwarm.start() : PrivateSwarm.startPair(label));
    setEnvironment({ DOCKER_HOST: swarm.host, [LABEL]: label ?? undefined });
  }, 120_000);
  afterAll(async () => {
    setEnvironment(before);
    await swarm.stop();
  }, 60_000);

  test('keeps the contract of drivers', { timeout: 300_000 }, async () => {
    const pod = containerPodCommand(daemonSocket());
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  });
}

function setEnvironment(values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** A topology with some of its nodes on the second machine, where there is one. */
function placed(name: string): Topology {
  const topology = shipped(name);
  const label = process.env[LABEL];
  if (label === undefined) return topology;
  const placement = [`node.labels.${label.replace('=', ' == ')}`];
  const nodes = topology.nodes.map(node => (ELSEWHERE.has(node.name) ? { ...node, placement } : node));
  return { ...topology, nodes };
}

if (insideNamespaces) {
  driverContract('swarm', () => createSwarmDriver(), {
    siteToSite: placed('site-to-site-manual'),
    natT: placed('nat-t'),
    filterGateway: placed('filter-gateway'),
  });
}
