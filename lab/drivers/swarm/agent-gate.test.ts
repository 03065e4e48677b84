import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAgent, openGate } from './agent-gate.ts';

const KEY = Buffer.alloc(32, 7);
let folder = '';
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agent-gate-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve))));
  rmSync(folder, { recursive: true, force: true });
});

/** A gate whose agent leads to something that says what it heard, once all of it is there; the gate's socket. */
async function gateWith(key: Uint8Array): Promise<string> {
  const daemon = createServer({ allowHalfOpen: true }, socket => {
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    // To read it by iteration would close both directions.
    socket.on('end', () => socket.end(`heard ${heard}`));
  });
  await new Promise<void>(resolve => daemon.listen(join(folder, 'daemon.sock'), resolve));
  const agent = openAgent(0, KEY, join(folder, 'daemon.sock'));
  await new Promise(resolve => agent.once('listening', resolve));
  const gate = join(folder, 'gate.sock');
  servers.push(daemon, agent, await openGate(gate, '127.0.0.1', (agent.address() as AddressInfo).port, key));
  return gate;
}

async function say(gate: string, words: string): Promise<string> {
  const socket = connect({ path: gate, allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.end(words);
  return text(socket);
}

test('the end of what is said comes through, and the answer afterwards', async () => {
  const long = 'x'.repeat(300_000);
  expect(await say(await gateWith(KEY), long)).toBe(`heard ${long}`);
});

test('nobody with another key gets as far as the daemon', async () => {
  expect(await say(await gateWith(Buffer.alloc(32, 8)), 'words')).toBe('');
});
