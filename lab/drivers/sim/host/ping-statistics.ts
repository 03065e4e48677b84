import { type Instant, NS_PER_MS } from '../../../../engine/wire/instant.ts';

/** How many requests back an answer still counts; ICMP sequence numbers come round after 65536. */
const WINDOW = 4096;

/** What ping counts, and prints at its end. Bounded: it runs for days. */
export class PingStatistics {
  #transmitted = 0;
  #received = 0;
  #duplicates = 0;
  #errors = 0;
  #firstSentAt: Instant = 0;
  #lastSentAt: Instant = 0;
  /** When each of the last requests left, and whether it was answered. */
  readonly #sentAt = new Float64Array(WINDOW);
  readonly #isAnswered = new Uint8Array(WINDOW);
  #shortestNs = Number.POSITIVE_INFINITY;
  #longestNs = 0;
  #sumNs = 0;
  #sumOfSquares = 0;
  #pipe = 0;

  get transmitted(): number {
    return this.#transmitted;
  }

  get received(): number {
    return this.#received;
  }

  get errors(): number {
    return this.#errors;
  }

  get longestNs(): number {
    return this.#longestNs;
  }

  /** The sequence number of the request that leaves now, from 1. */
  sending(now: Instant): number {
    this.#transmitted++;
    if (this.#transmitted === 1) this.#firstSentAt = now;
    this.#lastSentAt = now;
    this.#sentAt[this.#transmitted % WINDOW] = now;
    this.#isAnswered[this.#transmitted % WINDOW] = 0;
    return this.#transmitted;
  }

  /** `sequence` is 16 bits. null: an answer to nothing that is remembered. */
  answered(
    sequence: number,
    at: Instant,
  ): { readonly sequence: number; readonly roundTripNs: number; readonly isDuplicate: boolean } | null {
    const behind = (this.#transmitted - sequence) & 0xffff;
    const index = (this.#transmitted - behind) % WINDOW;
    if (behind >= Math.min(WINDOW, this.#transmitted)) return null;
    const roundTripNs = Math.max(0, at - (this.#sentAt[index] ?? at));
    const isDuplicate = this.#isAnswered[index] === 1;
    if (isDuplicate) this.#duplicates++;
    else this.#received++;
    this.#isAnswered[index] = 1;
    this.#pipe = Math.max(this.#pipe, behind + 1);
    this.#shortestNs = Math.min(this.#shortestNs, roundTripNs);
    this.#longestNs = Math.max(this.#longestNs, roundTripNs);
    this.#sumNs += roundTripNs;
    this.#sumOfSquares += roundTripNs * roundTripNs;
    return { sequence, roundTripNs, isDuplicate };
  }

  /** An ICMP error about a request, or one that could not be sent. */
  failed(): void {
    this.#errors++;
  }

  /** The lines that iputils prints at the end. */
  summary(name: string): string[] {
    const lost = this.#transmitted === 0 ? 0 : (100 * (this.#transmitted - this.#received)) / this.#transmitted;
    const elapsedMs = Math.round((this.#lastSentAt - this.#firstSentAt) / NS_PER_MS);
    const parts = [
      `${this.#transmitted} packets transmitted`,
      `${this.#received} received`,
      ...(this.#duplicates > 0 ? [`+${this.#duplicates} duplicates`] : []),
      ...(this.#errors > 0 ? [`+${this.#errors} errors`] : []),
      `${Number(lost.toPrecision(6))}% packet loss`,
      `time ${elapsedMs}ms`,
    ];
    return ['', `--- ${name} ping statistics ---`, parts.join(', '), this.#roundTrips()];
  }

  #roundTrips(): string {
    if (this.#received === 0) return '';
    const count = this.#received + this.#duplicates;
    const mean = this.#sumNs / count;
    const deviation = Math.sqrt(Math.max(0, this.#sumOfSquares / count - mean * mean));
    const numbers = [this.#shortestNs, mean, this.#longestNs, deviation].map(ns => (ns / NS_PER_MS).toFixed(3));
    const pipe = this.#pipe > 1 ? `, pipe ${this.#pipe}` : '';
    return `rtt min/avg/max/mdev = ${numbers.join('/')} ms${pipe}`;
  }
}

/** Three significant digits or so, as iputils prints a round trip in milliseconds. */
export function roundTripText(roundTripNs: number): string {
  const us = Math.floor(roundTripNs / 1000);
  if (us >= 100_000 - 50) return String(Math.floor((us + 500) / 1000));
  if (us >= 10_000 - 5) return (Math.floor((us + 50) / 100) / 10).toFixed(1);
  if (us >= 1000) return (Math.floor((us + 5) / 10) / 100).toFixed(2);
  return (us / 1000).toFixed(3);
}
