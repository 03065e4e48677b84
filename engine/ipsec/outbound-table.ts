import { type Address, addressesEqual, addressKey } from '../wire/address.ts';
import { Classifier } from './classifier.ts';
import type { OutboundSa } from './sa.ts';
import {
  type AddressRange,
  ANYTHING,
  type Flow,
  hasPorts,
  isIcmp,
  matches,
  type NumberSet,
  type Selector,
} from './selector.ts';
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
 * their ends and number, those that were made for one flow by that flow, and those for ranges in a decision tree.
 */
export class OutboundTable {
  readonly #sas = new SaList();
  /** null: so few that a look at each is quicker. */
  #places: SaPlaces | null = null;
  #age = 0;

  get isEmpty(): boolean {
    return this.#sas.length === 0;
  }

  add(sa: OutboundSa): void {
    const entry = { sa, age: this.#age++ };
    this.#sas.add(entry);
    if (this.#places !== null) this.#places.add(entry);
    else if (this.#sas.length > SCANNED_MAX) this.#places = new SaPlaces(this.#sas.entries);
  }

  remove(sa: OutboundSa): void {
    this.#sas.remove(sa);
    this.#places?.remove(sa);
    if (this.isEmpty) this.#places = null;
  }

  clear(): void {
    this.#sas.clear();
    this.#places = null;
  }

  /** After the ends of an SA have changed: it stays as new as it was. */
  replace(): void {
    if (this.#places !== null) this.#places = new SaPlaces(this.#sas.entries);
  }

  /** The newest SA that serves; null: none. */
  newest(wanted: WantedSa): OutboundSa | null {
    if (this.#places === null) return this.#sas.newest(wanted)?.sa ?? null;
    const { last } = this.#sas;
    if (last !== null && serves(last, wanted)) return last;
    let found: Entry | null = null;
    for (const list of this.#places.candidates(wanted)) {
      const candidate = list?.newest(wanted) ?? null;
      if (candidate !== null && (found === null || candidate.age > found.age)) found = candidate;
    }
    return found?.sa ?? null;
  }
}

/** Where SAs are looked for. */
class SaPlaces {
  /** All; those without a selector; those for several flows. Each under its ends and request id, given and left out. */
  readonly #all = new Map<string, SaList>();
  readonly #unlimited = new Map<string, SaList>();
  readonly #limited = new Map<string, SaList>();
  /** By the one flow that they were made for. */
  readonly #single = new Map<string, SaList>();

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.add(entry);
  }

  add(entry: Entry): void {
    for (const [map, key] of this.#placesOf(entry.sa)) {
      const list = map.get(key) ?? new SaList();
      list.add(entry);
      map.set(key, list);
    }
  }

  remove(sa: OutboundSa): void {
    for (const [map, key] of this.#placesOf(sa)) {
      const list = map.get(key);
      list?.remove(sa);
      if (list?.length === 0) map.delete(key);
    }
  }

  /** Lists that together have every SA that serves. */
  candidates({ transform, sharing, ends, flow }: WantedSa): (SaList | undefined)[] {
    const place = placeKey(transform, ends, transform.requestId);
    if (flow === null) return [this.#all.get(place)];
    const single = this.#single.get(flowKey(flow));
    return sharing === 'unique' ? [single] : [single, this.#unlimited.get(place), this.#limited.get(place)];
  }

  #placesOf(sa: OutboundSa): [Map<string, SaList>, string][] {
    const places: [Map<string, SaList>, string][] = [];
    const only = onlySelector(sa);
    const single = only === null ? null : singleFlowKey(only);
    if (single !== null) places.push([this.#single, single]);
    const maps = [this.#all];
    if (sa.selectors === null) maps.push(this.#unlimited);
    else if (only === null || single === null || !isOneFlow(only)) maps.push(this.#limited);
    for (const ends of [sa, null]) {
      for (const id of sa.requestId === null ? [null] : [null, sa.requestId]) {
        for (const map of maps) places.push([map, placeKey(sa, ends, id)]);
      }
    }
    return places;
  }
}

/** SAs in the order of their installation. */
class SaList {
  readonly #entries: Entry[] = [];
  /** Of the selectors of all entries, the newest first; null: not made since they changed. */
  #classifier: EntryClassifier | null = null;

  get length(): number {
    return this.#entries.length;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get last(): OutboundSa | null {
    return this.#entries.at(-1)?.sa ?? null;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#classifier = null;
  }

  remove(sa: OutboundSa): void {
    const index = this.#entries.findIndex(entry => entry.sa === sa);
    if (index < 0) return;
    this.#entries.splice(index, 1);
    this.#classifier = null;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#classifier = null;
  }

  newest(wanted: WantedSa): Entry | null {
    const end = this.#entries.length - 1;
    for (let i = end; i >= 0; i--) {
      const entry = this.#entries[i] as Entry;
      if (serves(entry.sa, wanted)) return entry;
      if (i === end - SCANNED_MAX && wanted.flow !== null && wanted.sharing === 'shared') {
        return this.#classified(wanted, wanted.flow);
      }
    }
    return null;
  }

  #classified(wanted: WantedSa, flow: Flow): Entry | null {
    this.#classifier ??= classifierOf(this.#entries);
    const { classifier, owners } = this.#classifier;
    const entry = owners[classifier.first(flow, 'outbound')];
    if (entry === undefined || serves(entry.sa, wanted)) return entry ?? null;
    return this.#entries.findLast(({ sa }) => serves(sa, wanted)) ?? null;
  }
}

interface EntryClassifier {
  readonly classifier: Classifier;
  /** Whose each selector is. */
  readonly owners: readonly Entry[];
}

function classifierOf(entries: readonly Entry[]): EntryClassifier {
  const places = entries
    .toReversed()
    .flatMap(entry => (entry.sa.selectors ?? [ANYTHING]).map(selector => ({ entry, selector })));
  return {
    classifier: new Classifier(places.map(({ selector }) => selector)),
    owners: places.map(({ entry }) => entry),
  };
}

/** Whether an SA may protect a packet of which this is known, RFC 4301 §4.4.2; whose policy it is for is not looked at. */
export function serves(sa: OutboundSa, { transform, sharing, ends, flow }: WantedSa): boolean {
  if (sa.protocol !== transform.protocol || sa.mode !== transform.mode) return false;
  if (transform.requestId !== null && transform.requestId !== sa.requestId) return false;
  if (ends !== null && !addressesEqual(ends.source, sa.source)) return false;
  if (ends !== null && !addressesEqual(ends.destination, sa.destination)) return false;
  if (flow === null) return true;
  if (sharing === 'unique') return isOnlyFor(sa, flow);
  return sa.selectors === null || sa.selectors.some(selector => matches(selector, flow, 'outbound'));
}

function isOnlyFor(sa: OutboundSa, flow: Flow): boolean {
  const only = onlySelector(sa);
  return only !== null && isFlow(only, flow);
}

/** null: none, or several. */
function onlySelector({ selectors }: OutboundSa): Selector | null {
  return selectors?.length === 1 ? (selectors[0] ?? null) : null;
}

/** Whether a selector names this outbound flow and no other. What a flow does not show may be ANY as well as OPAQUE. */
export function isFlow(selector: Selector, flow: Flow): boolean {
  return matches(selector, flow, 'outbound') && singleFlowKey(selector) === flowKey(flow);
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
