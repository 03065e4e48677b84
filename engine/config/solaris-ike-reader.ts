import { formatRange } from './address-range.ts';
import { type CertificateSelector, parseSelector } from './certificate-selector.ts';
import { type Place, quoted, type Report } from './diagnostic.ts';
import { didYouMean, oneOf } from './suggest.ts';
import type { SolarisWord } from './solaris-words.ts';

/** Walks the words of ike/config; what is wrong with one is reported, and null taken for it. */
export class SolarisReader {
  readonly #words: readonly SolarisWord[];
  readonly #report: Report;
  #at = 0;

  constructor(words: readonly SolarisWord[], report: Report) {
    this.#words = words;
    this.#report = report;
  }

  peek(): SolarisWord | null {
    return this.#words[this.#at] ?? null;
  }

  next(): SolarisWord | null {
    const word = this.peek();
    if (word !== null) this.#at += 1;
    return word;
  }

  error(place: Place, message: string, fix: string): void {
    this.#report.error(place, message, fix);
  }

  /** Whether the next word is this brace, which is taken. */
  takes(brace: '{' | '}'): boolean {
    const word = this.peek();
    if (word === null || word.isQuoted || word.text !== brace) return false;
    this.#at += 1;
    return true;
  }

  /** The value of a keyword; braces are none. */
  value(key: SolarisWord, form: string): SolarisWord | null {
    const word = this.peek();
    if (word === null || (!word.isQuoted && (word.text === '{' || word.text === '}'))) {
      this.error(word?.place ?? key.place, `${key.text} has no value`, `write ${key.text} ${form}`);
      return null;
    }
    this.#at += 1;
    return word;
  }

  /** As in C: decimal, 0x hexadecimal, 0 octal. `example`: for messages. */
  number(key: SolarisWord, least: number, most: number, example = least): number | null {
    const word = this.value(key, String(example));
    if (word === null) return null;
    const value = numberOf(word.text);
    if (value !== null && value >= least && value <= most) return value;
    this.error(
      word.place,
      `${key.text} ${quoted(word.text)}: not a number of ${least} to ${most}`,
      `write ${key.text} ${example}`,
    );
    return null;
  }

  /** Seconds that may have a fraction. */
  seconds(key: SolarisWord): number | null {
    const word = this.value(key, '0.5');
    if (word === null) return null;
    const value = /^[0-9]{0,6}\.?[0-9]{0,6}$/.test(word.text) ? Number(word.text) : Number.NaN;
    if (value > 0) return value;
    this.error(word.place, `${key.text} ${quoted(word.text)}: not a time in seconds`, `write ${key.text} 0.5`);
    return null;
  }

  word<const Word extends string>(key: SolarisWord, words: readonly Word[]): Word | null {
    const found = this.value(key, words[0] ?? '');
    if (found === null) return null;
    const name = words.find(each => each === found.text.toLowerCase());
    if (name !== undefined) return name;
    this.error(
      found.place,
      `${key.text} ${quoted(found.text)}: not ${oneOf(words)}`,
      didYouMean(found.text, words, ''),
    );
    return null;
  }

  /** An address, a prefix (also as a mask) or a range; `/` and `-` may have blanks around them. */
  addresses(key: SolarisWord): string | null {
    const word = this.value(key, '192.0.2.1');
    if (word === null) return null;
    let { text } = word;
    for (let next = this.peek(); next !== null && (/[-/]$/.test(text) || /^[-/]/.test(next.text)); next = this.peek()) {
      text += next.text;
      this.#at += 1;
    }
    const found = formatRange(text) ?? maskedPrefix(text);
    if (found !== null) return found;
    this.error(
      word.place,
      `${key.text} ${quoted(text)}: no address`,
      'write 192.0.2.1, 192.0.2.0/24 or 192.0.2.1-192.0.2.9',
    );
    return null;
  }

  selector(key: SolarisWord): CertificateSelector | null {
    const word = this.value(key, '"C=US, O=Lab, CN=alice"');
    if (word === null) return null;
    const found = parseSelector(word.text, word.place);
    if (found !== null) return found;
    const fix = 'write "C=US, O=Lab, CN=alice", "DNS=alice.lab", "EMAIL=a@lab" or "IP=192.0.2.1"';
    this.error(word.place, `${key.text} ${quoted(word.text)} names no certificate`, fix);
    return null;
  }

  /** To the next line that begins with a keyword, or a brace: what stands before it cannot be told apart. */
  skipUnknown(): void {
    const line = this.#words[this.#at - 1]?.place.line;
    for (let word = this.peek(); word !== null; word = this.peek()) {
      if (word.place.line !== line || (!word.isQuoted && (word.text === '{' || word.text === '}'))) return;
      this.#at += 1;
    }
  }
}

export function numberOf(text: string): number | null {
  if (!/^(0x[0-9a-f]{1,12}|[0-9]{1,12})$/i.test(text)) return null;
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^0[0-9]+$/.test(text) ? null : Number(text);
}

/** `10.1.2.0/255.255.255.0`. */
function maskedPrefix(text: string): string | null {
  const [, address, mask] = /^([0-9.]+)\/([0-9.]+)$/.exec(text) ?? [];
  if (address === undefined || mask === undefined) return null;
  const octets = mask.split('.').map(Number);
  if (octets.length !== 4 || octets.some(octet => !(octet <= 255))) return null;
  const bits = octets.map(octet => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? formatRange(`${address}/${bits.replace(/0/g, '').length}`) : null;
}
