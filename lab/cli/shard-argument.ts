import { badInput } from '../state/failure.ts';

/** One part of a run that machines share. */
export interface ShardArgument {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** More machines than there are clauses would have nothing to do. */
const SHARDS_MAX = 1000;

/** `2/4`: the second of four parts. */
export function shardArgument(text: string): ShardArgument {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count && shard.count <= SHARDS_MAX) return shard;
  throw badInput(
    `"${text}" is not a shard`,
    `give its number and how many there are, such as 1/4; at most ${SHARDS_MAX}`,
  );
}
