import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { insideNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { NO_CONNECTIONS } from '../../../engine/ike/config.ts';
import { ikeConfig } from '../../topology/ike-config.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Topology } from '../../topology/model.ts';
import { negotiated } from '../../topology/testing/negotiated.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import type { Probe, RunningLab } from '../driver.ts';
import { createNetnsDriver } from './netns-driver.ts';
import { describeInBothPods } from './testing/both-pods.ts';
import { CHARON } from './strongswan/charon.ts';

describeInBothPods('the processes of a live lab', import.meta.filename, 120_000);

/** Alice and Bob negotiate, and everything that a lab may have beside engines is there. */
function everything(): Topology {
  const { topology } = loadTopology('offices.yaml', negotiated());
  if (topology === null) throw new Error('does not load');
  const action = { kind: 'partition', link: 'wan', from: 'alice' } as const;
  return { ...topology, faults: [{ atNs: AN_HOUR_NS, action }] }; // what may be partitioned goes through the middle
}

const AN_HOUR_NS = 3600e9;
const service = {
  node: 'a1',
  port: 80,
  respond: () => ({ status: 200, contentType: 'text/plain', body: new TextEncoder().encode('here') }),
};

const said: string[] = [];
const bringUp = (topology: Topology): Promise<RunningLab> =>
  createNetnsDriver().up(topology, {
    runId: 'test-run',
    seed: '',
    onPacket: () => undefined,
    onEvent: ({ kind }) => said.push(kind),
    services: topology.nodes.some(({ name }) => name === service.node) ? [service] : [],
  });

/** The processes of the pod that run this program. */
function processes(program: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^[0-9]+$/.test(name))
    .filter(pid =>
      textOf(`/proc/${pid}/cmdline`)
        .split('\0')
        .some(word => word.endsWith(program)),
    );
}

/** What the kernel says of each thread of a process. */
const statusesOf = (pid: string): string[] =>
  readdirSync(`/proc/${pid}/task`).map(task => textOf(`/proc/${pid}/task/${task}/status`));

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return ''; // it ended meanwhile
  }
}

/** The pod of an ordinary user knows nobody but that user, who is root in it. */
const isMachinesRoot = (): boolean => /^\s*0\s+0\s+4294967295$/m.test(textOf('/proc/self/uid_map'));

function expectUser(status: string): void {
  const user = isMachinesRoot() ? 65_534 : 0;
  expect(status).toMatch(new RegExp(`^Uid:(\\t${user}){4}$`, 'm'));
}

function expectNoRights(program: string, count: number): void {
  const found = processes(`/${program}.js`);
  expect(found).toHaveLength(count);
  for (const status of found.flatMap(statusesOf)) {
    expectUser(status);
    for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${set}:\\t0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  }
}

const ping: Probe = {
  from: 'a1',
  to: '10.0.1.2',
  toNode: null,
  timeoutMs: 5000,
  sizeOctets: 100,
  with: 'icmp',
  dontFragment: false,
};

/** Until one is answered: the first packets may be those that keys are negotiated for. */
async function expectAnswer(lab: RunningLab): Promise<void> {
  await expect.poll(() => lab.probe(ping), { timeout: 20_000 }).toMatchObject({ kind: 'answered' });
}

describe.runIf(insideNamespaces)('with nothing but their sockets', { timeout: 60_000 }, () => {
  test('engines, HTTP services and impaired links do their work, and daemons come and go', async () => {
    const topology = everything();
    const lab = await bringUp(topology);
    try {
      await expectAnswer(lab);
      expectNoRights('engine/host/main', 2);
      expectNoRights('lab/drivers/netns/http-main', 1);
      expectNoRights('lab/drivers/netns/middle-main', 1);
      const config = ikeConfig(topology, 'alice');
      if (config === null) throw new Error('alice has no daemon');
      // Another thread, and all the files of it, long after the rights are gone.
      await lab.ikeCommand('alice', { kind: 'configure', config: NO_CONNECTIONS });
      await lab.ikeCommand('alice', { kind: 'configure', config });
      await expectAnswer(lab);
      expectNoRights('engine/host/main', 2);
      expect(said).not.toContain('notConfined');
    } finally {
      await lab.down();
    }
  });

  test.skipIf(!existsSync(CHARON))('strongSwan has its network alone', async () => {
    const lab = await bringUp(shipped('interop-strongswan'));
    try {
      const found = processes(CHARON);
      expect(found).toHaveLength(1);
      for (const status of found.flatMap(statusesOf)) {
        expectUser(status);
        expect(status).toMatch(/^CapEff:\t0000000000003000$/m); // NET_ADMIN, NET_RAW
        expect(status).toMatch(/^CapBnd:\t0000000000003400$/m); // and NET_BIND_SERVICE
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      }
    } finally {
      await lab.down();
    }
  });

  test('no process of the pod can load a module, set the clock or turn off the machine', () => {
    const bounding = BigInt(`0x${/^CapBnd:\t(.*)$/m.exec(textOf('/proc/self/status'))?.[1] ?? ''}`);
    for (const right of [SYS_MODULE, SYS_RAWIO, SYS_BOOT, SYS_TIME]) expect(bounding & (1n << right)).toBe(0n);
  });
});

/** linux/capability.h */
const [SYS_MODULE, SYS_RAWIO, SYS_BOOT, SYS_TIME] = [16n, 17n, 22n, 25n] as const;
