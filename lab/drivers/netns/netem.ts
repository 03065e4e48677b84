import { spawnSync } from 'node:child_process';
import { NS_PER_US } from '../../../engine/wire/instant.ts';
import type { Impairment, TopologyLink } from '../../topology/model.ts';
import { withSystemPath } from './pod.ts';

/** Whether this kernel has netem, tried on the loopback device of our own namespace: to be called inside a pod. */
export function netemAvailable(): boolean {
  const has = tc('qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1us');
  if (has) tc('qdisc', 'del', 'dev', 'lo', 'root');
  return has;
}

export const isImpaired = (link: TopologyLink): boolean => link.impairments.some(hasAny);

/**
 * Whether netem does to a link what the lab's own model of a link does. It does not where there is jitter (netem's reorders),
 * reordering (netem's sends some at once) or a rate (netem's queue counts frames that are under way).
 */
export const netemMatches = (link: TopologyLink): boolean =>
  link.impairments.every(
    ({ jitterNs, reorder, rateBitsPerSecond }) => jitterNs + reorder === 0 && rateBitsPerSecond === null,
  );

/** Arguments of `tc qdisc … netem` for one direction of a link that it matches. */
export function netemArguments({ delayNs, loss, duplicate, corrupt }: Impairment): string[] {
  return [
    // Frames under way; a wire has no limit of its own.
    'limit',
    '1000000',
    ...(delayNs > 0 ? ['delay', `${Math.round(delayNs / NS_PER_US)}us`] : []),
    ...(loss > 0 ? ['loss', percent(loss)] : []),
    ...(duplicate > 0 ? ['duplicate', percent(duplicate)] : []),
    ...(corrupt > 0 ? ['corrupt', percent(corrupt)] : []),
  ];
}

function hasAny({ delayNs, jitterNs, loss, duplicate, reorder, corrupt, rateBitsPerSecond }: Impairment): boolean {
  return delayNs + jitterNs + loss + duplicate + reorder + corrupt > 0 || rateBitsPerSecond !== null;
}

const tc = (...words: string[]): boolean =>
  spawnSync('tc', words, { env: withSystemPath(process.env), stdio: 'ignore' }).status === 0;
const percent = (share: number): string => `${share * 100}%`;
