import type { Instant } from '../wire/instant.ts';
import type { IkeConfig } from './config.ts';
import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects } from './daemon.ts';
import type { IkeStatus } from './status.ts';

/**
 * One daemon out of one of IKEv2 and one of IKEv1, which is made when a configuration first has a connection of version 1: until
 * then the other one has everything, and drops what is not its own.
 */
export function joined(v2: IkeDaemon, config: IkeConfig, createV1: (config: IkeConfig) => IkeDaemon): IkeDaemon {
  let v1 = speaksV1(config) ? createV1(config) : null;
  let addresses: readonly string[] = [];

  function command(given: IkeCommand, now: Instant): IkeEffects {
    if (given.kind === 'addresses') addresses = given.addresses;
    const effects = v2.command(given, now);
    if (v1 !== null) return together([effects, v1.command(given, now)]);
    if (given.kind !== 'configure' || !speaksV1(given.config)) return effects;
    v1 = createV1(given.config);
    return together([effects, v1.command({ kind: 'addresses', addresses }, now), v1.wake(now)]);
  }

  return {
    receive(datagrams, now) {
      if (v1 === null) return v2.receive(datagrams, now);
      const { older, others } = byVersion(datagrams);
      const both = [];
      if (others.length > 0) both.push(v2.receive(others, now));
      if (older.length > 0) both.push(v1.receive(older, now));
      return together(both);
    },
    wake: now => (v1 === null ? v2.wake(now) : together([v2.wake(now), v1.wake(now)])),
    wakeAt: () => earlier(v2.wakeAt(), v1?.wakeAt() ?? null),
    command,
    // IKEv1 has nothing to do ahead.
    prepare: () => v2.prepare?.(),
    status: now => (v1 === null ? v2.status(now) : merged(v2.status(now), v1.status(now))),
  };
}

const VERSION_AT = 17;

const speaksV1 = ({ connections }: IkeConfig): boolean => connections.some(({ version }) => version === 1);
const isOlder = ({ octets }: IkeDatagram): boolean => (octets[VERSION_AT] ?? 0) >>> 4 === 1;

/** By the major version in the header, which is where it is in both. What is too short for one is for whoever refuses it. */
function byVersion(datagrams: readonly IkeDatagram[]) {
  return { older: datagrams.filter(isOlder), others: datagrams.filter(one => !isOlder(one)) };
}

function together(all: readonly IkeEffects[]): IkeEffects {
  return {
    commands: all.flatMap(({ commands }) => commands),
    datagrams: all.flatMap(({ datagrams }) => datagrams),
    events: all.flatMap(({ events }) => events),
    secrets: all.flatMap(({ secrets }) => secrets),
    fetches: all.flatMap(({ fetches }) => fetches),
  };
}

function merged(a: IkeStatus, b: IkeStatus): IkeStatus {
  const counters: Record<string, number> = { ...a.counters };
  for (const [kind, count] of Object.entries(b.counters)) counters[kind] = (counters[kind] ?? 0) + count;
  return {
    sas: [...a.sas, ...b.sas].sort((one, other) => one.id - other.id),
    halfOpen: a.halfOpen + b.halfOpen,
    cookies: a.cookies || b.cookies,
    counters,
  };
}

function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
