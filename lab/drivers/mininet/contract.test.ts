import { expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { driverContract } from '../contract.ts';
import { podCommand } from '../netns/pod.ts';
import { createMininetDriver } from './mininet-driver.ts';
import { mininetAvailable, NEEDS_MININET } from './testing/available.ts';

test.skipIf(insideNamespaces || !mininetAvailable())(
  `the mininet driver keeps the contract of drivers (needs ${NEEDS_MININET})`,
  { timeout: 300_000 },
  async () => {
    const pod = podCommand(process.getuid?.() === 0);
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  },
);

if (insideNamespaces) {
  driverContract('mininet', () => createMininetDriver(), {
    siteToSite: shipped('site-to-site-manual'),
    natT: shipped('nat-t'),
    filterGateway: shipped('filter-gateway'),
  });
}
