import { addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix } from '../../../engine/wire/prefix.ts';
import type { PoolConfig } from '../../../engine/ike/config.ts';
import type { NodeScope, Scope } from './scope.ts';

/** The virtual addresses that a node has to give. */
export function poolsOf(scope: Scope, node: NodeScope): PoolConfig[] {
  return (node.text?.ike?.['address-pools']?.entries ?? []).flatMap(({ name, value }) => {
    if (value === undefined) return [];
    const seen = new Set<number>();
    for (const { value: range, place } of value.addresses.items) {
      const family = addressVersion(range.low);
      if (seen.has(family)) {
        const message = `pool ${name} has two ranges of IPv${family}`;
        scope.report.error(place, message, 'make two pools of it: peers may be given several');
      }
      seen.add(family);
    }
    return [
      {
        name,
        addresses: value.addresses.items.map(({ value: range }) => range.text),
        dns: (value.dns?.items ?? []).map(({ value: address }) => formatAddress(address)),
        subnets: (value.subnets?.items ?? []).map(({ value: prefix }) => formatPrefix(prefix)),
      },
    ];
  });
}
