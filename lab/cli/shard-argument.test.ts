import { expect, test } from 'vitest';
import { shardArgument } from './shard-argument.ts';

test('a shard is a number from 1, and how many there are', () => {
  expect(shardArgument('1/4')).toEqual({ index: 1, count: 4 });
  expect(shardArgument('4/4')).toEqual({ index: 4, count: 4 });
});

test.each(['0/4', '5/4', '1/0', '1', '1/4/2', '-1/4', '1.5/4', ' 1/4', '1/1001', 'a/b', ''])(
  '"%s" is no shard',
  text => {
    expect(() => shardArgument(text)).toThrow(/is not a shard/);
  },
);
