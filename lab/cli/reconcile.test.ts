import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readLabFolder } from '../state/record.ts';
import type { LabStatus } from '../supervisor/api.ts';
import { topologiesDirectory } from '../topology/shipped.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { isBuilt, LabProgram } from './testing/lab-process.ts';

const DRIVERS = [
  { driver: 'sim', isAble: isBuilt, needs: 'dist: npm run build' },
  { driver: 'netns', isAble: isBuilt && whyNotLive() === null, needs: 'dist and lab doctor' },
] as const;

let lab: LabProgram;
beforeEach(() => {
  lab = new LabProgram();
});
afterEach(() => lab.dispose());

const offices = readFileSync(join(topologiesDirectory(), 'site-to-site.yaml'), 'utf8');

/** One more host behind bob, Alice's link to the world slow, and another address for a1. */
const grown = offices
  .replace(
    '\nlinks:',
    '\n  c1: { kind: host, interfaces: { eth0: { addresses: [10.0.2.2/24], gateway: 10.0.2.1 } } }\nlinks:',
  )
  .replace('\nlinks:', '\nlinks:\n  lan-c: { endpoints: ["c1:eth0", "bob:net2"] }')
  .replace('      net1: { addresses: [10.0.1.1/24', '      net2: { addresses: [10.0.2.1/24] }\n$&')
  .replace('"internet:alice"]', '"internet:alice"], impair: { delay: 5ms }')
  .replace('10.0.0.2/24', '10.0.0.77/24');

function file(text: string): string {
  const path = join(lab.state, 'offices.yaml');
  writeFileSync(path, text);
  return path;
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await lab.run([...args, '--json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const status = async (): Promise<LabStatus> => (await json('status', 'site-to-site')) as unknown as LabStatus;

/** A node that has restarted has others. */
const established = ({ nodes }: LabStatus, name: string): readonly string[] =>
  nodes.find(node => node.name === name)?.ike?.sas.map(sa => sa.initiatorSpi) ?? [];

describe.each(DRIVERS)('lab up --reconcile in a $driver lab', ({ driver, isAble, needs }) => {
  test.skipIf(!isAble)(
    `changes what the file says otherwise, and nothing else (needs ${needs})`,
    { timeout: 120_000 },
    async () => {
      const path = file(offices);
      expect(await json('up', path, '--driver', driver)).toMatchObject({ ok: true });
      const before = await status();

      expect(await json('up', path, '--reconcile')).toMatchObject({ changes: [], applied: false });
      file(offices.replace('"internet:alice"]', '"internet:alice"], impair: { delay: 5ms }'));
      expect(await json('up', path, '--reconcile')).toMatchObject({
        changes: [{ kind: 'linkImpaired', link: 'wan' }],
        ok: true,
      });
      expect(established(await status(), 'alice')).toEqual(established(before, 'alice'));

      file(grown);
      const dry = await json('up', path, '--reconcile', '--dry-run');
      expect(dry).toMatchObject({ applied: false });
      expect((await status()).nodes).toHaveLength(5);
      expect(await json('up', path, '--reconcile')).toMatchObject({ changes: dry['changes'], applied: true, ok: true });
      const after = await status();
      expect(after.nodes.map(({ name }) => name)).toContain('c1');
      expect(after.links.find(({ name }) => name === 'wan')?.impairments[0].delayNs).toBe(5_000_000);
      expect((await lab.run(['exec', '--lab', 'site-to-site', 'c1', '--', 'ping', '-c', '1', '10.0.1.2'])).status).toBe(
        0,
      );
      expect(readLabFolder(join(lab.state, 'site-to-site')).record?.nodes).toContain('c1');

      file(offices);
      expect(await json('up', path, '--reconcile')).toMatchObject({ applied: true, ok: true });
      expect((await status()).nodes.map(({ name }) => name)).not.toContain('c1');
      expect((await lab.run(['down', 'site-to-site'])).status).toBe(0);
      expect(existsSync(join(lab.state, 'site-to-site'))).toBe(false);
    },
  );
});

test.skipIf(!isBuilt)(
  'a dry run says what would be made, holds no secret, and makes nothing (needs dist)',
  async () => {
    const path = file(offices);
    const plan = await lab.run(['up', path, '--dry-run', '--driver', 'sim']);
    expect(plan.status).toBe(0);
    expect(plan.stdout).toMatch(/^alice +gateway +net0 +1\.2\.3\.4\/24$/m);
    expect(plan.stdout).toMatch(/^v4_bob0 +alice +esp tunnel aes256gcm16 to bob$/m);
    expect(plan.stdout).toMatch(/^needs: nothing of the machine$/m);
    const secret = /^ *alice-bob: "?([^"\n]+)/m.exec(offices)?.[1] ?? '';
    expect(secret).not.toBe('');
    const { stdout } = await lab.run(['up', path, '--dry-run', '--driver', 'sim', '--json']);
    expect(stdout + plan.stdout).not.toContain(secret);
    expect(readdirSync(lab.state)).toEqual(['offices.yaml']);
  },
);
