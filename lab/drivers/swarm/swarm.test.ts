import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { openDaemon } from '../docker/daemon.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { awaitTask } from './await-task.ts';
import { removeFromSwarm } from './remove-from-swarm.ts';
import { requireManager } from './swarm.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-daemon-'));
const socket = join(folder, 'docker.sock');
let server: Server | null = null;
afterEach(async () => {
  await new Promise<void>(resolve => (server === null ? resolve() : server.close(() => resolve())));
  server = null;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A daemon that answers so, by what the path of a request begins with. */
async function daemon(answers: Readonly<Record<string, readonly [status: number, body: unknown]>>): Promise<void> {
  server = createServer(({ url = '' }, response) => {
    const path = Object.keys(answers).find(each => url.startsWith(each)) ?? '';
    const [status, body] = answers[path] ?? [404, { message: `no ${url}` }];
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
  });
  await new Promise<void>(resolve => server?.listen(socket, resolve));
}

async function obstacleOfInfo(swarm: object): Promise<string> {
  await daemon({ '/info': [200, { Swarm: swarm }] });
  return requireManager(openDaemon(socket)).catch(toWords);
}

function toWords(error: unknown): string {
  if (error instanceof MachineObstacle) return `${error.message} | ${error.fix}`;
  throw error;
}

test.each([
  [{ LocalNodeState: 'inactive' }, /in no swarm \(.*inactive\) \| docker swarm init --advertise-addr/],
  [{ LocalNodeState: 'locked' }, /is locked .* \| docker swarm unlock/],
  [{ LocalNodeState: 'active', ControlAvailable: false, NodeID: 'n1' }, /is a worker .* \| docker node promote/],
  [{ LocalNodeState: 'active', ControlAvailable: true, NodeID: 'n1' }, /^n1$/],
])('a daemon whose place in a swarm is %j', async (swarm, words) => {
  expect(await obstacleOfInfo(swarm)).toMatch(words);
});

test.each([
  [
    'pending',
    'no suitable node (scheduling constraints not satisfied on 1 node)',
    /no suitable .* \| docker node update/,
  ],
  ['rejected', 'No such image: sha256:1', /a1 does not start: No such image: sha256:1 \| take/],
  ['rejected', 'No such image: sha256:1', /\| take the image there: docker save/],
])('a task that is %s is said to be so, with the words of the swarm', async (state, words, expected) => {
  await daemon({ '/tasks': [200, [{ Status: { State: state, Err: words } }]] });
  expect(await awaitTask(openDaemon(socket), 's1', 'a1').catch(toWords)).toMatch(expected);
});

test('a task that runs has a container and an address', async () => {
  const status = { State: 'running', ContainerStatus: { ContainerID: 'c1' } };
  await daemon({
    '/tasks': [200, [{ NodeID: 'm1', Status: status, NetworksAttachments: [{ Addresses: ['10.0.1.6/24'] }] }]],
  });
  const running = await awaitTask(openDaemon(socket), 's1', 'a1');
  expect(running).toEqual({ containerId: 'c1', machine: 'm1', address: '10.0.1.6/24' });
});

test('a daemon that manages no swarm has no services to remove', async () => {
  await daemon({
    '/services': [503, { message: 'This node is not a swarm manager.' }],
    '/secrets': [503, { message: 'This node is not a swarm manager.' }],
    '/containers': [200, []],
    '/networks': [200, []],
  });
  await expect(removeFromSwarm(openDaemon(socket), 'run')).resolves.toBeUndefined();
});
