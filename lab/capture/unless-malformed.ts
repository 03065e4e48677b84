import { WireError } from '../../engine/wire/wire-error.ts';

/** What `read` makes of octets that anybody may have sent; null: they are not what it reads. */
export function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
