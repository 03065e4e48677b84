import { createHash } from 'node:crypto';
import { type Instant, NS_PER_MS } from '../../../engine/wire/instant.ts';

/** Lines kept: all of most runs. */
const LINES_KEPT = 20_000;
/** A run that is wrong is wrong again and again: the first ones say it. */
const FINDINGS_MAX = 5;

/** What happened in a run, and what of that must not happen. */
export class Journal {
  readonly findings: string[] = [];
  readonly #now: () => Instant;
  readonly #digest = createHash('sha256');
  #lines: string[] = [];
  #count = 0;

  constructor(now: () => Instant) {
    this.#now = now;
  }

  note(line: string): void {
    const text = `${(this.#now() / NS_PER_MS / 1000).toFixed(3).padStart(8)} ${line}`;
    this.#digest.update(text);
    this.#count++;
    // What led to the first finding is what somebody wants to read.
    if (this.findings.length > 0) return;
    this.#lines.push(text);
    if (this.#lines.length > 2 * LINES_KEPT) this.#lines = this.#lines.slice(-LINES_KEPT);
  }

  /** After a finding. */
  tell(line: string): void {
    this.#lines.push(line);
  }

  find(what: string): void {
    this.note(`FOUND ${what}`);
    if (this.findings.length < FINDINGS_MAX) this.findings.push(what);
  }

  get hasFound(): boolean {
    return this.findings.length > 0;
  }

  /** The last ones before the first finding. */
  lines(): readonly string[] {
    return this.#lines.slice(-LINES_KEPT);
  }

  /** Equal runs have equal ones. To be asked for once. */
  digest(): string {
    return `${this.#count} ${this.#digest.digest('hex')}`;
  }
}
