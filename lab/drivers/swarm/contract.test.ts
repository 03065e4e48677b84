import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { driverContract } from '../contract.ts';
import { daemonSocket } from '../docker/endpoint.ts';
import { containerPodCommand } from '../netns/pod.ts';
import { createSwarmDriver } from './swarm-driver.ts';
import { NEEDS_SWARM, PrivateSwarm, swarmAvailable } from './testing/private-swarm.ts';

/** It takes twice the time of the same with docker: a swarm is slow to start what it is asked for. */
const isAsked = process.env['IPSEC_LAB_SWARM_CONTRACT'] === '1';
const isAble = isAsked && !insideNamespaces && swarmAvailable();

describe.skipIf(!isAble)(`the swarm driver (with IPSEC_LAB_SWARM_CONTRACT=1; it wants ${NEEDS_SWARM})`, () => {
  let swarm: PrivateSwarm;
  const before = process.env['DOCKER_HOST'];
  beforeAll(async () => {
    swarm = await PrivateSwarm.start();
    process.env['DOCKER_HOST'] = swarm.host;
  }, 120_000);
  afterAll(async () => {
    if (before === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = before;
    await swarm.stop();
  }, 60_000);

  test('keeps the contract of drivers', { timeout: 300_000 }, async () => {
    const pod = containerPodCommand(daemonSocket());
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  });
});

if (insideNamespaces) {
  driverContract('swarm', () => createSwarmDriver(), {
    siteToSite: shipped('site-to-site-manual'),
    natT: shipped('nat-t'),
    filterGateway: shipped('filter-gateway'),
  });
}
