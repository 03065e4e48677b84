import type { Address } from '../../wire/address.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import { type Box, isSingleAddress, numberOf, selectorOf } from './selector-box.ts';
import { boxesIn } from './traffic-selectors.ts';

/**
 * Transport mode through a NAT, RFC 7296 §2.23.1: each end knows the other by another address than that has itself, so that the
 * address in a traffic selector is replaced by the one that packets of the IKE SA have here, before anything is made of it. The
 * same selectors for that address; null: they are for more than one, and that is no transport mode.
 */
export function withAddress(selectors: readonly TrafficSelector[], address: Address): TrafficSelector[] | null {
  const boxes = boxesIn(selectors);
  if (boxes.length === 0 || onlyAddress(boxes) === null) return null;
  const number = numberOf(address);
  const family = address.length === 4 ? 4 : 6;
  return boxes.map(box => selectorOf({ ...box, family, address: [number, number] }));
}

function onlyAddress(boxes: readonly Box[]): bigint | null {
  const [first, ...others] = boxes;
  if (first === undefined || !isSingleAddress(first)) return null;
  const isSame = (box: Box) =>
    isSingleAddress(box) && box.family === first.family && box.address[0] === first.address[0];
  return others.every(isSame) ? first.address[0] : null;
}
