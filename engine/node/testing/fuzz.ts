import type { Frame, Node } from '../node.ts';
import type { Net } from './net.ts';
import { testRandom } from './net.ts';

/** What a run has done, for a script to print. */
export interface FuzzReport {
  readonly frames: number;
  readonly framesOut: number;
  readonly events: number;
  readonly drops: Readonly<Record<string, number>>;
}

export interface FuzzOptions {
  readonly frames: number;
  readonly seed: string;
  /** Frames in one `receive` call. */
  readonly batch?: number;
  /** `above`: the packets in the frames come from the host stack instead. */
  readonly entry?: 'ports' | 'above';
  /** Each batch before the node gets it: for others that read frames. */
  readonly onFrames?: (frames: readonly Frame[]) => void;
  /** Sees each frame that leaves. */
  readonly onSent?: (frame: Frame) => void;
  /** Called between batches, so that a script can look at the node (and at its memory). */
  readonly onBatch?: (framesSoFar: number) => void;
}

/**
 * Throws mutated frames at one node: bits flipped, octets set, cut short, stretched, spliced, fields set to extremes. The
 * checksums of IP headers are made right again half of the time, so that the mutations get past the first check. Frames
 * that leave go nowhere. Time passes between batches, and timers run.
 */
export function fuzzNode(net: Net, name: string, corpus: readonly Frame[], options: FuzzOptions): FuzzReport {
  const random = testRandom(options.seed);
  const below = (limit: number) => random.next() % limit;
  const node: Node = net.node(name);
  const batchSize = options.batch ?? 64;
  let [framesOut, events, now] = [0, 0, net.now()];
  for (let done = 0; done < options.frames; done += batchSize) {
    const count = Math.min(batchSize, options.frames - done);
    const batch = Array.from({ length: count }, () => mutate(corpus[below(corpus.length)], corpus, below));
    options.onFrames?.(batch);
    now += below(20_000_000);
    const taken =
      options.entry === 'above'
        ? node.send(
            batch.map(({ octets, offload }) => ({ octets: octets.subarray(14), offload })),
            now,
          )
        : node.receive(batch, now);
    for (const effects of [taken, node.wake(now)]) {
      framesOut += effects.frames.length;
      if (options.onSent !== undefined) for (const frame of effects.frames) options.onSent(frame);
      events += effects.events.length;
    }
    options.onBatch?.(done + count);
  }
  net.advance(now - net.now());
  return { frames: options.frames, framesOut, events, drops: { ...node.status().drops } };
}

/** Every frame that a net has seen arrive at a node, as seeds for mutation. */
export function corpusFor(net: Net, wires: readonly (readonly [string, string])[], name: string): Frame[] {
  const arrivals = new Map(wires.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
  return net.seen.flatMap(({ from, octets, offload }) => {
    const [to, port = ''] = (arrivals.get(from) ?? '').split(':');
    return to === name ? [{ port, octets, offload }] : [];
  });
}

export type Below = (limit: number) => number;

/** One frame, changed as `fuzzNode` does it. */
export function mutate(frame: Frame | undefined, corpus: readonly Frame[], below: Below): Frame {
  if (frame === undefined) throw new Error('an empty corpus');
  let octets: Uint8Array = frame.octets.slice();
  for (let i = 1 + below(4); i > 0; i--) octets = mutateOnce(octets, corpus, below);
  // The addressee stays, mostly: a network card would not even show the rest.
  if (below(8) !== 0) octets.set(frame.octets.subarray(0, Math.min(6, octets.length)));
  if (below(2) === 0) fixChecksum(octets);
  const offload = below(32) === 0 ? strangeOffload(below) : frame.offload;
  return { port: frame.port, octets, offload };
}

function mutateOnce(octets: Uint8Array, corpus: readonly Frame[], below: Below): Uint8Array {
  const at = below(Math.max(1, octets.length));
  switch (below(7)) {
    case 0:
      octets[at] = (octets[at] ?? 0) ^ (1 << below(8));
      return octets;
    case 1:
      octets[at] = [0, 1, 0x7f, 0x80, 0xff, below(256)][below(6)] ?? 0;
      return octets;
    case 2:
      return octets.slice(0, at);
    case 3: {
      const longer = new Uint8Array(octets.length + below(64));
      longer.set(octets);
      return longer;
    }
    case 4: {
      const other = corpus[below(corpus.length)]?.octets ?? octets;
      const from = below(other.length);
      const piece = other.subarray(from, from + below(40));
      octets.set(piece.subarray(0, Math.max(0, octets.length - at)), at);
      return octets;
    }
    case 5: {
      // A 16-bit field of the first headers: lengths, offsets, types, ports.
      const field = 12 + 2 * below(32);
      if (field + 1 < octets.length) octets.set([below(256), below(256)], field);
      return octets;
    }
    default:
      return octets;
  }
}

function fixChecksum(octets: Uint8Array): void {
  if (octets.length < 34 || octets[12] !== 8 || octets[13] !== 0) return;
  const end = Math.min(octets.length, 14 + ((octets[14] ?? 0) & 15) * 4);
  octets.set([0, 0], 24);
  let sum = 0;
  for (let i = 14; i + 1 < end; i += 2) sum += ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  octets.set([(~sum >> 8) & 255, ~sum & 255], 24);
}

function strangeOffload(below: Below): Frame['offload'] {
  const kind = (['tcp4', 'tcp6', 'udp'] as const)[below(3)] ?? 'udp';
  return {
    checksum: below(2) === 0 ? null : { start: below(200), offset: below(40) },
    segments: below(2) === 0 ? null : { kind, sizeOctets: below(2000) },
  };
}
