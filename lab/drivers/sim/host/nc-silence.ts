import { type Instant, NS_PER_MS } from '../../../../engine/wire/instant.ts';
import type { NcOptions } from './nc-options.ts';

/** When silence has lasted too long (-w), or the input has been at its end for long enough (-q); null: neither is limited. */
export function silenceUntil(
  { timeoutMs, quitAfterMs }: NcOptions,
  lastHeardAt: Instant,
  inputEndedAt: Instant | null,
): Instant | null {
  const silent = timeoutMs === null ? null : lastHeardAt + timeoutMs * NS_PER_MS;
  const ended = quitAfterMs === null || inputEndedAt === null ? null : inputEndedAt + quitAfterMs * NS_PER_MS;
  if (silent === null || ended === null) return silent ?? ended;
  return Math.min(silent, ended);
}
