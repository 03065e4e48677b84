import type { BenchRecord, FigureRecord, SubjectRecord } from '../../../reports/bench-format.ts';
import { createSeededRandom, type SeededRandom } from '../../drivers/sim/seeded-random.ts';
import { Latencies } from '../latency.ts';
import { isOfOthers } from '../reference.ts';
import { EMPTY } from './bench-record.ts';

/** For tests and for looking at pages: runs that nobody measured, with every metric that profiles write. The same seed, the same run. */
export interface SampleOptions {
  readonly seed: string;
  readonly rounds: number;
  /** What every rate is multiplied by and every time divided by, but for those of other implementations: 0.9 for a tenth slower. */
  readonly speed: number;
}

export const USUAL_SAMPLE: SampleOptions = { seed: '7', rounds: 10, speed: 1 };

type Middle = Omit<FigureRecord, 'samples' | 'id'> & { readonly what: string; readonly middle: number };

/** All of the comparison of implementations: throughput, packet rates, latency, CPU, overhead. */
export function sampleCompare(options: SampleOptions = USUAL_SAMPLE): BenchRecord {
  return recordOf('compare', SUBJECTS, options, random =>
    SUBJECTS.filter(({ obstacle }) => obstacle === null).flatMap(({ name }) => ofImplementation(name, random)),
  );
}

const SUBJECTS: readonly SubjectRecord[] = [
  { name: 'engine', title: 'this engine', obstacle: null },
  { name: 'strongswan', title: 'strongSwan, kernel-libipsec', obstacle: null },
  { name: 'openvpn-static', title: 'OpenVPN, static key', obstacle: null },
  { name: 'openvpn-tls', title: 'OpenVPN, TLS', obstacle: null },
  { name: 'wireguard-go', title: 'wireguard-go', obstacle: null },
  { name: 'kernel-esp', title: 'ESP of the kernel', obstacle: 'this kernel has no ESP <modprobe esp4>' },
  { name: 'ipip', title: 'IP-in-IP, no encryption', obstacle: null },
  { name: 'plain', title: 'plain forwarding', obstacle: null },
];

/** Gbit/s of one stream, packets/s of 64 octets, ns of CPU a packet, octets on the wire beside the inner packet. */
const PERFORMANCE: Readonly<Record<string, readonly [number, number, number, number]>> = {
  engine: [0.41, 38e3, 24e3, 54],
  strongswan: [0.24, 24e3, 36e3, 54],
  'openvpn-static': [0.25, 21e3, 41e3, 69],
  'openvpn-tls': [0.34, 26e3, 33e3, 52],
  'wireguard-go': [0.27, 27e3, 34e3, 60],
  ipip: [6.9, 101e3, 2.1e3, 20],
  plain: [8.1, 116e3, 1.7e3, 0],
};
const SIZES = [64, 512, 1024, 1420, 'imix'] as const;

function ofImplementation(subject: string, random: SeededRandom): Middle[] {
  const [gigabits = 1, packets = 1, cpu = 1, overhead = 0] = PERFORMANCE[subject] ?? [];
  const usual = { cipher: 'aes128gcm16', mode: 'tunnel', outer: 4, inner: 4, encapsulation: 'never' };
  const parameters = subject === 'plain' || subject === 'ipip' ? { outer: 4, inner: 4 } : usual;
  const more = { subject, better: 'more', ceiling: null } as const;
  const less = { subject, better: 'less', ceiling: null } as const;
  const under = (what: string): string | null => (subject === 'plain' ? null : `compare/plain/${what}`);
  return [
    {
      ...more,
      what: 'tcp',
      metric: 'TCP throughput',
      unit: 'bit/s',
      parameters,
      middle: gigabits * 1e9,
      ceiling: under('tcp'),
    },
    ...SIZES.flatMap((octets): Middle[] => {
      const rate = packets / (1 + (octets === 'imix' ? 354 : octets) / 6000);
      const with_ = { ...parameters, octets };
      return [
        {
          ...more,
          what: `ndr-${octets}`,
          metric: 'NDR',
          unit: 'packets/s',
          parameters: with_,
          middle: rate * 0.93,
          ceiling: under(`ndr-${octets}`),
        },
        {
          ...more,
          what: `pdr-${octets}`,
          metric: 'PDR',
          unit: 'packets/s',
          parameters: with_,
          middle: rate,
          ceiling: under(`pdr-${octets}`),
        },
      ];
    }),
    ...['alice', 'bob'].map(
      (node, i): Middle => ({
        ...less,
        what: `cpu-${node}`,
        metric: 'CPU per packet',
        unit: 'ns',
        parameters: { ...parameters, octets: 512, node },
        middle: cpu * (0.53 - 0.06 * i),
      }),
    ),
    ...[10, 50, 90].flatMap(load =>
      ['p50', 'p90', 'p99', 'p99.9'].map(
        (percentile, i): Middle => ({
          ...less,
          what: `latency-${load}-${percentile}`,
          metric: `one-way latency ${percentile}`,
          unit: 'ns',
          parameters: { ...parameters, octets: 512, load },
          middle: cpu * (1.5 + load / 40) * ([1, 1.4, 3, 9 + random.uniform()][i] ?? 1),
        }),
      ),
    ),
    ...[10, 50, 90].map(
      (load): Middle => ({
        ...less,
        what: `latency-${load}`,
        metric: 'one-way latency',
        unit: 'ns',
        parameters: { ...parameters, octets: 512, load },
        middle: cpu * (1.5 + load / 40),
      }),
    ),
    ...[64, 512, 1420].flatMap((octets): Middle[] => [
      {
        ...less,
        what: `predicted-${octets}`,
        metric: 'overhead predicted',
        unit: 'octets',
        parameters: { ...parameters, octets },
        middle: overhead,
      },
      {
        ...less,
        what: `measured-${octets}`,
        metric: 'overhead measured',
        unit: 'octets',
        parameters: { ...parameters, octets },
        middle: overhead + (subject === 'openvpn-tls' ? 2 : 0),
      },
    ]),
  ];
}

const CIPHERS: Readonly<Record<string, number>> = {
  aes128gcm16: 1,
  aes256gcm16: 0.95,
  chacha20poly1305: 0.72,
  'aes128-sha1': 0.66,
  'aes128-sha256': 0.64,
  'aes256-sha256': 0.61,
  'aes256-sha384': 0.6,
  'aes256-sha512': 0.6,
  'null-sha256': 0.8,
  '3des-sha1': 0.2,
  '3des-sha256': 0.2,
  'des-sha1': 0.34,
  'des-sha256': 0.33,
  'blowfish-sha1': 0.3,
  'blowfish-sha256': 0.3,
};

/** The matrix of ciphers, in the modes and families of three rows. */
export function sampleCiphers(options: SampleOptions = USUAL_SAMPLE): BenchRecord {
  const ways = [
    { mode: 'tunnel', outer: 4, inner: 4, cost: 1 },
    { mode: 'tunnel', outer: 4, inner: 6, cost: 1.01 },
    { mode: 'tunnel', outer: 6, inner: 6, cost: 1.02 },
    { mode: 'transport', outer: 4, inner: 4, cost: 1.06 },
  ];
  const planned = ways.flatMap(({ mode, outer, inner, cost }) =>
    Object.entries(CIPHERS).map(([cipher, share]) => ({
      name: `${cipher}-${mode}-${inner}${outer}`,
      title: `${cipher}, ${mode}, IPv${inner} in IPv${outer}`,
      obstacle: null,
      parameters: { cipher, mode, outer, inner, encapsulation: 'never' },
      rate: (40e3 * share) / cost,
    })),
  );
  return recordOf('ciphers', planned, options, () =>
    planned.flatMap(({ name: subject, parameters, rate }) => [
      {
        subject,
        what: 'tcp',
        metric: 'TCP throughput',
        unit: 'bit/s',
        better: 'more',
        parameters,
        ceiling: null,
        middle: rate * 11e3,
      },
      ...[64, 512, 1420, 'imix'].map(
        (octets): Middle => ({
          subject,
          what: `pdr-${octets}`,
          metric: 'PDR',
          unit: 'packets/s',
          better: 'more',
          parameters: { ...parameters, octets },
          ceiling: null,
          middle: rate / (1 + (octets === 'imix' ? 354 : Number(octets)) / 3000),
        }),
      ),
    ]),
  );
}

/** Handshakes, and what a rekey does to traffic. */
export function sampleSetup(options: SampleOptions = USUAL_SAMPLE): BenchRecord {
  const rates: Readonly<Record<string, readonly [number, number]>> = {
    x25519: [190, 176],
    ecp256: [181, 168],
    modp2048: [77, 75],
  };
  const subjects = ['engine', 'strongswan'].map(name => ({
    name,
    title: name === 'engine' ? 'this engine' : 'strongSwan',
    obstacle: null,
  }));
  return recordOf('setup', subjects, options, () =>
    subjects.flatMap(({ name: subject }, i) => [
      ...Object.entries(rates).flatMap(([group, pair]) =>
        ['psk', 'ecdsa256'].map(
          (authentication): Middle => ({
            subject,
            what: `handshakes-${group}-${authentication}`,
            metric: 'handshakes',
            unit: '1/s',
            better: 'more',
            parameters: { group, authentication },
            ceiling: null,
            middle: (pair[i] ?? 1) * (authentication === 'psk' ? 1 : 0.8),
          }),
        ),
      ),
      {
        subject,
        what: 'first',
        metric: 'time to first packet',
        unit: 'ns',
        better: 'less',
        parameters: { group: 'x25519', authentication: 'psk' },
        ceiling: null,
        middle: 21e6 + i * 2e6,
      },
      {
        subject,
        what: 'gap',
        metric: 'rekey gap',
        unit: 'ns',
        better: 'less',
        parameters: { group: 'x25519' },
        ceiling: null,
        middle: 0.4e6 + i * 0.3e6,
      },
      {
        subject,
        what: 'loss',
        metric: 'rekey loss',
        unit: 'packets',
        better: 'less',
        parameters: { group: 'x25519' },
        ceiling: null,
        middle: 0,
      },
    ]),
  );
}

/** Against the number of SAs, policies and rules. */
export function sampleScale(options: SampleOptions = USUAL_SAMPLE): BenchRecord {
  const grown = [
    { name: 'sas', per: 0.02 },
    { name: 'policies', per: 0.05 },
    { name: 'rules', per: 0.11 },
  ];
  const subject = 'engine';
  return recordOf('scale', [{ name: subject, title: 'this engine', obstacle: null }], options, () =>
    grown.flatMap(({ name, per }) =>
      [1, 10, 100, 1000, 10_000].map(
        (count): Middle => ({
          subject,
          what: `${name}-${count}`,
          metric: 'PDR',
          unit: 'packets/s',
          better: 'more',
          parameters: { octets: 512, [name]: count },
          ceiling: null,
          middle: 36e3 / (1 + per * Math.log10(count)),
        }),
      ),
    ),
  );
}

/** What the lab itself takes, each size a subject of its own. */
export function sampleLab(options: SampleOptions = USUAL_SAMPLE): BenchRecord {
  const planned = [6, 50, 200].map(count => ({
    name: `nodes-${count}-ike`,
    title: `nodes, IKEv2: ${count}`,
    obstacle: null,
    count,
  }));
  return recordOf('lab', planned, options, () =>
    planned.flatMap(({ name: subject, count }): Middle[] => {
      const figure = { subject, better: 'less', parameters: { nodes: count }, ceiling: null } as const;
      return [
        { ...figure, what: 'up', metric: 'up', unit: 'ns', middle: 0.3e9 + count * 0.08e9 },
        { ...figure, what: 'down', metric: 'down', unit: 'ns', middle: 0.1e9 + count * 0.01e9 },
        { ...figure, what: 'memory', metric: 'memory', unit: 'octets', middle: 60e6 + count * 48e6 },
      ];
    }),
  );
}

function recordOf(
  profile: string,
  planned: readonly SubjectRecord[],
  { seed, rounds, speed }: SampleOptions,
  middles: (random: SeededRandom) => readonly Middle[],
): BenchRecord {
  const random = createSeededRandom(`${seed}/${profile}`);
  const figures = middles(createSeededRandom(profile)).map(({ what, middle, ...figure }): FigureRecord => {
    const own = isOfOthers(figure) ? 1 : speed;
    const factor = figure.better === 'more' ? own : 1 / own;
    const isExact = figure.unit === 'octets' && figure.metric.startsWith('overhead');
    const samples = Array.from({ length: rounds }, (_, round) => {
      const value = isExact ? middle : middle * factor * (1 + 0.03 * normal(random));
      const distribution = figure.metric === 'one-way latency' ? { distribution: latencies(value, random) } : {};
      return { round, value, readings: [], warmUpReadings: 0, ...distribution };
    });
    return { ...figure, id: `${profile}/${figure.subject}/${what}`, samples };
  });
  const subjects = planned.map(({ name, title, obstacle }) => ({ name, title, obstacle }));
  const measured = subjects.filter(({ obstacle }) => obstacle === null);
  return {
    ...EMPTY,
    profile,
    seed,
    rounds,
    command: `lab bench ${profile} --seed ${seed}`,
    subjects,
    turns: Array.from({ length: rounds }, (_, round) =>
      measured.map(({ name }) => ({ round, subject: name, load: { processorSeconds: 6, others: 0.02, stolen: 0 } })),
    ).flat(),
    figures,
  };
}

/** About 0 by 1, from the sum of twelve draws. */
const normal = (random: SeededRandom): number =>
  Array.from({ length: 12 }, () => random.uniform()).reduce((sum, one) => sum + one, -6);

function latencies(middle: number, random: SeededRandom): { ns: number; packets: number }[] {
  const counted = new Latencies();
  for (let i = 0; i < 400; i++)
    counted.record(middle * Math.exp(0.35 * normal(random)) * (random.uniform() < 0.01 ? 6 : 1));
  return [...counted.steps()];
}
