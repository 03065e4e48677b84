import { escapeXml } from '../junit.ts';
import { row } from '../page.ts';
import type { Study } from './study.ts';
import { digits } from './units.ts';

/** How it was measured, in sentences; `study` has what differs from run to run. */
export function methodSentences(study: Study): readonly string[] {
  const { record, confidence, resamples, widening } = study;
  const percent = (confidence * 100).toFixed(0);
  return [
    `Subjects were measured one after the other in ${record.rounds} rounds, in the same namespaces of one machine; each round has every subject once, in an order drawn by the seed, and every second round is the one before it backwards (A B B A), so that a drift of the machine is nobody's advantage.`,
    'Warm-up is dropped from the readings of each turn (MSER); what is left is one sample a round, and no sample is left out.',
    `A figure is the median of its samples, with the quartiles and a ${percent} % bootstrap interval from ${resamples} resamples. Shares of a ceiling, and this engine against the others, are compared within each round.`,
    'Two figures differ where the whole interval of the change lies on one side of nothing, and the change is at least 3 %; all else is “no significant difference”.',
    'Packet rates are searched after RFC 2544 (NDR: no loss; PDR: at most 0.5 %). Every packet carries a number and the time at which it was sent: loss, copies and reordering are counted, not inferred.',
    ...(widening > 1
      ? [`The machine was disturbed, so intervals are ${digits(widening)} times as wide as the samples say.`]
      : []),
  ];
}

/** What the figures do not say. */
export const LIMITS: readonly string[] = [
  'Hosts, gateways, generator and receiver share the processors of one machine: what one of them uses, the others lack. Rates of dedicated gateways are higher; the order of the subjects is what carries over, and not always that.',
  'Links are pairs of virtual interfaces: no network card, no offload of a card, no wire.',
  'A bootstrap interval of ten samples is somewhat narrow, and knows nothing of what stayed the same during the whole run, such as a neighbour on the same host.',
  'What the kernel does in soft interrupts is charged to whoever runs at the time, so processor time a packet is of processes and not of the machine.',
  'One-way latency is of one clock, and includes the sender’s and the receiver’s own way through the kernel.',
  'Figures of other machines, kernels or versions cannot be compared with these.',
];

/** Where and by what it was measured, run by run. */
export function methodSection(studies: readonly Study[]): string {
  const [first] = studies;
  return [
    '<section aria-labelledby="method">',
    '<h2 id="method">Method</h2>',
    ...(first === undefined ? [] : [sentences(methodSentences(first))]),
    '</section>',
    '<section aria-labelledby="limits">',
    '<h2 id="limits">Limits</h2>',
    sentences(LIMITS),
    '</section>',
    '<section aria-labelledby="environment">',
    '<h2 id="environment">Environment, and how to measure it again</h2>',
    ...studies.map(environment),
    '</section>',
  ].join('\n');
}

const sentences = (list: readonly string[]): string =>
  `<ul>${list.map(sentence => `<li>${escapeXml(sentence)}</li>`).join('\n')}</ul>`;

/** What is known of a run and its machine, by name. */
export function environmentFacts({ record, disturbances, label }: Study): readonly (readonly [string, string])[] {
  const { environment, startedAt, command, seed, rounds, turns, subjects = [], world } = record;
  const { processor } = environment;
  const done = new Set(turns.map(({ round }) => round)).size;
  const left = subjects.filter(({ obstacle }) => obstacle !== null);
  return [
    ['run', `${label}, ${startedAt}, ${world}, seed ${seed}, ${done} of ${rounds} rounds, ${turns.length} turns`],
    ['measure it again', command],
    ['version', `ipsec-lab ${environment.version}${environment.commit === '' ? '' : `, commit ${environment.commit}`}`],
    [
      'processor',
      `${processor.model}, ${processor.processors} processors${processor.virtual ? ', on a hypervisor' : ''}, ${digits(environment.memoryOctets / 1e9)} GB of memory`,
    ],
    ['crypto instructions', processor.cryptoInstructions.join(' ') || 'none'],
    ['software', `Linux ${environment.kernel}, Node ${environment.node}, OpenSSL ${environment.openssl}`],
    ['congestion control', environment.congestionControl ?? 'not known'],
    ['offloads of the links', environment.offloads.join(' ') || 'none'],
    [
      'load before',
      `${(environment.loadBefore.others * 100).toFixed(0)} % by others, ${(environment.loadBefore.stolen * 100).toFixed(0)} % taken by a hypervisor`,
    ],
    ['disturbed', disturbances.length === 0 ? 'no' : disturbances.join('; ')],
    ...left.map(({ title, obstacle }): [string, string] => ['left out', `${title}: ${obstacle ?? ''}`]),
  ];
}

function environment(study: Study): string {
  const facts = environmentFacts(study).map(([name, value]) =>
    row(escapeXml(name), name === 'measure it again' ? `<code>${escapeXml(value)}</code>` : escapeXml(value)),
  );
  return [`<h3>${escapeXml(study.label)}</h3>`, '<dl>', ...facts, '</dl>'].join('\n');
}
