import { spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { netemAvailable } from '../netns/netem.ts';
import { podCommand } from '../netns/pod.ts';
import { MininetHelper, type MininetLink } from './helper.ts';
import { findMininet } from './python.ts';
import { mininetAvailable, NEEDS_MININET } from './testing/available.ts';

test.skipIf(insideNamespaces || !mininetAvailable())(
  `the process of Mininet makes hosts and links, and says what goes wrong (needs ${NEEDS_MININET})`,
  async () => {
    const pod = podCommand(process.getuid?.() === 0);
    expect(await rerunInNamespaces(import.meta.filename, [], pod)).toBe('');
  },
);

const LINK: MininetLink = {
  kind: 'TCLink',
  ends: [
    { node: 'a', interface: 'eth0', mac: '02:00:00:00:00:01', mtu: 1400 },
    { node: 'b', interface: 'eth0', mac: null, mtu: 1500 },
  ],
};

const inside = (pid: number, ...argv: string[]): string => {
  const { stdout, stderr } = spawnSync('nsenter', [`--target=${pid}`, '--net', ...argv], { encoding: 'utf8' });
  return stdout + stderr;
};
const start = (onDeath: (how: string) => void) => new MininetHelper(findMininet() ?? [], 'test', onDeath);

describe.skipIf(!insideNamespaces)('the process of Mininet', () => {
  test('makes hosts and links that are not up yet, and takes them away', async () => {
    const helper = start(() => undefined);
    const { a = 0, b = 0 } = await helper.ask('hosts', { names: ['a', 'b'] });
    await helper.ask('links', { links: [LINK] });
    const [one, other] = [a, b].map(pid => inside(pid, 'ip', 'link', 'show', 'dev', 'eth0'));
    expect(one).toMatch(/mtu 1400 .* state DOWN[^]*link\/ether 02:00:00:00:00:01 /);
    expect(other).toMatch(/mtu 1500 .* state DOWN/);
    expect(inside(a, 'ip', '-o', 'addr', 'show', 'dev', 'eth0')).toBe('');
    await helper.stop();
    expect(() => process.kill(a, 0)).toThrow(/ESRCH/);
    await helper.stop();
    await expect(helper.ask('hosts', { names: ['c'] })).rejects.toThrow('the process of Mininet is gone');
  });

  test('impairs a link, or says that this kernel does not', async () => {
    const helper = start(() => undefined);
    const { a = 0 } = await helper.ask('hosts', { names: ['a', 'b'] });
    await helper.ask('links', { links: [LINK] });
    const outcome = await helper
      .ask('shape', { node: 'a', interface: 'eth0', delayUs: 20_000, lossPercent: 1.5 })
      .then(() => inside(a, 'tc', 'qdisc', 'show', 'dev', 'eth0'), String);
    expect(outcome).toMatch(
      netemAvailable() ? /netem .*limit 1000000 delay 20ms loss 1\.5%/ : /Mininet: RuntimeError: a:eth0 has no netem/,
    );
    await expect(helper.ask('links', { links: [LINK] })).rejects.toThrow(/^Mininet: .*File exists/);
    await helper.stop();
  });

  test('tells of shells that end', async () => {
    const deaths = new EventEmitter();
    const helper = start(how => deaths.emit('death', how));
    const heard = once(deaths, 'death');
    const { a = 0 } = await helper.ask('hosts', { names: ['a', 'b'] });
    process.kill(a, 'SIGKILL');
    expect(await heard).toEqual(["Mininet's shell of a ended"]);
    await helper.stop();
  });
});
