const SLAB_OCTETS = 65536;
/** What is longer has an array of its own: the rest of a slab that it does not fit into would be lost. */
const CUT_MAX = 4096;
let slab = Buffer.allocUnsafeSlow(SLAB_OCTETS).buffer;
let used = 0;

/**
 * An array for the caller to fill completely: its content is undefined. Cut from a shared slab while it is short: a gateway makes several
 * for each packet, and memory of its own for each costs more than to fill it. An array that is kept keeps its slab: who keeps what
 * strangers send keeps a copy. A plain Uint8Array, because a Buffer's `slice` does not copy.
 */
export function freshOctets(count: number): Uint8Array {
  if (count > CUT_MAX) return new Uint8Array(Buffer.allocUnsafeSlow(count).buffer);
  if (used + count > SLAB_OCTETS) {
    slab = Buffer.allocUnsafeSlow(SLAB_OCTETS).buffer;
    used = 0;
  }
  const octets = new Uint8Array(slab, used, count);
  used += (count + 7) & ~7;
  return octets;
}
