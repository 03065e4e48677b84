import { expect, test } from 'vitest';
import { formatDiagnostic } from '../../engine/config/diagnostic.ts';
import { parseScript } from './parse.ts';

const NODES = ['a1', 'b1', 'alice'];

test('a step a line: commands, background, sleeps, comments, quotes', () => {
  const text =
    '# traffic\na1 ping -c 3 10.0.1.2\n\nb1 nc -l 7000 &  # listen\nsleep 1.5s\na1 echo \'two words\' "a # b" x#y\n';
  const { script, diagnostics } = parseScript('t.lab', text, NODES);
  expect(diagnostics).toEqual([]);
  expect(script?.steps).toEqual([
    { kind: 'exec', line: 2, node: 'a1', argv: ['ping', '-c', '3', '10.0.1.2'], isBackground: false },
    { kind: 'exec', line: 4, node: 'b1', argv: ['nc', '-l', '7000'], isBackground: true },
    { kind: 'sleep', line: 5, durationMs: 1500 },
    { kind: 'exec', line: 6, node: 'a1', argv: ['echo', 'two words', 'a # b', 'x#y'], isBackground: false },
  ]);
});

test('all errors at once, each with its place and fix', () => {
  const { script, diagnostics } = parseScript(
    't.lab',
    "a2 ping x\n  sleep soon\nb1\na1 echo 'open\nsleep 1s 2s\nalice &\n",
    NODES,
  );
  expect(script).toBeNull();
  expect(diagnostics.map(formatDiagnostic).join('\n')).toMatchInlineSnapshot(`
    "t.lab:1:1: there is no node "a2"
      fix: did you mean "a1"?
    t.lab:2:3: sleep takes one duration
      fix: for instance: sleep 2s
    t.lab:3:1: no command for b1
      fix: for instance: b1 ping -c 1 ADDRESS
    t.lab:4:9: the ' has no end
      fix: close it with ' on the same line
    t.lab:5:1: sleep takes one duration
      fix: for instance: sleep 2s
    t.lab:6:1: no command for alice
      fix: for instance: alice ping -c 1 ADDRESS"
  `);
});

test('octets of any kind give a script or diagnostics, never an exception', () => {
  let state = 7;
  const next = (): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) >> 8;
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: next() % 60 }, () =>
      String.fromCharCode(next() % 3 === 0 ? next() % 0xffff : 32 + (next() % 95)),
    ).join('');
    const { script, diagnostics } = parseScript('fuzz', `a1 ${text}\n${text}`, NODES);
    expect(script === null).toBe(diagnostics.length > 0);
  }
});
