import type { PolicyChange } from '../../engine/ipsec/policy-diff.ts';
import { equal, type RangeSet } from '../../engine/ipsec/range-set.ts';
import { ANY_NUMBER, ANY_PROTOCOL, anyAddress } from '../../engine/ipsec/selector-space.ts';
import { addressList, regionLines, regionText } from './region-text.ts';

/** `10.0.0.0/24 <-> 10.0.1.0/24 tcp 443: PROTECT esp tunnel aes256gcm16 -> BYPASS`, one for each change. */
export function changeLines(changes: readonly PolicyChange[]): string[] {
  const verdicts = [...new Set(changes.map(verdictText))];
  return verdicts.flatMap(verdict => {
    const regions = changes.filter(change => verdictText(change) === verdict).map(({ region }) => region);
    return regionLines(regions).map(line => `${line}: ${verdict}`);
  });
}

/** Numbers as they are, and what is not shown as one past the last: 256 of protocols, 65536 of ports and types. */
export function changeJson({ region, before, after }: PolicyChange) {
  const { version, direction, local, remote, protocol, localPort, remotePort, icmp } = region;
  const addresses = (set: RangeSet) => (equal(set, anyAddress(version)) ? 'any' : addressList(set, version));
  return {
    version,
    direction: direction[0]?.[0] !== 0n ? 'inbound' : direction[0][1] === 1n ? 'both' : 'outbound',
    local: addresses(local),
    remote: addresses(remote),
    protocol: numbers(protocol, ANY_PROTOCOL),
    localPort: numbers(localPort, ANY_NUMBER),
    remotePort: numbers(remotePort, ANY_NUMBER),
    icmp: numbers(icmp, ANY_NUMBER),
    before,
    after,
    text: regionText(region),
  };
}

function numbers(set: RangeSet, any: RangeSet): 'any' | number[][] {
  return equal(set, any) ? 'any' : set.map(range => range.map(Number));
}

/** Where the outer packets go is said only where it is the difference. */
function verdictText({ before, after }: PolicyChange): string {
  const [was, is] = [before, after].map(verdict => verdict.replaceAll(/ to [0-9a-f.:]+/g, ''));
  return was === is ? `${before} -> ${after}` : `${was} -> ${is}`;
}
