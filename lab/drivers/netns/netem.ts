import { spawnSync } from 'node:child_process';
import { NS_PER_US } from '../../../engine/wire/instant.ts';
import type { Impairment } from '../../topology/model.ts';
import { withSystemPath } from './pod.ts';

/** Bits of a full-sized Ethernet frame. */
const FRAME_BITS = 1514 * 8;

/** Whether this kernel has netem, tried on the loopback device of our own namespace: to be called inside a pod. */
export function netemAvailable(): boolean {
  const tc = (...words: string[]) =>
    spawnSync('tc', words, { env: withSystemPath(process.env), stdio: 'ignore' }).status === 0;
  const has = tc('qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1us');
  if (has) tc('qdisc', 'del', 'dev', 'lo', 'root');
  return has;
}

/** Arguments of `tc qdisc … netem` for one direction; null: a perfect wire needs none. */
export function netemArguments(impairment: Impairment): string[] | null {
  const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rateBitsPerSecond, queueFrames } = impairment;
  if (delayNs + jitterNs + loss + duplicate + reorder + corrupt === 0 && rateBitsPerSecond === null) return null;
  const microseconds = (ns: number) => `${Math.round(ns / NS_PER_US)}us`;
  const percent = (share: number) => `${share * 100}%`;
  // netem reorders by sending some at once while the others are delayed, and so needs a delay.
  const delay = reorder > 0 ? Math.max(delayNs, 1000 * NS_PER_US) : delayNs;
  // Its limit counts the frames under way as well, which a wire holds without a queue.
  const underWay =
    rateBitsPerSecond === null ? 1_000_000 : Math.ceil((rateBitsPerSecond * (delay + jitterNs)) / 1e9 / FRAME_BITS);
  return [
    ...['limit', String(queueFrames + underWay)],
    ...(delay + jitterNs > 0 ? ['delay', microseconds(delay), ...(jitterNs > 0 ? [microseconds(jitterNs)] : [])] : []),
    ...(loss > 0 ? ['loss', percent(loss)] : []),
    ...(duplicate > 0 ? ['duplicate', percent(duplicate)] : []),
    ...(corrupt > 0 ? ['corrupt', percent(corrupt)] : []),
    ...(reorder > 0 ? ['reorder', percent(reorder)] : []),
    ...(rateBitsPerSecond === null ? [] : ['rate', `${Math.round(rateBitsPerSecond)}bit`]),
  ];
}
