import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { driverContract } from '../contract.ts';
import { createNetnsDriver } from './netns-driver.ts';
import { podCommand } from './pod.ts';

const isRoot = process.getuid?.() === 0;
const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const podWorks = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

test.skipIf(insideNamespaces || !built || !podWorks)(
  'the netns driver keeps the contract of drivers (needs npm run build, g++ make python3, and namespaces)',
  { timeout: 300_000 },
  async () => expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe(''),
);

if (insideNamespaces) {
  driverContract('netns', () => createNetnsDriver(), {
    siteToSite: shipped('site-to-site-manual'),
    natT: shipped('nat-t'),
    filterGateway: shipped('filter-gateway'),
  });
}
