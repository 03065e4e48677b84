/** Names as a topology has them, made from those of another tool: lower case, digits and hyphens, none twice. */
export class Names {
  readonly #longest: number;
  readonly #taken = new Set<string>();

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** `otherwise` when the name is too long. Each call gives another name. */
  of(wanted: string, otherwise = wanted): string {
    const plain = plainName(wanted);
    const base = plain.length <= this.#longest ? plain : plainName(otherwise);
    for (let number = 1; ; number += 1) {
      const suffix = number === 1 ? '' : `-${number}`;
      const name = base.slice(0, this.#longest - suffix.length).replace(/-+$/, '') + suffix;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

function plainName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return /^[a-z]/.test(plain) ? plain : `n${plain}`;
}

/** The file's name without its folder, for a title. */
export const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
