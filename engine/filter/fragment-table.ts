import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { PacketView } from './packet-view.ts';
import type { Sighting } from './state-entry.ts';

/** Everybody can send first fragments. */
const FRAGMENTED_MAX = 1024;
const KEPT_NS = 60 * NS_PER_S;

interface Fragmented {
  readonly rule: CompiledRule;
  readonly expiresAt: Instant;
  /** Octets of the packet that have come in order; null: any order is good. */
  expected: number | null;
}

/** Packets whose first fragment `keep frags` let through: the others follow it, on the same interface in the same direction. */
export class FragmentTable {
  /** In order of expiry: each is kept for the same time. */
  readonly #packets = new Map<string, Fragmented>();

  get size(): number {
    return this.#packets.size;
  }

  /** After the first fragment has passed. */
  add(first: PacketView, rule: CompiledRule, sighting: Sighting): void {
    const { now } = sighting;
    for (const [key, { expiresAt }] of this.#packets) {
      if (expiresAt > now && this.#packets.size < FRAGMENTED_MAX) break;
      this.#packets.delete(key);
    }
    const key = keyOf(first, sighting);
    const expected = rule.rule.keepFragments?.strict === true ? payloadOctets(first) : null;
    this.#packets.delete(key);
    this.#packets.set(key, { rule, expiresAt: now + KEPT_NS, expected });
  }

  /** The rule that let the first fragment through; null when none did. */
  match(later: PacketView, sighting: Sighting, isDry: boolean): CompiledRule | null {
    if (this.#packets.size === 0) return null;
    const found = this.#packets.get(keyOf(later, sighting));
    if (found === undefined || found.expiresAt <= sighting.now || later.isBad) return null;
    if (found.expected === null) return found.rule;
    if (later.fragmentOffset !== found.expected) return null;
    if (!isDry) found.expected += payloadOctets(later);
    return found.rule;
  }
}

function payloadOctets({ length, upper }: PacketView): number {
  return length - upper;
}

function keyOf({ addresses, identification, protocol, version }: PacketView, sighting: Sighting): string {
  const ends = addresses.join(',');
  return `${sighting.direction} ${sighting.interfaceName} ${version} ${ends} ${identification} ${protocol}`;
}
