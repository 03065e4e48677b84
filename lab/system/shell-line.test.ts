import { expect, test } from 'vitest';
import { parseShellLine, withoutPrompt } from './shell-line.ts';

function argvs(typed: string): readonly (readonly string[])[] | string {
  const line = parseShellLine(typed);
  if (line.kind !== 'line') return line.kind === 'wrong' ? line.why : line.kind;
  return line.pipelines.flatMap(({ commands }) => commands.map(({ argv }) => argv));
}

test('words, quotes and backslashes', () => {
  expect(argvs(`a 'b c' "d \\"e\\" $f" g\\ h i"j"'k'`)).toEqual([['a', 'b c', 'd "e" $f', 'g h', 'ijk']]);
  expect(argvs("echo ''")).toEqual([['echo', '']]);
  expect(argvs('a # b')).toEqual([['a']]);
  expect(argvs('a#b')).toEqual([['a#b']]);
  expect(argvs('')).toEqual([]);
});

test('a line that goes on, with blanks behind its backslash as a guide may have them', () => {
  const first = 'ikecert certlocal -ks -m 2048 -t rsa-sha1 \\  \n';
  expect(argvs(first)).toBe('incomplete');
  expect(argvs(`${first}-D "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN"\n`)).toEqual([
    [
      ...'ikecert certlocal -ks -m 2048 -t rsa-sha1 -D'.split(' '),
      'C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN',
    ],
  ]);
});

test('what is not at its end is waited for', () => {
  for (const typed of ['a "b', "a 'b\n", 'a |', 'a &&', 'cat << END\nx\n']) expect(argvs(typed)).toBe('incomplete');
});

test('lists and pipelines', () => {
  const line = parseShellLine('a | b; c && d || e\n');
  expect(line.kind === 'line' && line.pipelines.map(({ when, commands }) => [when, commands.length])).toEqual([
    ['always', 2],
    ['always', 1],
    ['afterSuccess', 1],
    ['afterFailure', 1],
  ]);
  expect(argvs('a ;; b')).toEqual([['a'], ['b']]);
});

test('input and output', () => {
  const line = parseShellLine('a < in > out\nb >> "more out"; tee /etc/x <<EOF; c\none\n  two\nEOF\nd\n');
  if (line.kind !== 'line') throw new Error(line.kind);
  expect(line.pipelines.flatMap(({ commands }) => commands)).toEqual([
    { argv: ['a'], input: { kind: 'file', value: 'in' }, output: { path: 'out', appends: false } },
    { argv: ['b'], input: null, output: { path: 'more out', appends: true } },
    { argv: ['tee', '/etc/x'], input: { kind: 'text', value: 'one\n  two\n' }, output: null },
    { argv: ['c'], input: null, output: null },
    { argv: ['d'], input: null, output: null },
  ]);
});

test.each(['| a', 'a | | b', '&& a', 'a > ', 'a < | b', '< in'])('%s: a syntax error', typed => {
  expect(argvs(typed)).toMatch(/^syntax error near unexpected token/);
});

const bare = (typed: string) => withoutPrompt(typed, 'alice', isCommand);
const isCommand = (word: string) => word === 'svcadm' || word === 'in.iked';

test('a prompt that was copied with its line', () => {
  expect(bare('alice # ping 10.0.1.1\n')).toBe('ping 10.0.1.1\n');
  expect(bare('# svcadm restart ipsec/policy')).toBe('svcadm restart ipsec/policy');
  expect(bare('# /usr/lib/inet/in.iked -c')).toBe('/usr/lib/inet/in.iked -c');
  expect(bare('# a comment')).toBe('# a comment');
  expect(bare('bob # ping 10.0.0.1')).toBe('bob # ping 10.0.0.1');
});
