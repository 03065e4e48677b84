import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_S } from '../../../../../engine/wire/instant.ts';
import { TcpFlag, type TcpSegment } from '../../../../../engine/wire/tcp.ts';
import { UNIMPAIRED } from '../../../../topology/impairment.ts';
import type { Impairment } from '../../../../topology/model.ts';
import { LinkModel } from '../../../link/link-model.ts';
import { EventQueue } from '../../event-queue.ts';
import { createSeededRandom } from '../../seeded-random.ts';
import { TcpConnection } from './connection.ts';
import type { TcpOutput, TcpStart } from './contract.ts';

const PERFECT: Impairment = { ...UNIMPAIRED, delayNs: 10 * NS_PER_MS };

type Side = 0 | 1;

/** Two connections and a link between them: segments are looked up by the number that travels in the frame. */
class Pair {
  now = 0;
  readonly sent: { readonly from: Side; readonly at: number; readonly segment: TcpOutput }[] = [];
  readonly ends: readonly [TcpConnection, TcpConnection];
  readonly #queue = new EventQueue<{ readonly to: Side; readonly segment: TcpSegment }>();
  readonly #link: LinkModel;
  /** false: the segment never reaches the link. */
  filter: (from: Side, segment: TcpOutput) => boolean = () => true;

  constructor(impairment: Partial<Impairment> = {}, seed = 'pair', start: Partial<TcpStart> = {}) {
    const random = createSeededRandom(seed);
    const both = { ...PERFECT, ...impairment };
    this.#link = new LinkModel([both, both], random);
    const end = (side: Side) => {
      const settings: TcpStart = { iss: random.u32(), localMss: 1460, pathMss: 1460, ...start };
      return new TcpConnection(settings, { send: segment => this.#send(side, segment), changed: () => {} });
    };
    this.ends = [end(0), end(1)];
  }

  get client(): TcpConnection {
    return this.ends[0];
  }

  get server(): TcpConnection {
    return this.ends[1];
  }

  open(): void {
    this.client.connect(this.now);
    this.runUntil(() => this.client.isOpen && this.server.isOpen);
  }

  /** Runs events and timers until the condition holds; false when nothing is left to happen, or after `limitNs`. */
  runUntil(isDone: () => boolean, limitNs = 3600 * NS_PER_S): boolean {
    const end = this.now + limitNs;
    while (!isDone()) {
      const next = this.#nextAt();
      if (next === null || next > end) {
        this.now = end;
        return false;
      }
      this.now = Math.max(this.now, next);
      if (this.#queue.nextAt !== null && this.#queue.nextAt <= this.now) this.#deliver();
      else
        for (const connection of this.ends)
          if ((connection.wakeAt() ?? Infinity) <= this.now) connection.wake(this.now);
    }
    return true;
  }

  #nextAt(): number | null {
    const times = [this.#queue.nextAt, this.client.wakeAt(), this.server.wakeAt()].filter(at => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #deliver(): void {
    const event = this.#queue.pop();
    if (event === null) return;
    const { to, segment } = event.value;
    const connection = this.ends[to];
    const isFirstSyn = connection.state === 'closed' && connection.error === null && segment.flags === TcpFlag.SYN;
    if (isFirstSyn && to === 1) connection.accept(segment, this.now);
    else connection.receive(segment, this.now);
  }

  #send(from: Side, segment: TcpOutput): void {
    this.sent.push({ from, at: this.now, segment });
    if (!this.filter(from, segment)) return;
    const ports = { sourcePort: 1 + from, destinationPort: 2 - from, urgentPointer: 0 };
    const index = this.sent.length - 1;
    const octets = new Uint8Array(60 + segment.payload.length);
    new DataView(octets.buffer).setUint32(0, index);
    for (const delivery of this.#link.push(from, octets, this.now)) {
      // A flipped bit makes the checksum wrong, so that a stack never sees the segment.
      const isWhole = Buffer.compare(octets, delivery.octets) === 0;
      if (isWhole) this.#queue.push(delivery.at, { to: from === 0 ? 1 : 0, segment: { ...segment, ...ports } });
    }
  }
}

/** Moves `octets` from one end to the other and closes both; the hash of what arrived. */
function transfer(pair: Pair, from: Side, octets: Uint8Array, readMax = 65_536): string {
  const [source, target] = from === 0 ? pair.ends : [pair.ends[1], pair.ends[0]];
  const hash = createHash('sha256');
  let written = 0;
  const isDone = pair.runUntil(() => {
    if (written < octets.length) {
      written += source.write(octets.subarray(written), pair.now);
      if (written === octets.length) source.end(pair.now);
    }
    for (let read = target.read(readMax); read.length > 0; read = target.read(readMax)) hash.update(read);
    return target.isAtEnd;
  });
  expect(isDone).toBe(true);
  target.end(pair.now);
  return hash.digest('hex');
}

const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
const data = (count: number) => createSeededRandom(`data ${count}`).bytes(count);

/** A reset from the server, before the connection stands. */
const reset = (acknowledgment: number): TcpSegment => ({
  sourcePort: 2,
  destinationPort: 1,
  sequence: 0,
  acknowledgment,
  flags: TcpFlag.RST | TcpFlag.ACK,
  window: 0,
  urgentPointer: 0,
  options: [],
  payload: new Uint8Array(0),
});

/** A segment from the client to the server, like its last one but for `change`. */
const strange = (pair: Pair, change: Partial<TcpSegment>): TcpSegment => ({
  sourcePort: 1,
  destinationPort: 2,
  sequence: pair.sent.findLast(s => s.from === 0)?.segment.sequence ?? 0,
  acknowledgment: pair.sent.findLast(s => s.from === 0)?.segment.acknowledgment ?? 0,
  flags: TcpFlag.ACK,
  window: 1000,
  urgentPointer: 0,
  options: [],
  payload: new Uint8Array(0),
  ...change,
});

describe('the handshake', () => {
  test('takes three segments, with MSS and window scale on the SYNs', () => {
    const pair = new Pair();
    pair.open();
    expect(pair.sent.map(({ from, segment }) => [from, segment.flags])).toEqual([
      [0, TcpFlag.SYN],
      [1, TcpFlag.SYN | TcpFlag.ACK],
      [0, TcpFlag.ACK],
    ]);
    for (const { segment } of pair.sent.slice(0, 2)) {
      expect(segment.options).toEqual([
        { type: 'mss', octets: 1460 },
        { type: 'windowScale', shift: 5 },
      ]);
    }
    expect([pair.client.state, pair.server.state]).toEqual(['established', 'established']);
  });

  test('sends the SYN again after 1, 2, 4… s and gives up', () => {
    const pair = new Pair();
    pair.filter = () => false;
    pair.client.connect(0);
    pair.runUntil(() => pair.client.state === 'closed');
    expect(pair.client.error).toBe('timedOut');
    expect(pair.sent.map(s => s.at / NS_PER_S)).toEqual([0, 1, 3, 7, 15, 31, 63]);
  });

  test('survives the loss of any one of its segments', () => {
    for (const lost of [0, 1, 2]) {
      const pair = new Pair();
      pair.filter = () => pair.sent.length !== lost + 1;
      pair.client.connect(0);
      expect(pair.runUntil(() => pair.client.isOpen)).toBe(true);
      expect(transfer(pair, 0, data(100))).toBe(sha256(data(100)));
    }
  });

  test('is refused by a reset that acknowledges the SYN, and by no other', () => {
    const pair = new Pair();
    pair.filter = () => false;
    pair.client.connect(0);
    const iss = pair.sent[0]?.segment.sequence ?? 0;
    pair.client.receive(reset(iss), 1);
    expect(pair.client.state).toBe('synSent');
    pair.client.receive(reset((iss + 1) >>> 0), 2);
    expect([pair.client.state, pair.client.error]).toEqual(['closed', 'refused']);
  });

  test('of both ends at once makes one connection', () => {
    const pair = new Pair();
    pair.client.connect(0);
    pair.server.connect(0);
    expect(pair.runUntil(() => pair.client.isOpen && pair.server.isOpen)).toBe(true);
    expect(transfer(pair, 1, data(5000))).toBe(sha256(data(5000)));
  });
});

describe('a transfer', () => {
  test('arrives whole over sequence numbers that wrap', () => {
    const pair = new Pair({}, 'wrap', { iss: 0xffff_f000 });
    pair.open();
    expect(transfer(pair, 0, data(1_000_000))).toBe(sha256(data(1_000_000)));
  });

  test('keeps to the smaller MSS of the two', () => {
    const pair = new Pair({}, 'mss', { pathMss: 900 });
    pair.open();
    transfer(pair, 0, data(100_000));
    expect(Math.max(...pair.sent.map(s => s.segment.payload.length))).toBe(900);
  });

  test('doubles its window in slow start: 10 segments, then more', () => {
    const pair = new Pair();
    pair.open();
    const opened = pair.now;
    transfer(pair, 0, data(600_000));
    const inRound = (round: number) =>
      pair.sent.filter(s => s.segment.payload.length > 0 && Math.floor((s.at - opened) / (20 * NS_PER_MS)) === round)
        .length;
    expect(inRound(0)).toBe(10);
    expect(inRound(1)).toBeGreaterThanOrEqual(15);
    expect(inRound(2)).toBeGreaterThan(inRound(1));
  });

  test('repairs one lost segment by fast retransmit, without waiting for the timer', () => {
    const pair = new Pair();
    pair.open();
    let dataSegments = 0;
    pair.filter = (_, segment) => segment.payload.length === 0 || ++dataSegments !== 5;
    const started = pair.now;
    expect(transfer(pair, 0, data(60_000))).toBe(sha256(data(60_000)));
    expect(pair.now - started).toBeLessThan(200 * NS_PER_MS);
    const resent = pair.sent.filter(
      (s, i) =>
        s.segment.payload.length > 0 &&
        pair.sent.findIndex(
          o => o.from === s.from && o.segment.payload.length > 0 && o.segment.sequence === s.segment.sequence,
        ) < i,
    );
    expect(resent).toHaveLength(1);
  });

  test('repairs a lost tail by the timer', () => {
    const pair = new Pair();
    pair.open();
    let isFirst = true;
    pair.filter = (_, segment) => {
      const isLost = isFirst && (segment.flags & TcpFlag.FIN) !== 0;
      if (isLost) isFirst = false;
      return !isLost;
    };
    expect(transfer(pair, 0, data(3000))).toBe(sha256(data(3000)));
  });

  test('waits behind a closed window, probes it, and goes on', () => {
    const pair = new Pair();
    pair.open();
    const octets = data(3 << 20);
    let written = 0;
    const write = () => {
      written += pair.client.write(octets.subarray(written), pair.now);
    };
    write();
    pair.runUntil(() => (write(), false), 30 * NS_PER_S);
    expect(pair.server.readable).toBe(1 << 20);
    const probes = pair.sent.filter(s => s.from === 0 && s.segment.payload.length === 1);
    expect(probes.length).toBeGreaterThan(3);
    // A window update that is lost: the next probe finds out.
    let lost = 0;
    pair.filter = from => from === 0 || lost++ > 0;
    const hash = createHash('sha256');
    const isDone = pair.runUntil(() => {
      write();
      if (written === octets.length) pair.client.end(pair.now);
      for (let read = pair.server.read(65_536); read.length > 0; read = pair.server.read(65_536)) hash.update(read);
      return pair.server.isAtEnd;
    });
    expect(isDone).toBe(true);
    expect(hash.digest('hex')).toBe(sha256(octets));
  });

  test('does not give up a peer that keeps its window closed but answers', () => {
    const pair = new Pair();
    pair.open();
    pair.client.write(data(1 << 20), 0);
    pair.runUntil(() => (pair.client.write(data(100_000), pair.now), false), 6 * 3600 * NS_PER_S);
    expect(pair.client.state).toBe('established');
  });

  test('gives up a peer that is gone', () => {
    const pair = new Pair();
    pair.open();
    pair.filter = from => from === 1;
    pair.client.write(data(5000), pair.now);
    pair.runUntil(() => pair.client.state === 'closed');
    expect(pair.client.error).toBe('timedOut');
  });

  test('sends smaller segments when told that the path takes no more', () => {
    const pair = new Pair();
    pair.open();
    pair.filter = (_, segment) => segment.payload.length <= 1200;
    pair.client.write(data(10_000), pair.now);
    pair.client.reduceMss(1200, pair.now);
    pair.client.end(pair.now);
    const hash = createHash('sha256');
    pair.runUntil(() => {
      hash.update(pair.server.read(65_536));
      return pair.server.isAtEnd;
    });
    expect(hash.digest('hex')).toBe(sha256(data(10_000)));
    expect(pair.now).toBeLessThan(2 * NS_PER_S);
  });

  test.each([
    ['loss', { loss: 0.05 }],
    ['heavy loss', { loss: 0.25 }],
    ['reordering', { reorder: 0.3, jitterNs: 3 * NS_PER_MS }],
    ['duplication', { duplicate: 0.3 }],
    ['corruption', { corrupt: 0.1 }],
    ['a short queue', { rateBitsPerSecond: 5_000_000, queueFrames: 5 }],
    ['all of it', { loss: 0.05, reorder: 0.1, duplicate: 0.1, corrupt: 0.05, jitterNs: 5 * NS_PER_MS }],
  ] satisfies [string, Partial<Impairment>][])(
    'arrives whole through %s, whatever the seed, both ways',
    (_, impairment) => {
      for (let seed = 0; seed < 25; seed++) {
        const pair = new Pair(impairment, `seed ${seed}`);
        pair.open();
        const octets = data(200_000);
        expect(transfer(pair, (seed & 1) as Side, octets)).toBe(sha256(octets));
        pair.runUntil(() => pair.client.state === 'closed' && pair.server.state === 'closed');
        expect([pair.client.state, pair.server.state, pair.client.error ?? pair.server.error]).toEqual([
          'closed',
          'closed',
          null,
        ]);
      }
    },
  );

  test('goes both ways at the same time through loss', () => {
    for (let seed = 0; seed < 10; seed++) {
      const pair = new Pair({ loss: 0.05, reorder: 0.05 }, `both ${seed}`);
      pair.open();
      const octets = [data(150_000), data(151_000)] as const;
      const written = [0, 0];
      const hashes = [createHash('sha256'), createHash('sha256')] as const;
      const isDone = pair.runUntil(() => {
        for (const side of [0, 1] as const) {
          const end = pair.ends[side];
          const before = written[side] ?? 0;
          const after = before + end.write(octets[side].subarray(before), pair.now);
          written[side] = after;
          if (after === octets[side].length) end.end(pair.now);
          hashes[side].update(end.read(100_000));
        }
        return pair.client.isAtEnd && pair.server.isAtEnd;
      });
      expect(isDone).toBe(true);
      expect(hashes.map(h => h.digest('hex'))).toEqual([sha256(octets[1]), sha256(octets[0])]);
    }
  });
});

describe('closing', () => {
  test('in order passes through TIME-WAIT at the end that closed first', () => {
    const pair = new Pair();
    pair.open();
    pair.client.end(pair.now);
    pair.runUntil(() => pair.server.isAtEnd);
    expect([pair.client.state, pair.server.state]).toEqual(['finWait1', 'closeWait']);
    pair.runUntil(() => pair.client.state === 'finWait2');
    pair.server.end(pair.now);
    pair.runUntil(() => pair.server.state === 'closed');
    expect(pair.client.state).toBe('timeWait');
    const entered = pair.now;
    pair.runUntil(() => pair.client.state === 'closed');
    expect((pair.now - entered) / NS_PER_S).toBeCloseTo(60, 0);
  });

  test('of both ends at once goes through CLOSING', () => {
    const pair = new Pair();
    pair.open();
    pair.runUntil(() => false, NS_PER_S);
    pair.client.end(pair.now);
    pair.server.end(pair.now);
    pair.runUntil(() => pair.client.state === 'timeWait' && pair.server.state === 'timeWait');
    expect([pair.client.state, pair.server.state]).toEqual(['timeWait', 'timeWait']);
  });

  test('by reset tells the peer', () => {
    const pair = new Pair();
    pair.open();
    pair.client.abort();
    pair.runUntil(() => pair.server.state === 'closed');
    expect([pair.client.error, pair.server.error]).toEqual([null, 'reset']);
  });

  test('a program that leaves octets unread resets; one that left nothing closes in order', () => {
    const pair = new Pair();
    pair.open();
    pair.client.write(data(100), pair.now);
    pair.runUntil(() => pair.server.readable === 100);
    pair.server.release(pair.now);
    pair.runUntil(() => pair.client.state === 'closed');
    expect(pair.client.error).toBe('reset');
  });

  test('a peer that keeps sending to a program that is gone is reset', () => {
    const pair = new Pair();
    pair.open();
    pair.server.release(pair.now);
    pair.runUntil(() => pair.client.isAtEnd);
    pair.client.write(data(100), pair.now);
    pair.runUntil(() => pair.client.state === 'closed');
    expect(pair.client.error).toBe('reset');
  });

  test('an orphan does not wait for ever in FIN-WAIT-2', () => {
    const pair = new Pair();
    pair.open();
    pair.server.release(pair.now);
    pair.runUntil(() => pair.server.state === 'closed');
    expect([pair.server.state, pair.client.state]).toEqual(['closed', 'closeWait']);
  });
});

describe('hostile segments', () => {
  test('a reset outside the exact sequence number is challenged, not obeyed (RFC 5961)', () => {
    const pair = new Pair();
    pair.open();
    const exact = pair.server.receiveNext;
    pair.server.receive(strange(pair, { flags: TcpFlag.RST, sequence: (exact + 10) >>> 0 }), pair.now);
    expect(pair.server.state).toBe('established');
    expect(pair.sent.at(-1)).toMatchObject({ from: 1, segment: { flags: TcpFlag.ACK } });
    pair.server.receive(strange(pair, { flags: TcpFlag.RST, sequence: exact >>> 0 }), pair.now);
    expect(pair.server.error).toBe('reset');
  });

  test('a SYN in the window, and an acknowledgment of what was never sent, change nothing', () => {
    const pair = new Pair();
    pair.open();
    pair.server.receive(strange(pair, { flags: TcpFlag.SYN, sequence: (pair.server.receiveNext + 5) >>> 0 }), pair.now);
    pair.server.receive(strange(pair, { acknowledgment: 12345 }), pair.now);
    expect(pair.server.state).toBe('established');
    expect(transfer(pair, 0, data(1000))).toBe(sha256(data(1000)));
  });

  test('two ends that disagree do not answer each other for ever', () => {
    const pair = new Pair();
    pair.open();
    const before = pair.sent.length;
    for (let repeat = 0; repeat < 1000; repeat++) {
      pair.server.receive(strange(pair, { sequence: 99 }), pair.now + repeat);
    }
    expect(pair.sent.length - before).toBeLessThanOrEqual(1);
  });

  test('random segments never throw, and the connection keeps its promises', () => {
    const random = createSeededRandom('hostile');
    for (let round = 0; round < 50; round++) {
      const pair = new Pair({}, `hostile ${round}`);
      pair.open();
      for (let count = 0; count < 200; count++) {
        const near = () =>
          (random.uniform() < 0.7 ? pair.server.receiveNext + Math.floor(random.uniform() * 20) - 10 : random.u32()) >>>
          0;
        const segment = strange(pair, {
          sequence: near(),
          acknowledgment: random.uniform() < 0.7 ? strange(pair, {}).acknowledgment : random.u32(),
          flags: random.u32() & 0x3f & (random.uniform() < 0.9 ? ~TcpFlag.RST : 0x3f),
          window: random.u32() & 0xffff,
          payload: random.bytes(random.u32() % 30),
        });
        pair.server.receive(segment, pair.now);
      }
      expect(pair.server.readable).toBeLessThan(10_000);
    }
  });
});
