import { expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { driverContract } from '../contract.ts';
import { containerPodCommand } from '../netns/pod.ts';
import { createDockerDriver } from './docker-driver.ts';
import { daemonSocket } from './endpoint.ts';
import { dockerAvailable, imageOfThisBuild, NEEDS_DOCKER } from './testing/available.ts';

const available = insideNamespaces || (await dockerAvailable());

test.skipIf(insideNamespaces || !available)(
  `the docker driver keeps the contract of drivers (needs ${NEEDS_DOCKER})`,
  { timeout: 300_000 },
  async () => {
    await imageOfThisBuild();
    const pod = containerPodCommand(daemonSocket());
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  },
);

if (insideNamespaces) {
  driverContract('docker', () => createDockerDriver(), {
    siteToSite: shipped('site-to-site-manual'),
    natT: shipped('nat-t'),
    filterGateway: shipped('filter-gateway'),
  });
}
