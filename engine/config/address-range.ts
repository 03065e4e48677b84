import { type AddressRange, rangeContains, rangeOf } from '../ipsec/selector.ts';
import { compareAddresses, formatAddress, parseAddress } from '../wire/address.ts';
import { formatPrefix, networkOf, parsePrefix } from '../wire/prefix.ts';

/** Of `192.0.2.1`, `192.0.2.0/24` or `192.0.2.1-192.0.2.9`; null for anything else. */
export function addressRange(text: string): AddressRange | null {
  const one = parseAddress(text);
  if (one !== null) return { low: one, high: one };
  const prefix = parsePrefix(text);
  if (prefix !== null) return rangeOf(prefix);
  const [low, high, more] = text.split('-').map(part => parseAddress(part.trim()));
  if (!low || !high || more !== undefined || low.length !== high.length) return null;
  return compareAddresses(low, high) > 0 ? null : { low, high };
}

/** Whether an address, as text, is in what `addressRange` reads. */
export function holdsAddress(range: string, address: string): boolean {
  const [found, parsed] = [addressRange(range), parseAddress(address)];
  return found !== null && parsed !== null && rangeContains(found, parsed);
}

/** The same addresses in the engine's spelling; null for anything else. */
export function formatRange(text: string): string | null {
  const one = parseAddress(text);
  if (one !== null) return formatAddress(one);
  const prefix = parsePrefix(text);
  if (prefix !== null) return formatPrefix(networkOf(prefix));
  const range = addressRange(text);
  return range === null ? null : `${formatAddress(range.low)}-${formatAddress(range.high)}`;
}
