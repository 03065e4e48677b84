import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { nativeAddon, requireAddon } from './addon.ts';
import { packageRoot } from './package-root.ts';

const ADDON = `${packageRoot()}/build/Release/ipsec_lab.node`;
const present = nativeAddon().kind === 'loaded';
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

/** A process that gives up its rights with threads of each kind around, and then tries what it may not do any more. */
const PROGRAM = `
const { confine } = require(${JSON.stringify(ADDON)});
const { readFileSync, readdirSync, writeFileSync, renameSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { createServer } = require('node:net');
const { Worker } = require('node:worker_threads');
const statusOf = task => readFileSync('/proc/self/task/' + task + '/status', 'latin1');
const outcome = attempt => { try { attempt(); return 'done'; } catch (error) { return error.code; } };
new Worker('setInterval(() => {}, 10)', { eval: true });
readFileSync('/proc/self/stat');
setTimeout(() => {
  const left = confine(JSON.parse(process.argv[1]));
  const tried = {
    program: spawnSync('true').error?.code,
    write: outcome(() => writeFileSync('/dev/null', 'x')),
    rename: outcome(() => renameSync('/nonexistent', '/nonexistent2')),
    signal: outcome(() => process.kill(1, 0)),
    ownSignal: outcome(() => process.kill(process.pid, 0)),
    read: outcome(() => readFileSync('/proc/version')),
  };
  const later = new Worker('process.exit()', { eval: true });
  const server = createServer(() => undefined).listen(0, '127.0.0.1', () => server.close(() => later.on('exit', () => {
    const tasks = readdirSync('/proc/self/task').map(statusOf);
    process.stdout.write(JSON.stringify({ left, tried, tasks }), () => process.exit());
  })));
}, 50);
`;

interface Said {
  readonly left: { readonly filter: string; readonly userKept: boolean; readonly boundingKept: boolean };
  readonly tried: Readonly<Record<string, string>>;
  /** /proc/PID/task/TID/status of each thread. */
  readonly tasks: readonly string[];
}

function confined(options: object, as: readonly string[] = []): Said {
  const argv = [...as, process.execPath, '-e', PROGRAM, JSON.stringify(options)];
  return JSON.parse(execFileSync('env', argv, { encoding: 'utf8' })) as Said;
}

function expectNoRights({ tried, tasks }: Said): void {
  expect(tasks.length).toBeGreaterThan(5);
  for (const status of tasks) {
    for (const set of ['Inh', 'Prm', 'Eff', 'Amb']) expect(status).toMatch(new RegExp(`^Cap${set}:\\t0+$`, 'm'));
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
  }
  expect(tried).toEqual({
    program: 'EPERM',
    write: 'EPERM',
    rename: 'EPERM',
    signal: 'EPERM',
    ownSignal: 'done',
    read: 'done',
  });
}

test.skipIf(!present)('gives up the rights of every thread (needs g++ make python3, and npm rebuild)', () => {
  const said = confined({});
  expect(said.left).toMatchObject({ filter: 'on', userKept: true });
  expectNoRights(said);
});

test.skipIf(!present || !isRoot)('becomes another user, in every thread (needs g++ make python3, and root)', () => {
  const said = confined({ uid: NOBODY, gid: NOBODY });
  expect(said.left).toEqual({ filter: 'on', userKept: false, boundingKept: false });
  expectNoRights(said);
  for (const status of said.tasks) {
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Groups:\t *$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
  }
});

const inUserNamespace = ['unshare', '--user', '--map-root-user'];
test.skipIf(!present || spawnSync('env', [...inUserNamespace, 'true']).status !== 0)(
  'stays who it is where there is nobody else (needs g++ make python3, and user namespaces)',
  () => {
    const said = confined({ uid: NOBODY, gid: NOBODY }, inUserNamespace);
    expect(said.left).toEqual({ filter: 'on', userKept: true, boundingKept: false });
    expectNoRights(said);
  },
);

test.skipIf(!present)('refuses half a user before it gives up anything (needs g++ make python3)', () => {
  const { confine } = requireAddon();
  expect(() => confine({ uid: NOBODY })).toThrow(TypeError);
  expect(() => confine({ uid: 0, gid: 0 })).toThrow(TypeError);
});
