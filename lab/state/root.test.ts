import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from './failure.ts';
import { checkLabName, ensureStateRoot, labDirectory, socketPath, stateRoot } from './root.ts';

const { uid } = userInfo();
let scratch = '';
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'lab-root-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const surroundings = (env: Record<string, string>, temporary = scratch) => ({ env, uid, temporary });

test('the order is IPSEC_LAB_STATE, XDG_RUNTIME_DIR, /tmp', () => {
  const both = { IPSEC_LAB_STATE: join(scratch, 'mine'), XDG_RUNTIME_DIR: scratch };
  expect(stateRoot(surroundings(both))).toBe(join(scratch, 'mine'));
  expect(stateRoot(surroundings({ XDG_RUNTIME_DIR: scratch }))).toBe(join(scratch, 'ipsec-lab'));
  expect(stateRoot(surroundings({}))).toBe(join(scratch, `ipsec-lab-${uid}`));
});

test("another user's XDG_RUNTIME_DIR, as sudo leaves it, is not ours", () => {
  const other = { ...surroundings({ XDG_RUNTIME_DIR: scratch }), uid: uid + 1 };
  expect(stateRoot(other)).toBe(join(scratch, `ipsec-lab-${uid + 1}`));
  expect(stateRoot(surroundings({ XDG_RUNTIME_DIR: join(scratch, 'gone') }))).toBe(join(scratch, `ipsec-lab-${uid}`));
});

test('no socket path exceeds what sockaddr_un holds', () => {
  const deep = join(scratch, 'd'.repeat(60));
  mkdirSync(deep);
  const root = stateRoot(surroundings({ XDG_RUNTIME_DIR: deep }));
  expect(root).toBe(join(scratch, `ipsec-lab-${uid}`));
  expect(socketPath(labDirectory(root, 'x'.repeat(32))).length).toBeLessThanOrEqual(107);
  expect(stateRoot(surroundings({}, deep))).toBe(`/tmp/ipsec-lab-${uid}`);
  expect(() => stateRoot(surroundings({ IPSEC_LAB_STATE: deep }))).toThrow(/too long/);
  expect(() => stateRoot(surroundings({ IPSEC_LAB_STATE: 'relative' }))).toThrow(/absolute/);
});

test('the root is made for its owner alone, and tightened where it was open', () => {
  const root = ensureStateRoot(surroundings({}));
  expect(statSync(root).mode & 0o777).toBe(0o700);
  chmodSync(root, 0o755);
  ensureStateRoot(surroundings({}));
  expect(statSync(root).mode & 0o777).toBe(0o700);
});

test('a symbolic link where the root should be is a trap, and refused', () => {
  mkdirSync(join(scratch, 'elsewhere'));
  symlinkSync(join(scratch, 'elsewhere'), join(scratch, `ipsec-lab-${uid}`));
  expect(() => ensureStateRoot(surroundings({}))).toThrow(Failure);
});

test.each(['site-to-site', 'a', 'Lab_2.b', 'x'.repeat(32)])('%s can be the name of a lab', name => {
  expect(checkLabName(name)).toBe(name);
});

test.each(['', '..', '.hidden', '-x', 'a/b', 'a b', 'x'.repeat(33), 'a\n'])('%j cannot be the name of a lab', name => {
  expect(() => checkLabName(name)).toThrow(Failure);
});
