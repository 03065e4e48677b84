/** Texts with units: `20ms`, `0.1%`, `1gbit`. Each parser gives the number in its base unit, or what is wrong. */
export type Parsed<T> = { readonly kind: 'good'; readonly value: T } | Problem;

export interface Problem {
  readonly kind: 'bad';
  readonly message: string;
  readonly fix: string | null;
}

export function good<T>(value: T): Parsed<T> {
  return { kind: 'good', value };
}

export function bad(message: string, fix: string | null): Problem {
  return { kind: 'bad', message, fix };
}

/** For a number, true or null where a text is due. */
export function notText(value: unknown): Problem {
  return bad('is not a text', `quote it if it is meant: "${String(value)}"`);
}

const NANOSECONDS = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);
const BITS_PER_SECOND = new Map([
  ['bit', 1],
  ['kbit', 1e3],
  ['mbit', 1e6],
  ['gbit', 1e9],
]);
/** 30 days: as nanoseconds still an exact number. */
const DURATION_MAX_NS = 720 * 3600e9;
const RATE_MAX_BITS = 1e12;
export const LONG_DURATION_PATTERN = '^-?[0-9]+(\\.[0-9]+)?(s|m|h|d|y)$';
export const DURATION_PATTERN = '^(0|-?[0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))$';
export const PERCENT_PATTERN = '^(0|[0-9]+(\\.[0-9]+)?%)$';
export const RATE_PATTERN = '^[0-9]+(\\.[0-9]+)?(bit|kbit|mbit|gbit)$';

/** Nanoseconds, a whole number. `0` needs no unit. */
export function parseDuration(text: string): Parsed<number> {
  const parts = split(text);
  if (parts === null) return bad('is not a duration', 'write a number and, right after it, a unit: 20ms or 1.5s');
  const { amount, unit } = parts;
  if (unit === '') {
    return text === '0' ? good(0) : bad('has no unit', `write ${text}ms or ${text}s`);
  }
  const scale = NANOSECONDS.get(unit);
  if (scale === undefined)
    return bad(`has the unknown unit "${unit}"`, `use ns, us, ms, s, m or h${durationLike(amount, unit)}`);
  const nanoseconds = Math.round(amount * scale);
  if (Math.abs(nanoseconds) > DURATION_MAX_NS) return bad('is more than 30 days', 'use 720h or less');
  return good(nanoseconds);
}

const SECONDS = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
  ['y', 365 * 86_400],
]);
/** Past that the dates of certificates have a year of five digits. */
const LONG_DURATION_MAX_S = 1000 * 365 * 86_400;

/** Seconds, of what lasts longer than a lab: `90d`, `-1d`, `10y` (of 365 days each). */
export function parseLongDuration(text: string): Parsed<number> {
  const parts = split(text);
  if (text === '0') return good(0);
  if (parts === null) return bad('is not a duration', 'write a number and, right after it, a unit: 12h, 90d or 1y');
  const scale = SECONDS.get(parts.unit);
  if (scale === undefined) return bad('has no unit that fits', `use s, m, h, d or y, as in ${parts.amount}d`);
  const seconds = Math.round(parts.amount * scale);
  return Math.abs(seconds) > LONG_DURATION_MAX_S ? bad('is more than 1000 years', 'use less') : good(seconds);
}

/** A probability of 0 to 1. `0` needs no sign. */
export function parsePercent(text: string): Parsed<number> {
  const parts = split(text);
  if (parts === null || (parts.unit !== '' && parts.unit !== '%'))
    return bad('is not a percentage', 'write a number and, right after it, %: 0.1%');
  const { amount, unit } = parts;
  if (text === '0') return good(0);
  if (unit === '') {
    const asRate = amount <= 1 ? ` or ${Number((amount * 100).toPrecision(12))}%` : '';
    return bad('has no % sign', `write ${text}%${asRate}`);
  }
  if (amount < 0 || amount > 100)
    return bad('is not between 0% and 100%', 'it is a share of the frames: use 0% to 100%');
  return good(amount / 100);
}

/** Bits per second. */
export function parseRate(text: string): Parsed<number> {
  const parts = split(text);
  if (parts === null) return bad('is not a rate', 'write a number and, right after it, a unit: 100mbit or 1gbit');
  const { amount, unit } = parts;
  if (unit === '') return bad('has no unit', `write ${text}bit, ${text}kbit, ${text}mbit or ${text}gbit`);
  const scale = BITS_PER_SECOND.get(unit);
  if (scale === undefined)
    return bad(`has the unknown unit "${unit}"`, `use bit, kbit, mbit or gbit${rateLike(amount, unit)}`);
  const bits = amount * scale;
  if (bits < 1) return bad('lets nothing through', 'use at least 1bit, or take the link down with a fault');
  if (bits > RATE_MAX_BITS) return bad('is more than 1000gbit', 'leave rate away for a link without a limit');
  return good(bits);
}

/** The shortest exact form: `20ms`, `1.5s`, `-3s`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  for (const unit of ['h', 'm', 's', 'ms', 'us']) {
    const scale = NANOSECONDS.get(unit) ?? 1;
    const amount = nanoseconds / scale;
    const isShort = unit === 'h' || unit === 'm' ? Number.isInteger(amount) : Number.isInteger(amount * 1000);
    if (Math.abs(amount) >= 1 && isShort) return `${amount}${unit}`;
  }
  return `${nanoseconds}ns`;
}

/** `1gbit`, `2.5mbit`. */
export function formatRate(bitsPerSecond: number): string {
  for (const unit of ['gbit', 'mbit', 'kbit']) {
    const amount = bitsPerSecond / (BITS_PER_SECOND.get(unit) ?? 1);
    if (amount >= 1 && Number.isInteger(amount * 1000)) return `${amount}${unit}`;
  }
  return `${bitsPerSecond}bit`;
}

function split(text: string): { amount: number; unit: string } | null {
  const match = /^(-?\d{1,15}(?:\.\d{1,15})?)([a-zA-Zµ%/ ]{0,12})$/.exec(text);
  if (match === null) return null;
  return { amount: Number(match[1]), unit: match[2] ?? '' };
}

const UNITS_IN_WORDS: ReadonlyMap<string, string> = new Map([
  ['sec', 's'],
  ['secs', 's'],
  ['second', 's'],
  ['seconds', 's'],
  ['min', 'm'],
  ['mins', 'm'],
  ['minute', 'm'],
  ['minutes', 'm'],
  ['hr', 'h'],
  ['hour', 'h'],
  ['hours', 'h'],
  ['usec', 'us'],
  ['msec', 'ms'],
]);

/** `: 2s` for `2 sec`, and nothing for `2 parsec`. */
function durationLike(amount: number, unit: string): string {
  const plain = unit.trim().toLowerCase();
  const known = UNITS_IN_WORDS.get(plain) ?? (NANOSECONDS.has(plain) ? plain : null);
  return known === null ? '' : `: ${amount}${known}`;
}

function rateLike(amount: number, unit: string): string {
  const first = unit.trim().charAt(0).toLowerCase();
  if (first === 'k' || first === 'm' || first === 'g') return `: ${amount}${first}bit`;
  return first === 'b' ? `: ${amount}bit` : '';
}
