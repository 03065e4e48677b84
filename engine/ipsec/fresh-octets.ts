/**
 * An array for the caller to fill completely: its content is undefined. Cut from a shared slab while it is short (Node's
 * pool), which costs a fifth of an array of its own; a plain Uint8Array, because a Buffer's `slice` does not copy.
 */
export function freshOctets(count: number): Uint8Array {
  const buffer = Buffer.allocUnsafe(count);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, count);
}
