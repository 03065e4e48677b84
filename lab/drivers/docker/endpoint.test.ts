import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { daemonSocket } from './endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'docker-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What `docker context create` writes. */
function context(name: string, host: string): void {
  const meta = join(folder, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(meta, { recursive: true });
  const endpoints = { docker: { Host: host, SkipTLSVerify: false } };
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints: endpoints }));
}

const socketWith = (environment: Readonly<Record<string, string>>): string =>
  daemonSocket({ DOCKER_CONFIG: folder, ...environment });

describe('the Docker daemon', () => {
  test('is at the usual socket where nobody says otherwise', () => {
    expect(socketWith({})).toBe('/var/run/docker.sock');
  });

  test('is where DOCKER_HOST, then DOCKER_CONTEXT, then the current context says', () => {
    context('lab', 'unix:///srv/docker.sock');
    context('other', 'unix:///srv/other.sock');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'lab' }));
    expect(socketWith({})).toBe('/srv/docker.sock');
    expect(socketWith({ DOCKER_CONTEXT: 'other' })).toBe('/srv/other.sock');
    expect(socketWith({ DOCKER_CONTEXT: 'default' })).toBe('/var/run/docker.sock');
    expect(socketWith({ DOCKER_CONTEXT: 'other', DOCKER_HOST: 'unix:///tmp/d.sock' })).toBe('/tmp/d.sock');
  });

  test('must be of this machine, and the fix says how to come to one', () => {
    context('far', 'ssh://somebody@far.example');
    expect(() => socketWith({ DOCKER_HOST: 'tcp://192.0.2.1:2375' })).toThrow(/DOCKER_HOST is tcp:.*own daemon only/);
    expect(() => socketWith({ DOCKER_CONTEXT: 'far' })).toThrow(/context "far" is ssh:/);
    expect(() => socketWith({ DOCKER_CONTEXT: 'none' })).toThrow(/no context "none"/);
    expect(() => socketWith({ DOCKER_CONTEXT: 'far' })).toThrow(
      expect.objectContaining({ name: 'MachineObstacle', fix: 'docker context use default' }),
    );
  });
});
