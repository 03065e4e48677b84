import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { Instant } from '../../wire/instant.ts';
import { setU32, u32At } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import type { World } from './step.ts';

/** RFC 4478: for how many seconds the responder believes the initiator, who has to come again before that. */
export function authLifetime({ reauthenticateSeconds }: ConnectionConfig): readonly NotifyPayload[] {
  if (reauthenticateSeconds === 0) return [];
  const data = new Uint8Array(4);
  setU32(data, 0, Math.min(Math.floor(reauthenticateSeconds), 0xffff_ffff));
  return [notifyPayload(NotifyType.AUTH_LIFETIME, data)];
}

/** When the initiator reauthenticates: a little before the responder would end it, or by its own configuration; null: never. */
export function reauthenticateAt(
  connection: ConnectionConfig,
  answer: readonly Payload[],
  world: World,
): Instant | null {
  const { reauthenticateSeconds, lifetimeJitter } = connection;
  const notify = notifyOf(answer, NotifyType.AUTH_LIFETIME);
  const told = notify?.data.length === 4 ? u32At(notify.data, 0) : 0;
  const inTime = told === 0 ? 0 : Math.max(Math.floor(told * 0.9), 1);
  const own = reauthenticateSeconds === 0 ? Number.POSITIVE_INFINITY : reauthenticateSeconds;
  const seconds = Math.min(own, inTime === 0 ? Number.POSITIVE_INFINITY : inTime);
  return Number.isFinite(seconds) ? world.jittered(seconds, lifetimeJitter) : null;
}
