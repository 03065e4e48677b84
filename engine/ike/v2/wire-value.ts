import { WireError } from '../../wire/wire-error.ts';

/** What `read` makes of octets; null where its codec refuses them. Other errors are ours. */
export function withoutWireErrors<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
