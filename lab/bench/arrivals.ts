/** What became of the packets of one trial. */
export interface ArrivalCounts {
  readonly sent: number;
  /** Each once, however many copies came. */
  readonly received: number;
  /** `sent` less `received`, RFC 7680 with the end of the trial as waiting time. */
  readonly lost: number;
  /** Packets that came more than once: the duplication fraction of RFC 5560 is their share. */
  readonly duplicated: number;
  /** All that came beyond the first copies: the replicated packets of RFC 5560. */
  readonly copies: number;
  /** First copies that came after one with a higher number, RFC 4737 §3.3. */
  readonly reordered: number;
  /** The largest extent, RFC 4737 §4.2: how many places behind the first packet that overtook it a reordered one came. */
  readonly extentMax: number;
  /** The longest run of packets that never came: what a gap took. */
  readonly longestLoss: number;
  /** Numbers that were never sent. */
  readonly strays: number;
}

/** Extents are told up to so many packets that came in order. */
const OVERTAKERS = 4096;

/**
 * Counts the packets that arrive, by their numbers, which count from 0. Takes two bits a packet, for as many as can be sent, and never
 * more, whatever comes.
 */
export class Arrivals {
  readonly #packetsMax: number;
  readonly #seen: Uint8Array;
  readonly #seenAgain: Uint8Array;
  /** The packets that came with a higher number than all before, a ring: number, and place among the first copies. */
  readonly #numbers = new Float64Array(OVERTAKERS);
  readonly #places = new Float64Array(OVERTAKERS);
  #inOrder = 0;
  #nextExpected = 0;
  #received = 0;
  #duplicated = 0;
  #copies = 0;
  #reordered = 0;
  #extentMax = 0;
  #strays = 0;

  constructor(packetsMax: number) {
    this.#packetsMax = packetsMax;
    this.#seen = new Uint8Array(Math.ceil(packetsMax / 8));
    this.#seenAgain = new Uint8Array(Math.ceil(packetsMax / 8));
  }

  /** A first copy is the one whose latency counts. */
  arrive(sequence: number): 'first' | 'copy' | 'stray' {
    if (!(sequence >= 0 && sequence < this.#packetsMax)) {
      this.#strays++;
      return 'stray';
    }
    if (mark(this.#seen, sequence)) {
      this.#copies++;
      if (!mark(this.#seenAgain, sequence)) this.#duplicated++;
      return 'copy';
    }
    const place = this.#received++;
    if (sequence < this.#nextExpected) this.#overtaken(sequence, place);
    else this.#came(sequence, place);
    return 'first';
  }

  /** `sent`: so many left, numbered 0 to `sent` - 1. What came with a higher number counts as stray. */
  counts(sent: number): ArrivalCounts {
    if (sent > this.#packetsMax) throw new Error(`${sent} packets sent where ${this.#packetsMax} can be counted`);
    const { received, longestLoss } = this.#walk(sent);
    return {
      sent,
      received,
      lost: sent - received,
      duplicated: this.#duplicated,
      copies: this.#copies,
      reordered: this.#reordered,
      extentMax: this.#extentMax,
      longestLoss,
      strays: this.#strays + this.#received - received,
    };
  }

  #came(sequence: number, place: number): void {
    this.#numbers[this.#inOrder % OVERTAKERS] = sequence;
    this.#places[this.#inOrder % OVERTAKERS] = place;
    this.#inOrder++;
    this.#nextExpected = sequence + 1;
  }

  /** Whoever overtook it first was the highest so far: found by halving among those, whose numbers only grow. */
  #overtaken(sequence: number, place: number): void {
    this.#reordered++;
    let low = Math.max(0, this.#inOrder - OVERTAKERS);
    let high = this.#inOrder - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#numbers[middle % OVERTAKERS] ?? 0) > sequence) high = middle;
      else low = middle + 1;
    }
    this.#extentMax = Math.max(this.#extentMax, place - (this.#places[low % OVERTAKERS] ?? 0));
  }

  #walk(sent: number): { readonly received: number; readonly longestLoss: number } {
    let [received, run, longestLoss] = [0, 0, 0];
    for (let sequence = 0; sequence < sent; sequence++) {
      const came = ((this.#seen[sequence >>> 3] ?? 0) >>> (sequence & 7)) & 1;
      received += came;
      run = came === 1 ? 0 : run + 1;
      if (run > longestLoss) longestLoss = run;
    }
    return { received, longestLoss };
  }
}

/** Sets the bit and says whether it was set. */
function mark(bits: Uint8Array, index: number): boolean {
  const octet = bits[index >>> 3] ?? 0;
  const bit = 1 << (index & 7);
  bits[index >>> 3] = octet | bit;
  return (octet & bit) !== 0;
}
