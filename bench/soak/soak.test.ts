import { afterEach, describe, expect, test } from 'vitest';
import { whyNotLive } from '../../lab/cli/machine/live-capabilities.ts';
import { tryLock } from '../../lab/state/lock.ts';
import { Arena, isBuilt, kill } from './arena.ts';
import { soakHour } from './hour.ts';
import { soakLabs } from './labs.ts';
import { soakKills } from './kills.ts';
import { settle } from './machine.ts';
import { thisPerson } from './person.ts';
import { complaints, LAB, pause, SETTLE_MS, upArguments } from './round.ts';

/** The quick version of `npm run soak -- kills`; another seed each time, and a failure names it. */
const options = { kills: 5, interrupts: 3, seed: String(Date.now()), onRound: () => undefined };
const person = thisPerson();

const obstacle = whyNotLive();
const needsBuild = 'needs dist: npm run build';
const needsLive = obstacle === null ? needsBuild : `needs ${obstacle.name}: ${obstacle.fix ?? obstacle.detail}`;

test.skipIf(!isBuilt)(`simulated labs, killed and interrupted, leave nothing (${needsBuild})`, async () => {
  expect((await soakKills([{ driver: 'sim', person }], options)).findings).toEqual([]);
});

test.skipIf(!isBuilt)(
  `labs at once, up and down and killed at random, leave nothing and each other alone (${needsBuild})`,
  async () => {
    const drivers = obstacle === null ? (['sim', 'netns'] as const) : (['sim'] as const);
    const few = { labs: 4, deeds: 6, drivers, person, seed: options.seed, onDeed: () => undefined };
    expect((await soakLabs(few)).findings).toEqual([]);
  },
);

test.skipIf(!isBuilt)(`an hour of virtual time at 5 % loss (${needsBuild})`, async () => {
  expect((await soakHour(person, options.seed)).findings).toEqual([]);
});

test.skipIf(!isBuilt)(`lab down waits for another command that is at work with the lab (${needsBuild})`, async () => {
  const arena = new Arena(person);
  try {
    expect(complaints('lab up', await arena.run(upArguments(LAB, 'sim', '--no-checks'), 'lab'), [0])).toEqual([]);
    const lock = await tryLock(arena.state, LAB);
    expect(lock).not.toBeNull();
    const down = arena.start(['down', '--all'], 'down');
    await pause(1_000); // long enough for it to find the lock held
    lock?.release();
    expect(complaints('lab down --all', await down.ended, [0])).toEqual([]);
    expect((await settle(() => arena.leftovers(), SETTLE_MS)).left).toEqual([]);
  } finally {
    arena.dispose();
  }
});

describe.skipIf(!isBuilt || obstacle !== null)(`live labs (${needsLive})`, { timeout: 180_000 }, () => {
  let arena: Arena | null = null;
  afterEach(() => arena?.dispose());

  test('killed and interrupted, leave nothing', async () => {
    expect((await soakKills([{ driver: 'netns', person }], options)).findings).toEqual([]);
  });

  test('one whose gateway was killed says so, and goes', async () => {
    arena = new Arena(person);
    expect(complaints('lab up', await arena.run(upArguments(LAB, 'netns', '--no-checks'), 'lab'), [0])).toEqual([]);
    for (const { pid, role } of arena.processes('lab')) if (role === 'engine') kill(pid, 'SIGKILL');
    // The look that all this rests on is not blind.
    const there = arena.leftovers().join('\n');
    for (const kind of [/^process \d+ \(supervisor\)$/m, /in a namespace$/m, /^file .*lab\.json$/m])
      expect(there).toMatch(kind);
    const status = await arena.run(['status'], 'look');
    expect(complaints('lab status', status, [0])).toEqual([]);
    expect(status.output).toMatch(/net0 \(down\)/);
    const explained = await arena.run(['explain', 'alice', 'a1', 'b1'], 'look');
    expect(complaints('lab explain', explained, [3])).toEqual([]);
    expect(explained.output).toMatch(/^lab: alice does not run\n {2}fix: /);
    expect(complaints('lab down', await arena.run(['down', '--all'], 'end'), [0])).toEqual([]);
    const found = arena;
    expect((await settle(() => found.leftovers(), SETTLE_MS)).left).toEqual([]);
  });
});
