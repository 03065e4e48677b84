import { expect, test } from 'vitest';
import { getopt } from './getopt.ts';

const read = (line: string) => getopt(line.split(' '), 'qnc:i:');

test('reads clusters, values beside and behind, operands in between, and an end of options', () => {
  const expected = { kind: 'options', values: new Map(Object.entries({ q: '', c: '3' })), operands: ['host'] };
  for (const line of ['-q -c 3 host', '-qc 3 host', '-qc3 host', 'host -q -c3', '-qc3 -- host']) {
    expect(read(line)).toEqual(expected);
  }
  expect(read('-- -q')).toMatchObject({ operands: ['-q'] });
  expect(read('-c -3 -')).toMatchObject({ values: new Map([['c', '-3']]), operands: ['-'] });
});

test('the last of two values counts', () => {
  expect(read('-c 3 -c 4')).toMatchObject({ values: new Map([['c', '4']]) });
});

test('names what it does not know, or what misses its value', () => {
  expect(read('-qx host')).toEqual({ kind: 'invalid', option: 'x' });
  expect(read('-:')).toEqual({ kind: 'invalid', option: ':' });
  expect(read('host -c')).toEqual({ kind: 'missingValue', option: 'c' });
});
