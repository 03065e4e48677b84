import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageFile } from '../../engine/host/program.ts';
import { findMininet } from '../drivers/mininet/python.ts';
import { mininetAvailable, NEEDS_MININET } from '../drivers/mininet/testing/available.ts';
import { signalProcess, waitForEnd } from '../state/process.ts';
import { readLabFolder } from '../state/record.ts';
import { whyNotAttach } from './machine/mininet-capabilities.ts';
import { LabProgram } from './testing/lab-process.ts';

/** Hosts are found by their names among all of the machine: these are nobody else's. */
const SUFFIX = `x${process.pid}`;

const site = (number: 1 | 2, far: 1 | 2): string => `
  g${number}${SUFFIX}:
    kind: gateway
    interfaces:
      g${number}${SUFFIX}-eth0: { addresses: [10.0.${number}.1/24] }
      g${number}${SUFFIX}-eth1: { addresses: [192.0.2.${number}/24] }
    tunnels:
      v4_far0: { remote: g${far}${SUFFIX}, addresses: [10.0.${number}.1/32], routes: [10.0.${far}.0/24] }
    ike: { auth: { psk: "\${secrets.psk}" }, start: start }
    policy: [{ tunnel: v4_far0, protect: { esp: [aes256gcm16] } }]
  h${number}${SUFFIX}:
    kind: host
    interfaces: { h${number}${SUFFIX}-eth0: { addresses: [10.0.${number}.2/24], gateway: 10.0.${number}.1 } }
`;

const TOPOLOGY = `name: sites
title: Two sites in Mininet
secrets: { psk: correct horse battery staple }
nodes:${site(1, 2)}${site(2, 1)}
links:
  lan: { endpoints: ["g1${SUFFIX}:g1${SUFFIX}-eth0", "h1${SUFFIX}:h1${SUFFIX}-eth0"], impair: { delay: 1s } }
  wan: { endpoints: ["g1${SUFFIX}:g1${SUFFIX}-eth1", "g2${SUFFIX}:g2${SUFFIX}-eth1"] }
  far: { endpoints: ["g2${SUFFIX}:g2${SUFFIX}-eth0", "h2${SUFFIX}:h2${SUFFIX}-eth0"] }
checks:
  - { reach: { from: h1${SUFFIX}, to: h2${SUFFIX}, with: icmp } }
  - { reach: { from: h2${SUFFIX}, to: h1${SUFFIX}, with: tcp } }
  - { encrypted: { link: wan, flow: "10.0.1.0/24 <-> 10.0.2.0/24" } }
`;

/** What a lab changes in a gateway's host, without what the kernel changes by and by: the state of links, addresses of IPv6 of its own. */
const LOOK = `ip -o link | sed 's/ state .*//; s/NO-CARRIER,//; s/,LOWER_UP//'; ip -o -4 addr; ip -4 route; ip rule
grep . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/disable_ipv6 /proc/sys/net/ipv6/conf/*/forwarding`;

const isAble = mininetAvailable() && whyNotAttach() === null;

describe.skipIf(!isAble)(`a lab in a network that runs (needs root, ${NEEDS_MININET})`, () => {
  let network: ChildProcess;
  let said: AsyncIterator<string>;
  let lab: LabProgram;
  let folder: string;
  let file: string;

  beforeAll(async () => {
    const program = [...(findMininet() ?? []), packageFile('lab/cli/testing/mininet-sites.py'), SUFFIX];
    const enter = 'mount -t sysfs sysfs /sys; ip link set dev lo up; exec "$@"';
    network = spawn('unshare', ['--net', '--mount', '--fork', '--kill-child', 'sh', '-c', enter, 'sh', ...program], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (network.stdout === null) throw new Error('no output');
    said = createInterface(network.stdout)[Symbol.asyncIterator]();
    await said.next(); // it is up
    // The states of links, which the hosts' are compared by, come a little later.
    if ((await reaches('10.0.2.2')) !== 'answered') throw new Error('the network does not work');
  });
  afterAll(async () => {
    network.stdin?.end();
    await said.next();
  });
  beforeEach(() => {
    lab = new LabProgram();
    folder = mkdtempSync(join(tmpdir(), 'lab-attach-'));
    file = join(folder, 'sites.yaml');
    writeFileSync(file, TOPOLOGY);
  });
  afterEach(async () => {
    await lab.dispose();
    rmSync(folder, { recursive: true });
  });

  async function reaches(address: string): Promise<unknown> {
    network.stdin?.write(`${address}\n`);
    return (await said.next()).value;
  }

  test('protects what its hosts send, and gives their interfaces back as they were', async () => {
    const before = looks();
    const attached = await lab.run(['attach', file, '--json']);
    expect(attached).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(attached.stdout)).toMatchObject({ driver: 'mininet', state: 'up', ok: true });
    expect(await reaches('10.0.2.2')).toBe('answered');
    const wan = await lab.run(['capture', 'wan', '--seconds', '0']);
    expect(wan.stdout).toContain('ESP');
    const again = await lab.run(['attach', file, '--name', 'second']);
    expect(again.status).toBe(2);
    expect(again.stderr).toMatch(/a lab is in the host of g1x\d+ already\n {2}fix: /);
    const cut = await lab.run(['fault', 'cut', 'wan']);
    expect(cut.stderr).toMatch(/the links and other hosts are of a network that runs without it/);
    expect(await lab.run(['down'])).toMatchObject({ status: 0, stderr: '' });
    expect(looks()).toEqual(before);
    expect(readdirSync(lab.state)).toEqual([]);
    expect(await reaches('10.0.2.2')).toBe('answered');
  });

  test('what was killed is undone by lab down', async () => {
    const before = looks();
    expect((await lab.run(['attach', file, '--no-checks', '--host', `h1${SUFFIX}=${hostOf('h1')}`])).status).toBe(0);
    expect(looks()).not.toEqual(before);
    const supervisor = readLabFolder(join(lab.state, 'sites')).record?.supervisor;
    if (supervisor === undefined || supervisor === null) throw new Error('no supervisor');
    signalProcess(supervisor, 'SIGKILL');
    await waitForEnd(supervisor, 10_000);
    expect(await lab.run(['down', 'sites'])).toMatchObject({ status: 0, stderr: '' });
    expect(looks()).toEqual(before);
    expect(await reaches('10.0.2.2')).toBe('answered');
  });

  test('says which host it does not find, or cannot take', async () => {
    const unknown = await lab.run(['attach', file, '--host', `g1${SUFFIX}=nobody`]);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toMatch(
      /no host of Mininet that runs is called "nobody"\n {2}fix: --host g1x\d+=NAME; there are /,
    );
    const machine = await lab.run(['attach', file, '--host', `g1${SUFFIX}=${process.pid}`]);
    expect(machine.stderr).toMatch(/is in the network of the machine itself/);
    const other = await lab.run(['attach', file, '--host', `g1${SUFFIX}=${hostOf('h1')}`]);
    expect(other.stderr).toMatch(/the host of g1x\d+ has an interface h1x\d+-eth0 that the topology does not know/);
    expect(readdirSync(lab.state)).toEqual([]);
  });
});

function readCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

function hostOf(name: string): number {
  const found = readdirSync('/proc').find(
    entry => /^\d+$/.test(entry) && readCommand(entry).endsWith(`\0mininet:${name}${SUFFIX}\0`),
  );
  return Number(found);
}

const looks = (): string[] =>
  ['g1', 'g2'].map(name =>
    execFileSync('nsenter', [`--target=${hostOf(name)}`, '--net', 'sh', '-c', LOOK], { encoding: 'utf8' }),
  );
