/** What `ikecert -S` and `-F` say: seconds since the Unix epoch. */
export type Validity =
  | { readonly kind: 'read'; readonly notBefore: number; readonly notAfter: number }
  | { readonly kind: 'wrong'; readonly lines: readonly string[] };

const DAY_SECONDS = 86_400;
const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: DAY_SECONDS,
  w: 7 * DAY_SECONDS,
  M: 30 * DAY_SECONDS,
  y: 365 * DAY_SECONDS,
};
const NAMES: Readonly<Record<string, string>> = {
  second: 's',
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
  month: 'M',
  year: 'y',
};
/** Four years, as ikecert gives. */
const USUAL_SECONDS = 4 * 365 * DAY_SECONDS;

/** `from` and `to` null: from now on, for four years. `now` in whole seconds. */
export function validityOf(from: string | null, to: string | null, now: number): Validity {
  const notBefore = from === null ? now : timeOf(from, now);
  if (notBefore === null) return wrong('-S', from ?? '');
  const notAfter = to === null ? notBefore + USUAL_SECONDS : timeOf(to, now);
  if (notAfter === null) return wrong('-F', to ?? '');
  return { kind: 'read', notBefore, notAfter };
}

function wrong(option: string, text: string): Validity {
  return {
    kind: 'wrong',
    lines: [`ikecert: ${option}: '${text}' is no time`, '  for instance: +90d, -1h, "+4 years" or 12/31/2030'],
  };
}

/** Relative to now with a sign, or `mm/dd/yyyy [hh:mm:ss]`, UTC. */
function timeOf(text: string, now: number): number | null {
  const [, sign, count = '', unit = ''] = /^\s*([+-])\s*(\d{1,6})\s*([A-Za-z]+)\s*$/.exec(text) ?? [];
  if (sign !== undefined) {
    const name = unit.length > 1 ? NAMES[unit.toLowerCase().replace(/s$/, '')] : unit;
    const seconds = name === undefined ? undefined : UNITS[name];
    return seconds === undefined ? null : now + (sign === '-' ? -1 : 1) * Number(count) * seconds;
  }
  const parts = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$/.exec(text);
  if (parts === null) return null;
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map(part => Number(part ?? 0));
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}
