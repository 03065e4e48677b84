import type { Estimate, Range } from './study.ts';

/** How values of one chart or column are told: divided by `divisor`, in `name`. */
export interface Scale {
  readonly divisor: number;
  readonly name: string;
}

type Steps = readonly (readonly [divisor: number, name: string])[];

/** By the unit of a figure, the smallest first. */
const STEPS: Readonly<Record<string, Steps>> = {
  'bit/s': decimal('bit/s', ['', 'k', 'M', 'G']),
  'packets/s': decimal('packets/s', ['', 'k', 'M']),
  octets: [
    [1, 'octets'],
    [1e3, 'kB'],
    [1e6, 'MB'],
    [1e9, 'GB'],
  ],
  ns: [
    [1, 'ns'],
    [1e3, 'µs'],
    [1e6, 'ms'],
    [1e9, 's'],
  ],
};

function decimal(unit: string, prefixes: readonly string[]): Steps {
  return prefixes.map((prefix, i) => [10 ** (3 * i), `${prefix}${unit}`]);
}

/** The one in which the largest of the values is below 1000, and no more than that. */
export function scaleFor(unit: string, values: readonly number[]): Scale {
  const largest = Math.max(0, ...values.map(Math.abs));
  const [first, ...others] = STEPS[unit] ?? [[1, unit]];
  let [divisor, name] = first ?? [1, unit];
  for (const [step, stepName] of others) if (largest >= step) [divisor, name] = [step, stepName];
  return { divisor, name };
}

/** `412 Mbit/s`. */
export function valueText(value: number, unit: string): string {
  const { divisor, name } = scaleFor(unit, [value]);
  return `${digits(value / divisor)} ${name}`;
}

/** `399 to 425 Mbit/s`, both in the same. */
export function rangeText({ low, high }: Range, unit: string): string {
  const { divisor, name } = scaleFor(unit, [low, high]);
  return `${digits(low / divisor)} to ${digits(high / divisor)} ${name}`;
}

/** Three digits that count, and no thousands' separators: `0.052`, `41.2`, `1234`. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(12, Math.max(0, 2 - size)));
}

/** `+3.1 %`. */
export const changeText = (share: number): string => `${share > 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;

/** `+3.1 % (+2.0 % to +4.4 %)`. */
export const changeWords = ({ middle, low, high }: Estimate): string =>
  `${changeText(middle)} (${changeText(low)} to ${changeText(high)})`;

/** `5.2 % (5.0 to 5.3)`. */
export const shareWords = ({ middle, low, high }: Estimate): string =>
  `${digits(middle * 100)} % (${digits(low * 100)} to ${digits(high * 100)})`;

/** `1.73 × (1.68 to 1.76)`. */
export const ratioWords = ({ middle, low, high }: Estimate): string =>
  `${digits(middle)} × (${digits(low)} to ${digits(high)})`;
