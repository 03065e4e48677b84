const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECONDS_PER_DAY = 86_400;
/** 400 years, after which the Gregorian calendar repeats itself, and from 1970-01-01 back to 0000-03-01. */
const DAYS_PER_ERA = 146_097;
const DAYS_TO_EPOCH = 719_468;

/** `Dec 14 16:23:15 2015`, UTC, as ctime(3) without the day of the week. `seconds`: since the Unix epoch, not negative. */
export function calendarText(seconds: number): string {
  const whole = Math.floor(seconds);
  const { year, month, day } = dateOf(Math.floor(whole / SECONDS_PER_DAY));
  const inDay = whole % SECONDS_PER_DAY;
  const clock = [Math.floor(inDay / 3600), Math.floor(inDay / 60) % 60, inDay % 60];
  const time = clock.map(part => String(part).padStart(2, '0')).join(':');
  return `${MONTHS[month]} ${String(day).padStart(2)} ${time} ${year}`;
}

/** Years that begin in March have the leap day at their end. */
function dateOf(daysSinceEpoch: number): { year: number; month: number; day: number } {
  const days = daysSinceEpoch + DAYS_TO_EPOCH;
  const era = Math.floor(days / DAYS_PER_ERA);
  const inEra = days % DAYS_PER_ERA;
  const years = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = (fromMarch + 2) % 12;
  return { year: era * 400 + years + (month < 2 ? 1 : 0), month, day };
}
