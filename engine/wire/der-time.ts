/** Times of certificates, CRLs and OCSP, RFC 5280 §4.1.2.5: always UTC, always with seconds, never a fraction of one. */
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** Seconds since the Unix epoch of the value of that tag, or null. */
export function parseTime(tag: number, content: Uint8Array): number | null {
  const text = String.fromCharCode(...content.subarray(0, 20));
  const digits = tag === UTC_TIME ? /^\d{12}Z$/ : tag === GENERALIZED_TIME ? /^\d{14}Z$/ : null;
  if (digits === null || !digits.test(text)) return null;
  // UTCTime: 50 to 99 are of the 20th century.
  const full = tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}`;
  const year = Number(full.slice(0, 4));
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = [4, 6, 8, 10, 12].map(at =>
    Number(full.slice(at, at + 2)),
  );
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) {
    return null;
  }
  return daysBefore(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

/** `20261122085454Z` of an epoch second: what both forms are cut from. RangeError outside of the years 0 to 9999. */
export function formatTime(epochSeconds: number): string {
  const days = Math.floor(epochSeconds / 86_400);
  const seconds = epochSeconds - days * 86_400;
  const { year, month, day } = civil(days);
  if (!Number.isInteger(epochSeconds) || year < 0 || year > 9999) throw new RangeError(`no time: ${epochSeconds}`);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${String(year).padStart(4, '0')}${[month, day, ...clock].map(twoDigits).join('')}Z`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** `2026-11-22 08:54:54 UTC`, for people. */
export function readableTime(epochSeconds: number): string {
  const text = formatTime(epochSeconds);
  const part = (from: number, to: number) => text.slice(from, to);
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 8)} ${part(8, 10)}:${part(10, 12)}:${part(12, 14)} UTC`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** Days from 1970-01-01, proleptic Gregorian; years that begin in March make the leap day the last one. */
function daysBefore(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofEra = y - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}

function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9);
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
