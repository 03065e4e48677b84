import type { MininetTopoLink } from './topo.ts';

/** What of links in a row can be said by `impair:`, as its texts; what cannot, in words. */
export interface ReadImpairment {
  readonly impair: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const NANOSECONDS: ReadonlyMap<string, number> = new Map([
  ['', 1e3],
  ...['s', 'sec', 'secs'].map(unit => [unit, 1e9] as const),
  ...['ms', 'msec', 'msecs'].map(unit => [unit, 1e6] as const),
  ...['us', 'usec', 'usecs'].map(unit => [unit, 1e3] as const),
  ...['ns', 'nsec', 'nsecs'].map(unit => [unit, 1] as const),
]);

/** Delays add up, the slowest rate counts, and what is lost on one link is not there to be lost on the next. */
export function impairmentOf(links: readonly MininetTopoLink[]): ReadImpairment {
  const problems: string[] = [];
  const sum = (key: 'delay' | 'jitter'): number =>
    links.reduce((total, link) => {
      const text = link[key];
      const time = text === null ? 0 : nanoseconds(text);
      if (time === null)
        problems.push(`the ${key} ${JSON.stringify(text)} is left out: it is not a time as tc takes it`);
      return total + (time ?? 0);
    }, 0);
  const [delay, jitter] = [sum('delay'), sum('jitter')];
  const passed = links.reduce((share, { loss }) => share * (1 - Math.min(loss ?? 0, 100) / 100), 1);
  const rates = links.flatMap(({ bw }) => (bw === null || bw === 0 ? [] : [bw]));
  if (links.some(({ queue }) => queue !== null))
    problems.push('max_queue_size is left out: say it by "impair: { queue: … }"');
  if (jitter > delay) problems.push('of the jitter no more than the delay is taken over');
  return {
    impair: {
      ...(delay > 0 ? { delay: duration(delay) } : {}),
      ...(Math.min(jitter, delay) > 0 ? { jitter: duration(Math.min(jitter, delay)) } : {}),
      ...(passed < 1 ? { loss: `${decimal((1 - passed) * 100)}%` } : {}),
      ...(rates.length > 0 ? { rate: `${decimal(Math.min(...rates))}mbit` } : {}),
    },
    problems,
  };
}

/** A time as `tc` takes it; microseconds without a unit. null: it is none. */
function nanoseconds(text: string): number | null {
  const [, amount = '', unit = ''] = /^\s*(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const scale = NANOSECONDS.get(unit.toLowerCase());
  return amount === '' || scale === undefined ? null : Math.round(Number(amount) * scale);
}

function duration(time: number): string {
  if (time % 1e6 === 0) return `${time / 1e6}ms`;
  return time % 1e3 === 0 ? `${time / 1e3}us` : `${time}ns`;
}

/** Without an exponent, and without the noise of binary fractions. */
const decimal = (value: number): string => value.toFixed(6).replace(/\.?0+$/, '');
