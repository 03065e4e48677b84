import { emptyPathMemory, type PathMemory } from '../../pki/memory.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../../wire/instant.ts';
import type { Cookie } from '../../wire/isakmp/message.ts';
import type { IkeConfig } from '../config.ts';
import type { HalfOpen } from '../counted.ts';
import { credentialsOf } from '../credentials.ts';
import type { IkeContext } from '../daemon.ts';
import { type FetchAnswers, fetchKey, NOTHING_FETCHED, type Parked } from '../fetching.ts';
import { createNames, type Names } from '../names.ts';
import { emptyOutbox, type Outbox } from '../outbox.ts';
import { StrayLimit } from '../stray-limit.ts';
import { Alarms } from '../v2/alarms.ts';
import { RateLimit } from '../v2/rate-limit.ts';
import { allocateIkeSpi, allocateSpi } from '../v2/spi.ts';
import type { Caller } from './caller.ts';
import type { IsakmpSa } from './isakmp-sa.ts';
import type { ArrivedMessage } from './receive-phase1.ts';
import type { World } from './step.ts';
import type { V1Steps } from './steps.ts';

/** All that a daemon of IKEv1 remembers. The rest of engine/ike/v1 are functions of it, or of the ISAKMP SAs in it. */
export interface Core {
  config: IkeConfig;
  readonly context: IkeContext;
  readonly steps: V1Steps;
  now: Instant;
  isStarted: boolean;
  /** Numbers and inbound SPIs that a daemon of IKEv2 on the same node must not use as well. */
  readonly names: Names;
  /** By id, the oldest first; engine/ike/v1/sa-table.ts keeps this and the next five in step. */
  readonly sas: Map<number, IsakmpSa>;
  /** By both cookies; of those that wait for their first answer by this end's and zero. */
  readonly byCookies: Map<string, number>;
  /** Those that answered a first message, by the digest of it: the same again is no new one. */
  readonly byRequest: Map<string, number>;
  readonly requestOf: Map<number, string>;
  readonly ownCookies: Set<Cookie>;
  readonly halfOpen: HalfOpen;
  readonly alarms: Alarms;
  /** ISAKMP SAs that may have something to do: another value than when their alarm was set. */
  readonly unsettled: Set<number>;
  /** By the names of connections, in the order of the configuration. */
  readonly callers: Map<string, Caller>;
  readonly memory: PathMemory;
  /** Messages of phase 1 that wait for something to be fetched, by the ISAKMP SA: one each. */
  readonly parked: Map<number, Parked<ArrivedMessage>>;
  /** Notifies to whoever has no ISAKMP SA. */
  readonly strangers: RateLimit;
  /** First messages that are refused. */
  readonly refusedCallers: RateLimit;
  /** What packets without an SA may bring about. */
  readonly strays: StrayLimit;
  /** Events of messages that were dropped, in this second. */
  readonly refusals: { second: number; told: number };
  /** The node's own, text. */
  addresses: readonly string[];
  readonly counters: Record<string, number>;
  readonly out: Outbox;
}

export function createCore(config: IkeConfig, context: IkeContext, steps: V1Steps, names: Names = createNames()): Core {
  credentialsOf(config); // what cannot be read is not to be found out by a stranger's message
  return {
    config,
    context,
    steps,
    now: 0,
    isStarted: false,
    names,
    sas: new Map(),
    byCookies: new Map(),
    byRequest: new Map(),
    requestOf: new Map(),
    ownCookies: new Set(),
    halfOpen: { total: 0, bySource: new Map() },
    alarms: new Alarms(),
    unsettled: new Set(),
    callers: new Map(),
    memory: emptyPathMemory(),
    parked: new Map(),
    strangers: new RateLimit(100 * NS_PER_MS, 10),
    refusedCallers: new RateLimit(NS_PER_MS, 1000),
    strays: new StrayLimit(),
    refusals: { second: -1, told: 0 },
    addresses: [],
    counters: {},
    out: emptyOutbox(),
  };
}

/** What a step may look at; `fetched` are the answers to what the message at hand has asked for. */
export function worldOf(core: Core, fetched: FetchAnswers = NOTHING_FETCHED): World {
  const { context, config, steps, names } = core;
  const { random } = context;
  return {
    now: core.now,
    config,
    steps,
    random,
    epochSeconds: context.epochSeconds(core.now),
    // May be walked more than once.
    sas: { [Symbol.iterator]: () => core.sas.values() },
    find: id => core.sas.get(id) ?? null,
    addresses: core.addresses,
    sourceFor: destination => context.sourceFor(destination),
    lastHeard: inbound => context.lastHeard(inbound, core.now),
    fetched: (url, body) => fetched.get(fetchKey(url, body)),
    memory: core.memory,
    newCookie: () => allocateIkeSpi(random, cookie => core.ownCookies.has(cookie)),
    newMessageId(sa) {
      for (;;) {
        const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
        const id = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
        if (id !== 0 && !isMessageIdUsed(sa, id)) return id;
      }
    },
    newChildSpi: () => allocateSpi(random, spi => names.childSpis.has(spi)),
    newId: () => names.nextId++,
    jittered(seconds, jitter) {
      if (seconds === 0) return null;
      const [high = 0, low = 0] = random.bytes(2);
      return core.now + Math.round(seconds * NS_PER_S * (1 - (jitter * (high * 256 + low)) / 65_536));
    },
  };
}

/** Whether a Message ID is, or was, of an exchange of this ISAKMP SA. */
export function isMessageIdUsed(sa: IsakmpSa, messageId: number): boolean {
  if (sa.kind !== 'established') return false;
  return sa.exchanges.some(one => one.messageId === messageId) || sa.usedIds.includes(messageId);
}
