import { DEFAULT_LIMITS, type IkeLimits } from '../../engine/ike/config.ts';
import type { IkeDatagram } from '../../engine/ike/daemon.ts';
import { carriesTraffic } from '../../engine/ike/testing/node-sas.ts';
import { formatAddress } from '../../engine/wire/address.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { NS_PER_MS } from '../../engine/wire/instant.ts';
import { heapOctets, mebi } from './heap.ts';
import { faultsOf } from './ike/core-faults.ts';
import { createDice } from './ike/dice.ts';
import { createFlood, type Flood, type FloodKind, isAttackers } from './ike/flood-source.ts';
import { FloodedGateway } from './ike/flooded-gateway.ts';
import { ADDRESSES, type Peer } from './ike/ground.ts';
import { Stage } from './ike/stage.ts';
import type { Table } from './report.ts';

/** Datagrams of a flood in each millisecond: of a small one fewer. */
const perMsOf = (datagrams: number): number => (datagrams < 50_000 ? 2 : 10);
const GROWTH_MAX_OCTETS = 8 * 2 ** 20;
/** In less than this a heap is still warming up. */
const GROWTH_FROM = 50_000;
/** A real peer may need a cookie, a puzzle and a repetition; more than this is no service. */
const CONNECT_MAX_MS = 5000;
/** Less is no flood. */
const MINIMUM = 1000;
/** How long an exchange that is under way has. */
const EXCHANGE_MS = 120;
const REPORT_EVERY = 100_000;

interface Sort {
  readonly kind: FloodKind;
  /** Of the datagrams that were asked for. */
  readonly share: number;
  readonly limits: Partial<IkeLimits>;
}

const SORTS: readonly Sort[] = [
  { kind: 'many sources', share: 1, limits: {} },
  { kind: 'one request', share: 0.1, limits: {} },
  { kind: 'few sources', share: 0.2, limits: {} },
  { kind: 'cookies', share: 0.2, limits: { halfOpenPerSource: 3 } },
  { kind: 'puzzles', share: 0.2, limits: { cookiesFrom: 10, puzzlesFrom: 10, puzzleBits: 10, halfOpenPerSource: 2 } },
  { kind: 'fragments', share: 0.2, limits: {} },
];

/**
 * `datagrams` of first requests that nobody means, at one daemon, who meanwhile serves those that are there, and lets in those
 * that come. Its memory may not grow, it may not send more than it is sent, and afterwards it is as before.
 */
export function soakIkeFlood(datagrams: number, seed: string, onProgress: (text: string) => void): Table {
  const perMs = perMsOf(datagrams);
  const countOf = (share: number) => Math.max(MINIMUM, datagrams * share);
  const runs = SORTS.map(sort =>
    new FloodRun(sort, perMs, `${seed}/${sort.kind}`, onProgress).run(countOf(sort.share)),
  );
  runs.push(floodGateway(countOf(0.1), perMs, `${seed}/gateway`));
  return {
    title: 'floods of IKE_SA_INIT at one daemon',
    headings: [
      'from',
      'datagrams',
      'octets out per octet in',
      'for one, at most',
      'half-open, at most',
      'memory at 1/4',
      'at the end',
      'peers connect within',
      'rate',
    ],
    rows: runs.map(({ row }) => row),
    findings: runs.flatMap(({ findings }) => findings),
  };
}

/** The same at a whole gateway, by frames: a tenth of the datagrams, some in pieces, some pieces alone. */
function floodGateway(count: number, perMs: number, seed: string): FloodOutcome {
  const began = performance.now();
  const findings: string[] = [];
  const gateway = new FloodedGateway(seed);
  const dice = createDice(seed);
  const flood = createFlood('many sources', pattern(), dice);
  let [sent, octetsIn, halfOpen] = [0, 0, 0];
  const storm = (datagrams: number) => {
    for (let i = 0; i < datagrams; i++, sent++) {
      const way = dice.once(10) ? (dice.once(2) ? 'pieces' : 'first') : 'whole';
      octetsIn += gateway.flood(flood.next(), way);
      if (i % perMs === 0) gateway.run(1);
      halfOpen = Math.max(halfOpen, gateway.core.halfOpen.total);
    }
  };
  const goes = () => {
    const [there, here] = [gateway.spis('alice', 'outbound').at(-1), gateway.spis('bob', 'inbound')];
    return there !== undefined && here.includes(there);
  };
  gateway.run(100);
  storm(count / 4);
  if (!gateway.status('bob').cookies) findings.push('gateway: no cookies are asked for');
  const early = heapOctets();
  gateway.call();
  let waited = 0;
  for (; !goes() && waited < CONNECT_MAX_MS; waited++) storm(perMs);
  if (!goes()) findings.push('gateway: Alice does not get in');
  gateway.rekey();
  storm(EXCHANGE_MS * perMs);
  if ((gateway.status('bob').counters['childRekeyed'] ?? 0) === 0) findings.push('gateway: nothing is rekeyed');
  storm(count - sent);
  const late = heapOctets();
  if (count >= GROWTH_FROM && late - early > GROWTH_MAX_OCTETS)
    findings.push(`gateway: memory grew by ${mebi(late - early)}`);
  const seconds = (performance.now() - began) / 1000;
  gateway.run(100_000);
  const status = gateway.status('bob');
  if (status.halfOpen > 0 || status.cookies || !goes()) findings.push('gateway: it is not as it was before');
  findings.push(...faultsOf(gateway.core).map(fault => `gateway: ${fault}`));
  const factor = gateway.octetsOut / octetsIn;
  if (factor > 1) findings.push(`gateway: ${factor.toFixed(2)} octets out for each octet in`);
  const row = ['at a whole gateway', String(sent), factor.toFixed(3), '', String(halfOpen), mebi(early), mebi(late)];
  return { row: [...row, `${waited.toFixed(0)} ms`, `${(sent / seconds / 1000).toFixed(1)} k/s`], findings };
}

interface FloodOutcome {
  readonly row: readonly string[];
  readonly findings: readonly string[];
}

/** A first request as Alice makes it. */
function pattern(): IkeMessage {
  const stage = new Stage('pattern');
  stage.call('alice');
  const first = stage.said.find(({ exchangeType }) => exchangeType === ExchangeType.IKE_SA_INIT);
  if (first === undefined) throw new Error('Alice has not called');
  return first;
}

/** Floods that leave nothing half-open, or little. */
const QUIET: readonly FloodKind[] = ['fragments', 'one request'];

/** One flood. */
class FloodRun {
  readonly #sort: Sort;
  readonly #perMs: number;
  readonly #stage: Stage;
  readonly #flood: Flood;
  readonly #findings: string[] = [];
  readonly #limits: IkeLimits;
  readonly #onProgress: (text: string) => void;
  #sent = 0;
  #octetsIn = 0;
  #octetsOut = 0;
  #worst = 0;
  #halfOpen = 0;

  constructor(sort: Sort, perMs: number, seed: string, onProgress: (text: string) => void) {
    this.#sort = sort;
    this.#perMs = perMs;
    this.#onProgress = onProgress;
    this.#limits = { ...DEFAULT_LIMITS, ...sort.limits };
    this.#stage = new Stage(seed, sort.limits);
    this.#stage.call('carol');
    this.#flood = createFlood(sort.kind, pattern(), createDice(seed));
  }

  run(count: number): FloodOutcome {
    const began = performance.now();
    const stage = this.#stage;
    this.#storm(count / 4);
    if (!QUIET.includes(this.#sort.kind) && !stage.bob.daemon.status(stage.now).cookies)
      this.#find('no cookies are asked for');
    const early = heapOctets();
    const waits = (['alice', 'dave', 'erin'] as const).map(peer => this.#connects(peer));
    this.#storm(count / 2 - this.#sent);
    this.#goesOn('carol', 'under the flood');
    this.#goesOn('alice', 'under the flood');
    this.#storm(count - this.#sent);
    const late = heapOctets();
    if (count >= GROWTH_FROM && late - early > GROWTH_MAX_OCTETS) this.#find(`memory grew by ${mebi(late - early)}`);
    const seconds = (performance.now() - began) / 1000;
    this.#calmsDown();
    const factor = this.#octetsOut / this.#octetsIn;
    if (factor > 1) this.#find(`${factor.toFixed(2)} octets out for each octet in`);
    const row = [
      this.#sort.kind,
      String(this.#sent),
      factor.toFixed(3),
      this.#worst.toFixed(2),
      String(this.#halfOpen),
      mebi(early),
      mebi(late),
      `${Math.max(...waits).toFixed(0)} ms`,
      `${(this.#sent / seconds / 1000).toFixed(1)} k/s`,
    ];
    return { row, findings: this.#findings };
  }

  /** So many datagrams, and time for them. */
  #storm(count: number): void {
    for (let left = Math.round(count); left > 0; left -= this.#perMs) this.#millisecond(Math.min(left, this.#perMs));
  }

  #millisecond(count: number): void {
    const stage = this.#stage;
    for (let i = 0; i < count; i++) this.#one(this.#flood.next());
    stage.run(1);
    for (const { id } of stage.bob.fetches.splice(0)) stage.command(stage.bob, { kind: 'fetched', id, content: null });
    // What the stage remembers is no memory of Bob's.
    for (const list of [stage.said, stage.arrived, stage.bob.sent]) list.length = 0;
    const { halfOpen } = stage.coreOf(stage.bob);
    this.#halfOpen = Math.max(this.#halfOpen, halfOpen.total);
    if (halfOpen.total > this.#limits.halfOpen) this.#find(`${halfOpen.total} are half-open`);
    if (Math.floor(this.#sent / REPORT_EVERY) !== Math.floor((this.#sent - count) / REPORT_EVERY)) {
      this.#onProgress(`${this.#sort.kind}: ${this.#sent} datagrams`);
    }
  }

  #one(datagram: IkeDatagram): void {
    const stage = this.#stage;
    this.#sent++;
    this.#octetsIn += datagram.octets.length;
    const { datagrams, commands } = stage.bob.daemon.receive([datagram], stage.now);
    if (commands.length > 0) this.#find(`the node is to do ${commands[0]?.kind}`);
    let out = 0;
    for (const answer of datagrams) {
      if (Buffer.compare(answer.remote, datagram.remote) === 0) out += answer.octets.length;
      if (isAttackers(answer.remote)) this.#flood.heard(answer);
      else if (Object.values(ADDRESSES).includes(formatAddress(answer.remote))) stage.inject(answer);
    }
    this.#octetsOut += out;
    this.#worst = Math.max(this.#worst, out / Math.max(1, datagram.octets.length));
  }

  /** Milliseconds of virtual time until a peer has its IKE SA and child, in the middle of it all. */
  #connects(peer: Peer): number {
    const stage = this.#stage;
    const began = stage.now;
    stage.command(stage.peers[peer], { kind: 'initiate', child: peer });
    while (stage.now - began < CONNECT_MAX_MS * NS_PER_MS && !this.#hasTraffic(peer)) this.#millisecond(this.#perMs);
    if (!this.#hasTraffic(peer)) this.#find(`${peer} does not get in`);
    return (stage.now - began) / NS_PER_MS;
  }

  /** What is there is rekeyed, and asked whether it lives. */
  #goesOn(peer: Peer, when: string): void {
    const stage = this.#stage;
    const before = stage.bob.events.length;
    stage.command(stage.bob, { kind: 'rekey', child: peer });
    this.#storm(EXCHANGE_MS * this.#perMs);
    stage.command(stage.peers[peer], { kind: 'rekey', ike: 'bob' });
    this.#storm(EXCHANGE_MS * this.#perMs);
    const kinds = stage.bob.events.slice(before).map(({ kind }) => kind);
    for (const kind of ['childRekeyed', 'ikeRekeyed'] as const) {
      if (!kinds.includes(kind)) this.#find(`no ${kind} with ${peer} ${when}`);
    }
    if (!this.#hasTraffic(peer)) this.#find(`no traffic with ${peer} ${when}`);
  }

  #calmsDown(): void {
    const stage = this.#stage;
    stage.run(100_000);
    const { halfOpen, cookies, counters } = stage.bob.daemon.status(stage.now);
    if (halfOpen > 0 || cookies)
      this.#find(`afterwards ${halfOpen} are half-open, and cookies are ${cookies ? '' : 'not '}asked for`);
    if ((counters['cookiesOn'] ?? 0) !== (counters['cookiesOff'] ?? 0))
      this.#find('cookies are on more often than off');
    const core = stage.coreOf(stage.bob);
    for (const fault of faultsOf(core)) this.#find(fault);
    // Of each peer's last first request the digest stays with its IKE SA.
    if (core.byRequest.size > Object.keys(stage.peers).length)
      this.#find(`${core.byRequest.size} first requests are remembered`);
    for (const peer of ['carol', 'alice', 'dave', 'erin'] as const) {
      if (!this.#hasTraffic(peer)) this.#find(`${peer} is lost afterwards`);
    }
  }

  #hasTraffic(peer: Peer): boolean {
    const { bob, peers } = this.#stage;
    const other = peers[peer];
    return this.#stage.isEstablished(peer) && carriesTraffic(bob, other, peer) && carriesTraffic(other, bob, peer);
  }

  #find(what: string): void {
    const finding = `${this.#sort.kind}: ${what}`;
    if (!this.#findings.includes(finding)) this.#findings.push(finding);
  }
}
