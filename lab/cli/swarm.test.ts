import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { packageRoot } from '../../engine/native/package-root.ts';
import { NODE_LABEL, RUN_LABEL } from '../drivers/docker/labels.ts';
import { NEEDS_SWARM, PrivateSwarm, swarmAvailable } from '../drivers/swarm/testing/private-swarm.ts';
import { isAlive, processesOfRun, signalProcess, waitForEnd } from '../state/process.ts';
import { readLabFolder } from '../state/record.ts';
import { finished, LabProgram } from './testing/lab-process.ts';

describe.skipIf(!swarmAvailable())(`a swarm lab (needs ${NEEDS_SWARM})`, { timeout: 120_000 }, () => {
  let swarm: PrivateSwarm;
  let docker: Docker;
  let lab: LabProgram;
  const files = mkdtempSync(join(tmpdir(), 'lab-swarm-files-'));
  const run = (...args: string[]) => lab.run(args, { env: { DOCKER_HOST: swarm.host } });
  const up = (...more: string[]) => run('up', 'site-to-site-ca', '--driver', 'swarm', ...more);
  beforeAll(async () => {
    swarm = await PrivateSwarm.startPair('site=there');
    docker = swarm.manager.docker;
  }, 120_000);
  afterAll(async () => {
    rmSync(files, { recursive: true });
    await swarm.stop();
  }, 60_000);
  beforeEach(() => {
    lab = new LabProgram();
  });
  afterEach(() => run('down', '--all').then(() => lab.dispose()));

  /** What the daemons have of labs, by their label. */
  const left = async (): Promise<readonly unknown[]> => {
    const filters = { label: [RUN_LABEL] };
    const [services, secrets, networks, ...containers] = await Promise.all([
      docker.listServices({ filters }),
      docker.listSecrets({ filters: JSON.stringify(filters) }),
      docker.listNetworks({ filters }),
      ...swarm.daemons.map(each => each.docker.listContainers({ all: true, filters })),
    ]);
    return [
      ...services.map(({ Spec }) => Spec?.Name),
      ...secrets.map(({ Spec }) => Spec?.Name),
      ...networks.map(({ Name }) => Name),
      ...containers.flat().map(({ Names }) => Names.join()),
    ];
  };

  /** The shipped topology, with the office of bob wherever these words say. */
  const placed = (placement: string): string => {
    const text = readFileSync(join(packageRoot(), 'topologies/site-to-site-ca.yaml'), 'utf8');
    const file = join(files, 'site-to-site-ca.yaml');
    writeFileSync(file, text.replace(/^ {2}(bob|b1):\n(?= {4}kind)/gm, `$&    placement: "${placement}"\n`));
    return file;
  };

  /** What a terminal shows of a command of lab. */
  const onTerminal = async (words: string): Promise<string> => {
    const command = `${process.execPath} bin/lab.js ${words}`;
    const env = { ...process.env, IPSEC_LAB_STATE: lab.state, DOCKER_HOST: swarm.host };
    const { stdout } = await finished(spawn('script', ['-qec', command, '/dev/null'], { cwd: packageRoot(), env }));
    return stdout;
  };

  test('passes all checks, has nodes with nothing but their links, and goes without a trace', async () => {
    const begun = await up('--json');
    expect(begun).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(begun.stdout)).toMatchObject({ ok: true, driver: 'swarm', tripwire: [] });
    const links = await run('exec', 'a1', '--', 'sh', '-c', 'cd /sys/class/net && echo * && cat /proc/self/status');
    expect(links.stdout).toMatch(/^eth0 lo\n/);
    expect(links.stdout).toMatch(/^CapEff:\t0000000000003000$/m); // NET_ADMIN, NET_RAW
    expect(links.stdout).toMatch(/^CapBnd:\t0000000000003000$/m);
    expect((await run('restart', 'a1')).status).toBe(0);
    expect(await run('exec', 'a1', '--', 'ping', '-c', '1', '-W', '5', '10.0.1.2')).toMatchObject({ status: 0 });
    const services = await docker.listServices();
    expect(new Set(services.map(({ Spec }) => Spec?.Labels?.['ipsec-lab.node']))).toEqual(
      new Set(['alice', 'bob', 'internet', 'charles', 'a1', 'b1']),
    );
    expect((await run('down')).stdout).toBe('site-to-site-ca removed\n');
    expect(await left()).toEqual([]);
  });

  test('places nodes on another machine, does there all that it does here, and goes from there as well', async () => {
    const begun = await run('up', placed('node.labels.site == there'), '--driver', 'swarm', '--json');
    expect(begun).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(begun.stdout)).toMatchObject({ ok: true, driver: 'swarm', tripwire: [] });
    const there = await swarm.daemons[1]?.docker.listContainers({ filters: { label: [NODE_LABEL] } });
    expect(there?.map(({ Labels }) => Labels[NODE_LABEL]).sort()).toEqual(['b1', 'bob']);
    const links = await run('exec', 'b1', '--', 'sh', '-c', 'cd /sys/class/net && echo * && cat /proc/self/status');
    expect(links.stdout).toMatch(/^eth0 lo\n/);
    expect(links.stdout).toMatch(/^CapEff:\t0000000000003000$/m); // NET_ADMIN, NET_RAW
    expect(await onTerminal('exec b1 -- sh -c "echo it is here"')).toContain('it is here');
    for (const node of ['bob', 'b1']) expect((await run('restart', node)).status).toBe(0);
    expect(await run('exec', 'b1', '--', 'ping', '-c', '1', '-W', '5', '10.0.0.2')).toMatchObject({ status: 0 });
    expect((await run('down')).stdout).toBe('site-to-site-ca removed\n');
    expect(await left()).toEqual([]);
  });

  test('refuses a placement that no machine of the swarm has', async () => {
    const refused = await run('up', placed('node.labels.site == nowhere'), '--driver', 'swarm');
    expect(refused.status).toBe(3);
    expect(refused.stderr).toMatch(/service of b(1|ob) does not start where its placement says: no suitable node/);
    expect(refused.stderr).toMatch(/fix: .*change "placement:"/);
    expect(await left()).toEqual([]);
  });

  test('Ctrl-C while services come up leaves none', async () => {
    const coming = lab.start(['up', 'site-to-site-ca', '--driver', 'swarm'], { DOCKER_HOST: swarm.host });
    const result = finished(coming);
    while (coming.exitCode === null && (await docker.listServices()).length < 6) await delay(20);
    coming.kill('SIGINT');
    expect((await result).status).toBe(130);
    expect(readdirSync(lab.state)).toEqual([]);
    expect(await left()).toEqual([]);
  });

  test('kill -9 of the supervisor: its containers end by themselves on both machines, and down removes the services', async () => {
    const began = await run('up', placed('node.labels.site == there'), '--driver', 'swarm', '--no-checks');
    expect(began.status).toBe(0);
    const { record } = readLabFolder(join(lab.state, 'site-to-site-ca'));
    const supervisor = record?.supervisor ?? null;
    if (record === null || supervisor === null) throw new Error('no record of the lab');
    const processes = processesOfRun(record.runId);
    signalProcess(supervisor, 'SIGKILL');
    await Promise.all(processes.map(process => waitForEnd(process, 60_000)));
    expect(processes.filter(isAlive)).toEqual([]);
    expect((await run('status')).stdout).toMatch(/site-to-site-ca +killed/);
    expect((await run('down', '--all')).status).toBe(0);
    expect(readdirSync(lab.state)).toEqual([]);
    // The swarm itself takes ended tasks away from other machines, when it comes to that.
    while ((await left()).length > 0) await delay(50);
  });
});
