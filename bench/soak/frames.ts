import { NS_PER_S } from '../../engine/wire/instant.ts';
import { dissect } from '../../engine/wire/dissect.ts';
import type { Frame } from '../../engine/node/node.ts';
import { fuzzNode } from '../../engine/node/testing/fuzz.ts';
import { FUZZ_SUBJECTS, fuzzTraffic } from '../../engine/node/testing/fuzz-subjects.ts';
import { createNet, type Net } from '../../engine/node/testing/net.ts';
import { ping } from '../../engine/node/testing/packets.ts';
import { SITE_WIRES, sites } from '../../engine/node/testing/sites.ts';
import { decodeLine } from '../../lab/capture/decode-line.ts';
import { createTripwire } from '../../lab/capture/tripwire.ts';
import { heapOctets, mebi } from './heap.ts';
import type { Table } from './report.ts';

/** More than the garbage collector's own noise, and far less than one octet a frame in a run of 10^6. */
const GROWTH_MAX_OCTETS = 8 * 2 ** 20;
/** Mutations can have taught a node wrong neighbours; it finds that out within a minute. */
const RECOVERY_NS = 120 * NS_PER_S;

/**
 * `frames` mutated frames into each fuzz subject, and into all that reads frames for the user. Nothing may throw, memory at the
 * end may not exceed that after a quarter, and the node must still forward.
 */
export function soakFrames(frames: number, seed: string, onProgress: (text: string) => void): Table {
  const rows: string[][] = [];
  const findings: string[] = [];
  for (const subject of FUZZ_SUBJECTS) {
    const began = performance.now();
    const net = createNet(sites(subject.options), SITE_WIRES);
    const corpus = fuzzTraffic(net, subject.name);
    const readers = frameReaders();
    let [early, report, problem] = [0, 0, null as string | null];
    try {
      fuzzNode(net, subject.name, corpus, {
        frames,
        seed: `${seed}/${subject.name}`,
        onFrames: readers,
        onBatch: done => {
          if (early === 0 && done >= frames / 4) early = heapOctets();
          if (done - report >= 100_000) onProgress(`${subject.title}: ${(report = done)} frames`);
        },
      });
    } catch (error) {
      problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const late = heapOctets();
    if (problem === null && late - early > GROWTH_MAX_OCTETS) problem = `memory grew by ${mebi(late - early)}`;
    const answers = problem === null ? stillForwards(net) : 0;
    if (problem === null && answers < 2) problem = `it forwards no more: ${answers} of 2 answers came back`;
    if (problem !== null) findings.push(`${subject.title}, seed ${seed}: ${problem}`);
    const seconds = (performance.now() - began) / 1000;
    const perSecond = (frames / seconds / 1000).toFixed(0);
    rows.push([
      subject.title,
      String(frames),
      mebi(early),
      mebi(late),
      `${answers} of 2`,
      `${seconds.toFixed(0)} s`,
      `${perSecond} k/s`,
    ]);
  }
  const headings = ['mutated frames at', 'frames', 'memory at 1/4', 'at the end', 'answers then', 'time', ''];
  return { title: 'mutated frames into a node', headings, rows, findings };
}

/** What reads every frame of a lab beside its nodes: the dissector, the one-line decoder and the tripwire. */
function frameReaders(): (frames: readonly Frame[]) => void {
  const flow = { a: '10.0.0.0/24', b: '10.0.1.0/24', links: ['wan'], because: 'this run' };
  const tripwire = createTripwire([flow]);
  return frames => {
    for (const { octets } of frames) {
      const packet = { link: 'wan', from: 'alice:net0', at: 0n, octets };
      dissect(octets);
      decodeLine(packet);
      tripwire.see(packet);
    }
  };
}

/** One ping of each family through the lab: how many answers come back. */
function stillForwards(net: Net): number {
  const pings = [ping('10.0.0.2', '10.0.1.2'), ping('2001:470:24:c66::2', '2001:470:24:c67::2')];
  net.advance(RECOVERY_NS);
  net.send('a1', ...pings); // these may be spent on finding the neighbours again
  net.advance(20 * NS_PER_S);
  net.takeDeliveries('a1');
  net.send('a1', ...pings);
  net.advance(NS_PER_S);
  return net.takeDeliveries('a1').length;
}
