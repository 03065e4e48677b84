import { type Diagnostic, type Place, shortened } from './diagnostic.ts';

/** What is read and has no effect here. */
export class Notes {
  readonly #file: string;
  readonly #found: Diagnostic[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add({ line, column }: Place, message: string): void {
    if (this.#found.length < NOTES_MAX)
      this.#found.push({ file: this.#file, line, column, message: shortened(message), fix: null });
  }

  all(): readonly Diagnostic[] {
    return this.#found;
  }
}

const NOTES_MAX = 100;
