import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHARON } from '../drivers/netns/strongswan/charon.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { LabProgram } from './testing/lab-process.ts';

let lab: LabProgram;
beforeEach(() => {
  lab = new LabProgram();
});
afterEach(() => lab.dispose());

const cannot = whyNotLive() !== null || !existsSync(CHARON);

test.skipIf(cannot)(
  'swanctl on a node finds the daemon of that node (needs apt-get install strongswan-charon strongswan-swanctl, and what lab doctor names)',
  async () => {
    expect((await lab.run(['up', 'interop-strongswan', '--driver', 'netns'])).status).toBe(0);
    const listed = await lab.run(['exec', 'bob', '--', 'swanctl', '--list-conns']);
    expect(listed).toMatchObject({ status: 0 });
    expect(listed.stdout).toMatch(/^alice: IKEv2, /m);
    // Elsewhere there is none to find.
    expect((await lab.run(['exec', 'a1', '--', 'swanctl', '--list-conns'])).status).not.toBe(0);
    expect(await lab.run(['down', '--all'])).toMatchObject({ status: 0 });
  },
);
