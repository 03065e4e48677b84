import type { FigureRecord } from '../bench-format.ts';
import type { JudgedFigure, Study } from './study.ts';
import { growthOf } from './words.ts';

/** What figures are about, in the order of the page; each figure belongs to the first that takes it. */
export interface Topic {
  readonly id: string;
  readonly heading: string;
  /** What the figures are, in a sentence. */
  readonly about: string;
  /** The command that measures it, where a report lacks it. */
  readonly command: string;
  readonly takes: (figure: FigureRecord) => boolean;
}

const isOf =
  (...metrics: readonly string[]) =>
  ({ metric }: Pick<FigureRecord, 'metric'>): boolean =>
    metrics.includes(metric);

export const TOPICS: readonly Topic[] = [
  {
    id: 'calibration',
    heading: 'The instruments themselves',
    about:
      'What the generator sends and receives without any gateway, what the capture keeps up with, and whether the latency through a link of known delay is that delay.',
    command: 'lab bench calibrate',
    takes: ({ id }) => id.startsWith('calibrate/'),
  },
  {
    id: 'lab',
    heading: 'The lab itself',
    about: 'Time and memory of bringing a lab up and taking it down.',
    command: 'lab bench lab',
    takes: figure =>
      isOf('up', 'all reached', 'down', 'memory', 'CPU of up')(figure) && ['nodes', null].includes(growthOf(figure)),
  },
  {
    id: 'scale',
    heading: 'Growth',
    about: 'The same measurement with more of something: SAs, policies, filter rules, gateways.',
    command: 'lab bench scale',
    takes: figure => growthOf(figure) !== null,
  },
  {
    id: 'throughput',
    heading: 'Throughput',
    about:
      'Octets of a TCP stream that arrive, by iperf3. Each dot is a round; the box holds half of them, the thick line is the median.',
    command: 'lab bench compare',
    takes: isOf('TCP throughput'),
  },
  {
    id: 'rates',
    heading: 'Packet rates against size',
    about:
      'The highest rate of UDP packets with no loss (NDR), and with at most 0.5 % (PDR), found by search as RFC 2544 asks. Sizes are of the inner IP packet; IMIX is a mix of three. “Cipher alone” is ESP made and opened in one process, which nothing that moves packets besides can exceed.',
    command: 'lab bench compare',
    takes: ({ metric }) => isOf('NDR', 'PDR')({ metric }) || metric.startsWith('cipher alone'),
  },
  {
    id: 'latency',
    heading: 'Latency',
    about:
      'One way, from the sending to the receiving host, on one clock, at shares of the rate that each subject carries without loss.',
    command: 'lab bench compare',
    takes: ({ metric }) => metric.startsWith('one-way latency'),
  },
  {
    id: 'cpu',
    heading: 'Processor time',
    about: 'What processes use, user and system: of a gateway a packet or a handshake, by node.',
    command: 'lab bench compare',
    takes: ({ metric }) => metric.startsWith('CPU '),
  },
  {
    id: 'overhead',
    heading: 'Overhead',
    about: 'Octets that a packet grows by on its way through the WAN: by the book, and as seen there.',
    command: 'lab bench compare',
    takes: isOf('overhead predicted', 'overhead measured'),
  },
  {
    id: 'setup',
    heading: 'Handshakes and rekeying',
    about:
      'IKE SAs a second, one after the other; the time until a first packet passes; and what a rekey does to traffic.',
    command: 'lab bench setup',
    takes: isOf('handshakes', 'CPU per handshake', 'time to first packet', 'rekey gap', 'rekey loss'),
  },
];

/** Whatever the others leave. */
export const OTHER: Topic = {
  id: 'other',
  heading: 'Other figures',
  about: 'Whatever else the run has measured.',
  command: '',
  takes: () => true,
};

export function topicOf(figure: FigureRecord): Topic {
  return TOPICS.find(({ takes }) => takes(figure)) ?? OTHER;
}

/** In the order of the page: what people ask for first. */
export const ORDER: readonly string[] = [
  'throughput',
  'rates',
  'latency',
  'cpu',
  'overhead',
  'setup',
  'scale',
  'lab',
  'calibration',
  'other',
];

export const figuresOf = (study: Study, topic: Topic): readonly JudgedFigure[] =>
  study.figures.filter(({ figure }) => topicOf(figure) === topic);

/** Topics of which no run has a figure. */
export function unmeasured(studies: readonly Study[]): readonly Topic[] {
  return ORDER.flatMap(id => TOPICS.filter(topic => topic.id === id)).filter(topic =>
    studies.every(study => figuresOf(study, topic).length === 0),
  );
}
