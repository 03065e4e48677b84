import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { setU32, u32At } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { notifyOf, notifyPayload } from './notify.ts';

/** More requests at the same time serve nobody. */
const WINDOW_MAX = 32;

/** SET_WINDOW_SIZE, RFC 7296 §2.3, where this end takes more than one request at the same time. */
export function windowNotifies({ windowSize }: Pick<ConnectionConfig, 'windowSize'>): NotifyPayload[] {
  if (windowSize <= 1) return [];
  const data = new Uint8Array(4);
  setU32(data, 0, windowSize);
  return [notifyPayload(NotifyType.SET_WINDOW_SIZE, data)];
}

/** How many requests the peer takes at the same time: 1 where it says nothing, or nothing that could be. */
export function peerWindow(payloads: readonly Payload[]): number {
  const said = notifyOf(payloads, NotifyType.SET_WINDOW_SIZE);
  if (said === null || said.data.length !== 4) return 1;
  return Math.min(Math.max(u32At(said.data, 0), 1), WINDOW_MAX);
}
