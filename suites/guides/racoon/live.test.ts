import { expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { whyNotLive } from '../../../lab/cli/machine/live-capabilities.ts';
import { createNetnsDriver } from '../../../lab/drivers/netns/netns-driver.ts';
import { podCommand } from '../../../lab/drivers/netns/pod.ts';
import { racoonWalk } from './walk.ts';

test.skipIf(insideNamespaces || whyNotLive() !== null)(
  'a cluster on this machine loses no connection either (needs npm run build, and what lab doctor names)',
  { timeout: 500_000 },
  async () => {
    const pod = podCommand(process.getuid?.() === 0);
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  },
);

if (insideNamespaces) racoonWalk('live', () => createNetnsDriver());
