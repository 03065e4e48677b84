/** A figure for eyes: three digits that count, and a unit of its size. `unit` as in a record: `bit/s`, `packets/s`, `ns`, `octets`. */
export function quantityText(value: number, unit: string): string {
  const scales = SCALES[unit];
  if (scales === undefined) return `${threeDigits(value)} ${unit}`;
  const size = Math.abs(value);
  const [factor, name] = scales.findLast(([at]) => size >= at) ?? scales[0] ?? [1, unit];
  return `${threeDigits(value / factor)} ${name}`;
}

/** Both ends in the same unit, that of the larger one: `2.31 to 2.5 Gbit/s`. */
export function rangeText(low: number, high: number, unit: string): string {
  const scales = SCALES[unit] ?? [[1, unit]];
  const size = Math.max(Math.abs(low), Math.abs(high));
  const [factor, name] = scales.findLast(([at]) => size >= at) ?? scales[0] ?? [1, unit];
  return `${threeDigits(low / factor)} to ${threeDigits(high / factor)} ${name}`;
}

type Scale = readonly [factor: number, name: string];

const SCALES: Readonly<Record<string, readonly Scale[]>> = {
  'bit/s': [
    [1, 'bit/s'],
    [1e3, 'kbit/s'],
    [1e6, 'Mbit/s'],
    [1e9, 'Gbit/s'],
  ],
  'packets/s': [
    [1, 'packets/s'],
    [1e3, 'kpps'],
    [1e6, 'Mpps'],
  ],
  '1/s': [[1, '1/s']],
  ns: [
    [1, 'ns'],
    [1e3, 'µs'],
    [1e6, 'ms'],
    [1e9, 's'],
  ],
  octets: [
    [1, 'octets'],
    [2 ** 10, 'KiB'],
    [2 ** 20, 'MiB'],
    [2 ** 30, 'GiB'],
  ],
};

function threeDigits(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return Number(value.toPrecision(3)).toString();
}
