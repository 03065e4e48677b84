import type { KeyPair } from '../../crypto/key-exchange.ts';
import { emptyPathMemory, type PathMemory } from '../../pki/memory.ts';
import type { IkeConfig } from '../config.ts';
import type { HalfOpen as HalfOpenOfBoth } from '../counted.ts';
import { credentialsOf } from '../credentials.ts';
import type { IkeContext } from '../daemon.ts';
import { type FetchAnswers, fetchKey, NOTHING_FETCHED, type Parked } from '../fetching.ts';
import { createNames, type Names } from '../names.ts';
import { emptyOutbox, type Outbox } from '../outbox.ts';
import type { IkeSteps } from '../steps.ts';
import { StrayLimit } from '../stray-limit.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../../wire/instant.ts';
import { Alarms } from './alarms.ts';
import type { Occasion } from './apply.ts';
import type { Caller } from './caller.ts';
import { Cookies } from './cookies.ts';
import type { DeferredIkeKeys } from './ike-keys.ts';
import type { IkeSa } from './ike-sa.ts';
import { takeKeyPair } from './key-pairs.ts';
import { RateLimit } from './rate-limit.ts';
import { allocateIkeSpi, allocateSpi } from './spi.ts';
import type { World } from './step.ts';
import { Tickets } from './ticket.ts';

/** All that a daemon remembers. The rest of engine/ike/v2 are functions of it, or of the IKE SAs in it. */
export interface Core {
  config: IkeConfig;
  readonly context: IkeContext;
  readonly steps: IkeSteps;
  now: Instant;
  isStarted: boolean;
  /** By id, the oldest first; engine/ike/v2/sa-table.ts keeps this and the next six in step. */
  readonly sas: Map<number, IkeSa>;
  /** By both SPIs; of those that wait for their first response by this end's and zero. */
  readonly bySpis: Map<string, number>;
  /** Those that answered an IKE_SA_INIT, by the digest of it: the same request again is no new one. */
  readonly byRequest: Map<string, number>;
  /** The same the other way round. */
  readonly requestOf: Map<number, string>;
  /** This end's SPIs of IKE SAs, and how many have each (RFC 7296 §2.4: an attempt may have several answers). */
  readonly ownSpis: Map<IkeSpi, number>;
  /** Those of `names`. */
  readonly childSpis: Map<number, number>;
  /** Numbers, and inbound SPIs of Child SAs, that a daemon of IKEv1 on the same node must not use as well. */
  readonly names: Names;
  readonly halfOpen: HalfOpen;
  readonly alarms: Alarms;
  /** IKE SAs that may have something to do: another value than when their alarm was set. */
  readonly unsettled: Set<number>;
  /** By the names of connections, in the order of the configuration. */
  readonly callers: Map<string, Caller>;
  readonly cookies: Cookies;
  readonly memory: PathMemory;
  /** By the token of its method, one each: drawn, and not used yet. */
  readonly keyPairs: Map<string, KeyPair>;
  /** Of the peer that was answered last: they are not worked out yet. */
  deferredKeys: DeferredIkeKeys | null;
  /** null: nobody has asked for one yet. */
  tickets: Tickets | null;
  /** Messages that wait for something to be fetched, by the IKE SA: one each. */
  readonly parked: Map<number, Parked<Occasion>>;
  /** Answers to whoever has no IKE SA, RFC 7296 §2.21.4. */
  readonly strangers: RateLimit;
  /** First requests that are refused: each answer is smaller than its request, and a hub may have many callers. */
  readonly refusedCallers: RateLimit;
  /** INVALID_MESSAGE_ID, §2.3. */
  readonly complaints: RateLimit;
  /** What packets without an SA may bring about. */
  readonly strays: StrayLimit;
  /** Events of messages that were dropped, in this second. */
  readonly refusals: { second: number; told: number };
  /** The node's own, text. */
  addresses: readonly string[];
  readonly counters: Record<string, number>;
  readonly out: Outbox;
}

export interface HalfOpen extends HalfOpenOfBoth {
  /** Whether cookies were asked for by the last look: events tell of changes. */
  asksCookies: boolean;
}

export function createCore(
  config: IkeConfig,
  context: IkeContext,
  steps: IkeSteps,
  names: Names = createNames(),
): Core {
  credentialsOf(config); // what cannot be read is not to be found out by a stranger's message
  return {
    config,
    context,
    steps,
    now: 0,
    isStarted: false,
    sas: new Map(),
    bySpis: new Map(),
    byRequest: new Map(),
    requestOf: new Map(),
    ownSpis: new Map(),
    childSpis: names.childSpis,
    names,
    halfOpen: { total: 0, bySource: new Map(), asksCookies: false },
    alarms: new Alarms(),
    unsettled: new Set(),
    callers: new Map(),
    cookies: new Cookies(context.random),
    memory: emptyPathMemory(),
    keyPairs: new Map(),
    deferredKeys: null,
    tickets: null,
    parked: new Map(),
    strangers: new RateLimit(100 * NS_PER_MS, 10),
    refusedCallers: new RateLimit(NS_PER_MS, 1000),
    complaints: new RateLimit(10 * NS_PER_S, 1),
    strays: new StrayLimit(),
    refusals: { second: -1, told: 0 },
    addresses: [],
    counters: {},
    out: emptyOutbox(),
  };
}

/** What a step may look at; `fetched` are the answers to what the message at hand has asked for. */
export function worldOf(core: Core, fetched: FetchAnswers = NOTHING_FETCHED): World {
  const { context, config, steps } = core;
  return {
    now: core.now,
    config,
    steps,
    random: context.random,
    epochSeconds: context.epochSeconds(core.now),
    // May be walked more than once.
    sas: { [Symbol.iterator]: () => core.sas.values() },
    find: id => core.sas.get(id) ?? null,
    addresses: core.addresses,
    sourceFor: destination => context.sourceFor(destination),
    lastHeard: inbound => context.lastHeard(inbound, core.now),
    fetched: (url, body) => fetched.get(fetchKey(url, body)),
    memory: core.memory,
    takeKeyPair: method => takeKeyPair(core, method),
    tickets: () => (core.tickets ??= new Tickets(context.random)),
    newIkeSpi: () => allocateIkeSpi(context.random, spi => core.ownSpis.has(spi)),
    newChildSpi: () => allocateSpi(context.random, spi => core.childSpis.has(spi)),
    newId: () => core.names.nextId++,
    jittered(seconds, jitter) {
      if (seconds === 0) return null;
      const [high = 0, low = 0] = context.random.bytes(2);
      return core.now + Math.round(seconds * NS_PER_S * (1 - (jitter * (high * 256 + low)) / 65_536));
    },
  };
}
