import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { MachineObstacle } from '../machine-obstacle.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const FIX_LOCAL = `export DOCKER_HOST=unix://${DEFAULT_SOCKET}`;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The socket of the Docker daemon, as docker itself finds it: DOCKER_HOST, then DOCKER_CONTEXT, then the current context of
 * ~/.docker/config.json (or of DOCKER_CONFIG). Throws a `MachineObstacle` for a daemon that is reached otherwise: a lab's links are moved
 * into its containers, so these must be of this machine.
 */
export function daemonSocket(environment: Environment = process.env): string {
  const host = environment['DOCKER_HOST'] ?? '';
  if (host !== '') return socketOf(host, `DOCKER_HOST is ${host}`, FIX_LOCAL);
  const folder = environment['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const context = environment['DOCKER_CONTEXT'] || stringAt(jsonIn(join(folder, 'config.json')), 'currentContext');
  if (context === null || context === '' || context === 'default') return DEFAULT_SOCKET;
  const id = createHash('sha256').update(context).digest('hex');
  const endpoints = objectAt(jsonIn(join(folder, 'contexts/meta', id, 'meta.json')), 'Endpoints');
  const endpoint = stringAt(objectAt(endpoints, 'docker'), 'Host');
  if (endpoint === null) {
    throw new MachineObstacle(`docker has no context "${context}" in ${folder}`, 'docker context use default');
  }
  return socketOf(endpoint, `docker's context "${context}" is ${endpoint}`, 'docker context use default');
}

function socketOf(host: string, said: string, fix: string): string {
  if (host.startsWith('unix:///')) return host.slice('unix://'.length);
  throw new MachineObstacle(`${said}: links can be moved into containers of this machine's own daemon only`, fix);
}

/** null: no such file, or no JSON. */
function jsonIn(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function objectAt(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  return (value as Readonly<Record<string, unknown>>)[name] ?? null;
}

function stringAt(value: unknown, name: string): string | null {
  const found = objectAt(value, name);
  return typeof found === 'string' ? found : null;
}
