import { type Address, addressesEqual, addressKey } from '../wire/address.ts';
import type { EspOutboundSa, OutboundSa } from './sa.ts';
import { type AddressRange, type Flow, hasPorts, isIcmp, matches, type NumberSet, type Selector } from './selector.ts';
import type { Transform } from './spd.ts';

/** The addresses of an SA's own packets. */
export interface SaEnds {
  readonly source: Address;
  readonly destination: Address;
}

/** What an SA must be like to serve a packet. */
export interface WantedSa {
  readonly transform: Pick<Transform, 'protocol' | 'mode' | 'requestId'>;
  readonly sharing: 'shared' | 'unique';
  /** null: any. */
  readonly ends: SaEnds | null;
  /** The packet before any protection; null: any, when only the size of what an SA adds is asked for. */
  readonly flow: Flow | null;
}

/** Up to here a look at each is quicker than making a key. */
const SCANNED_MAX = 8;

interface Entry {
  readonly sa: OutboundSa;
  /** Counts installations: the higher, the newer. */
  readonly age: number;
}

/**
 * Outbound SAs among which any may serve, found newest first. However many there are, a lookup looks at few: they stand by
 * their ends and number, and those that were made for one flow by that flow.
 */
export class OutboundTable {
  readonly #entries: Entry[] = [];
  /** All; those without a selector; those for several flows. Each under its ends and request id, given and left out. */
  readonly #all = new Map<string, Entry[]>();
  readonly #unlimited = new Map<string, Entry[]>();
  readonly #limited = new Map<string, Entry[]>();
  /** By the one flow that they were made for. */
  readonly #single = new Map<string, Entry[]>();
  #age = 0;

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(sa: OutboundSa): void {
    const entry = { sa, age: this.#age++ };
    this.#entries.push(entry);
    for (const [map, key] of this.#places(sa)) append(map, key, entry);
  }

  remove(sa: OutboundSa): void {
    drop(this.#entries, sa);
    for (const [map, key] of this.#places(sa)) {
      const entries = map.get(key) ?? [];
      drop(entries, sa);
      if (entries.length === 0) map.delete(key);
    }
  }

  /** The newest SA that serves; null: none. */
  newest(wanted: WantedSa): OutboundSa | null {
    const last = this.#entries.at(-1);
    if (last === undefined) return null;
    if (serves(last.sa, wanted)) return last.sa;
    if (this.#entries.length <= SCANNED_MAX) return newestOf(this.#entries, wanted)?.sa ?? null;
    return (
      this.#candidates(wanted)
        .map(entries => newestOf(entries, wanted))
        .reduce((a, b) => (a === null || (b !== null && b.age > a.age) ? b : a), null)?.sa ?? null
    );
  }

  newestEsp(): EspOutboundSa | null {
    const found = this.#entries.findLast(({ sa }) => sa.protocol === 'esp')?.sa;
    return found?.protocol === 'esp' ? found : null;
  }

  clear(): void {
    this.#entries.length = 0;
    for (const map of [this.#all, this.#unlimited, this.#limited, this.#single]) map.clear();
  }

  #candidates({ transform, sharing, ends, flow }: WantedSa): (readonly Entry[] | undefined)[] {
    const place = placeKey(transform, ends, transform.requestId);
    if (flow === null) return [this.#all.get(place)];
    const single = this.#single.get(flowKey(flow));
    return sharing === 'unique' ? [single] : [single, this.#unlimited.get(place), this.#limited.get(place)];
  }

  #places(sa: OutboundSa): [Map<string, Entry[]>, string][] {
    const places: [Map<string, Entry[]>, string][] = [];
    const single = sa.selector === null ? null : singleFlowKey(sa.selector);
    if (single !== null) places.push([this.#single, single]);
    const maps = [this.#all];
    if (sa.selector === null) maps.push(this.#unlimited);
    else if (single === null || !isOneFlow(sa.selector)) maps.push(this.#limited);
    for (const ends of [sa, null]) {
      for (const id of sa.requestId === null ? [null] : [null, sa.requestId]) {
        for (const map of maps) places.push([map, placeKey(sa, ends, id)]);
      }
    }
    return places;
  }
}

/** Whether an SA may protect a packet of which this is known, RFC 4301 §4.4.2; whose policy it is for is not looked at. */
export function serves(sa: OutboundSa, { transform, sharing, ends, flow }: WantedSa): boolean {
  if (sa.protocol !== transform.protocol || sa.mode !== transform.mode) return false;
  if (transform.requestId !== null && transform.requestId !== sa.requestId) return false;
  if (ends !== null && !addressesEqual(ends.source, sa.source)) return false;
  if (ends !== null && !addressesEqual(ends.destination, sa.destination)) return false;
  if (flow === null) return true;
  if (sharing === 'unique') return sa.selector !== null && isFlow(sa.selector, flow);
  return sa.selector === null || matches(sa.selector, flow, 'outbound');
}

/** Whether a selector names this outbound flow and no other. What a flow does not show may be ANY as well as OPAQUE. */
export function isFlow(selector: Selector, flow: Flow): boolean {
  return matches(selector, flow, 'outbound') && singleFlowKey(selector) === flowKey(flow);
}

function newestOf(entries: readonly Entry[] | undefined, wanted: WantedSa): Entry | null {
  return entries?.findLast(entry => serves(entry.sa, wanted)) ?? null;
}

function placeKey({ protocol, mode }: Pick<Transform, 'protocol' | 'mode'>, ends: SaEnds | null, id: number | null) {
  const between = ends === null ? '' : addressKey(ends.source) + addressKey(ends.destination);
  return `${protocol} ${mode} ${id ?? 'any'} ${between}`;
}

function flowKey({ source, destination, protocol, sourcePort, destinationPort, icmp }: Flow): string {
  return singleKey(source, destination, [protocol, sourcePort, destinationPort, icmp]);
}

/** Whether ANY stands only for what packets of the protocol do not have. */
function isOneFlow({ protocol, localPort, remotePort, icmp }: Selector): boolean {
  if (typeof protocol !== 'number') return protocol === 'opaque';
  if (hasPorts(protocol)) return localPort !== 'any' && remotePort !== 'any';
  return !isIcmp(protocol) || icmp !== 'any';
}

/** The flow that a selector names, if ANY is what that flow does not show; null: certainly for more than one. */
function singleFlowKey({ local, remote, protocol, localPort, remotePort, icmp }: Selector): string | null {
  const [source, destination] = [onlyAddress(local), onlyAddress(remote)];
  if (source === null || destination === null) return null;
  const numbers: (number | null)[] = [typeof protocol === 'number' ? protocol : null];
  for (const set of [localPort, remotePort, icmp]) {
    const number = onlyNumber(set);
    if (number === undefined) return null;
    numbers.push(number);
  }
  return singleKey(source, destination, numbers);
}

const singleKey = (source: Address, destination: Address, numbers: readonly (number | null)[]): string =>
  `${addressKey(source)}${addressKey(destination)} ${numbers.join(' ')}`;

function onlyAddress(ranges: readonly AddressRange[] | 'any'): Address | null {
  const [range, ...more] = ranges === 'any' ? [] : ranges;
  return range !== undefined && more.length === 0 && addressesEqual(range.low, range.high) ? range.low : null;
}

/** null stands for what is not shown; undefined: several. */
function onlyNumber(set: NumberSet): number | null | undefined {
  if (set === 'any' || set === 'opaque') return null;
  const [range, ...more] = set;
  return range !== undefined && more.length === 0 && range[0] === range[1] ? range[0] : undefined;
}

function append(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const entries = map.get(key);
  if (entries === undefined) map.set(key, [entry]);
  else entries.push(entry);
}

function drop(entries: Entry[], sa: OutboundSa): void {
  const index = entries.findIndex(entry => entry.sa === sa);
  if (index >= 0) entries.splice(index, 1);
}
