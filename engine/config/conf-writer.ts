/** One setting a line, sections indented: what every version of its parser takes. */
export class ConfWriter {
  readonly #lines: string[] = [];
  #depth = 0;

  section(name: string, inside: () => void): void {
    this.#line(`${name} {`);
    this.#depth += 1;
    inside();
    this.#depth -= 1;
    this.#line('}');
  }

  set(key: string, value: string): void {
    const isPlain = /^[A-Za-z0-9_.:,%@/[\]*+-]+$/.test(value);
    this.#line(`${key} = ${isPlain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`);
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #line(text: string): void {
    this.#lines.push(`${'  '.repeat(this.#depth)}${text}`);
  }
}
