import type { IkeLayer } from './dissection.ts';
import { decodeIkeMessage } from './ike/codec.ts';
import { decodeIkeHeader } from './ike/header.ts';
import { decodeIsakmpMessage } from './isakmp/codec.ts';
import { WireError } from './wire-error.ts';

/** As much of an IKE message as can be read without keys. Never throws. */
export function readIke(octets: Uint8Array): IkeLayer {
  const header = unlessMalformed(() => decodeIkeHeader(octets));
  const message = header?.majorVersion === 2 ? unlessMalformed(() => decodeIkeMessage(octets)) : null;
  const isakmp = header?.majorVersion === 1 ? unlessMalformed(() => decodeIsakmpMessage(octets)) : null;
  return { kind: 'ike', octets, header, payloads: message?.payloads ?? null, isakmp };
}

function unlessMalformed<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
