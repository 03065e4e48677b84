import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { MachineObstacle } from '../machine-obstacle.ts';
import { obstacleOf, openDaemon, requireDaemon } from './daemon.ts';

const folder = mkdtempSync(join(tmpdir(), 'docker-daemon-'));
const socket = join(folder, 'docker.sock');
let server: Server | null = null;
afterEach(async () => {
  await new Promise<void>(resolve => (server === null ? resolve() : server.close(() => resolve())));
  server = null;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A daemon that answers every request with this. */
async function daemon(version: Readonly<Record<string, string>>): Promise<void> {
  server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(version)),
  );
  await new Promise<void>(resolve => server?.listen(socket, resolve));
}

async function obstacle(): Promise<MachineObstacle | null> {
  try {
    await requireDaemon(openDaemon(socket));
    return null;
  } catch (error) {
    if (error instanceof MachineObstacle) return error;
    throw error;
  }
}

describe('what is said of a daemon', () => {
  test('that is not there', async () => {
    const found = await obstacle();
    expect(found?.message).toMatch(/does not answer: connect ENOENT/);
    expect(found?.fix).toMatch(/service docker start.*apt-get install docker\.io/);
  });

  test('that is too old', async () => {
    await daemon({ Version: '19.03.15', ApiVersion: '1.40', Os: 'linux' });
    const found = await obstacle();
    expect(found?.message).toBe('the Docker daemon is too old: 19.03.15 speaks API 1.40, labs need 1.41');
    expect(found?.fix).toMatch(/20\.10 or newer/);
  });

  test('that has containers of another kind', async () => {
    await daemon({ Version: '28.0.0', ApiVersion: '1.48', Os: 'windows' });
    expect((await obstacle())?.message).toMatch(/windows/);
  });

  test('that will do: nothing', async () => {
    await daemon({ Version: '20.10.24', ApiVersion: '1.41', Os: 'linux' });
    expect(await obstacle()).toBeNull();
    await new Promise<void>(resolve => server?.close(() => resolve()));
    await daemon({ Version: '99.0.0', ApiVersion: '2.0', Os: 'linux' });
    expect(await obstacle()).toBeNull();
  });
});

const refused = (message: string): MachineObstacle =>
  obstacleOf(Object.assign(new Error(message), { statusCode: 500 }), 'alice');

describe('what is said of a daemon that refuses', () => {
  test('a capability', () => {
    const found = refused('OCI runtime create failed: unable to apply caps: operation not permitted');
    expect(found.message).toMatch(/^alice: the daemon may not give a node NET_ADMIN and NET_RAW/);
    expect(found.fix).toMatch(/as root/);
  });

  test('the TUN device', () => {
    const found = refused('error gathering device information while adding custom device "/dev/net/tun": no such file');
    expect(found.message).toMatch(/no \/dev\/net\/tun for a gateway/);
    expect(found.fix).toBe('sudo modprobe tun');
  });

  test('what is no word of the daemon is a fault of ours', () => {
    expect(() => obstacleOf(new TypeError('x is not a function'), 'alice')).toThrow(TypeError);
  });
});
