import { escapeXml } from '../junit.ts';
import { renderPage } from '../page.ts';
import { CHART_STYLE } from './chart-style.ts';
import { claimsSection } from './claims-section.ts';
import { gateSection, gateWords } from './gate-section.ts';
import { methodSection } from './method-section.ts';
import type { PerformanceReport, Study } from './study.ts';
import { ORDER, OTHER, TOPICS, unmeasured } from './topics.ts';
import { topicSection } from './topic-section.ts';
import { digits } from './units.ts';
import { aheadOf, headlines, versusSection } from './versus-section.ts';

/** The whole report as one page that needs nothing else. */
export function indexPage({ studies, claims, gate }: PerformanceReport): string {
  const topics = ORDER.flatMap(id => [...TOPICS, OTHER].filter(topic => topic.id === id));
  const sections = [
    ...(gate === null ? [] : [{ id: 'gate', heading: 'Against the base', html: gateSection(gate) }]),
    { id: 'versus', heading: 'This engine and the others', html: versusSection(studies) },
    ...topics.map(topic => ({ id: topic.id, heading: topic.heading, html: topicSection(topic, studies) })),
    { id: 'claims', heading: 'Four claims', html: claimsSection(claims) },
    { id: 'missing', heading: 'Not measured', html: missingSection(studies) },
  ].filter(({ html }) => html !== '');
  const links = [
    ...sections,
    { id: 'method', heading: 'Method' },
    { id: 'limits', heading: 'Limits' },
    { id: 'environment', heading: 'Environment' },
  ].map(({ id, heading }) => `<li><a href="#${id}">${heading}</a></li>`);
  const heading = headingOf(studies);
  return renderPage({
    title: heading,
    brand: 'ipsec-lab · performance report',
    heading,
    style: CHART_STYLE,
    header: [
      ...(gate === null
        ? []
        : [`<p class="verdict">${escapeXml(gateWords(gate))} <a href="#gate">against the base</a></p>`]),
      ...studies.map(summary),
    ],
    main: [
      `<nav aria-label="On this page"><ul>${links.join('')}</ul></nav>`,
      ...sections.map(({ html }) => html),
      methodSection(studies),
    ],
    footer: footer(studies),
  });
}

export function headingOf(studies: readonly Study[]): string {
  const profiles = [...new Set(studies.map(({ record }) => record.profile))];
  const isSimulated = studies.some(({ record }) => record.world === 'simulated');
  return `Performance: ${profiles.join(', ')}${isSimulated ? ' (simulated)' : ''}`;
}

/** What a run is, and what to beware of, before anything of it is told. */
function summary(study: Study): string {
  const { record, figures, disturbances } = study;
  const done = new Set(record.turns.map(({ round }) => round)).size;
  const measured = new Set(figures.map(({ figure }) => figure.subject)).size;
  const unfinished = done < record.rounds ? ` of ${record.rounds} (stopped)` : '';
  return [
    `<ul class="totals" aria-label="${escapeXml(study.label)}">`,
    `<li><b>${escapeXml(study.label)}</b></li>${count(measured, 'subject')}${count(figures.length, 'figure')}<li><b>${done}</b>${unfinished} ${record.rounds === 1 ? 'round' : 'rounds'}</li>`,
    '</ul>',
    ...headlineSentences(study).map(sentence => `<p>${escapeXml(sentence)}</p>`),
    disturbances.length === 0
      ? ''
      : `<p class="warning"><b>The machine was disturbed</b>: ${escapeXml(disturbances.join('; '))}. Intervals are widened ${digits(study.widening)} times; measure again on a quiet machine before you quote anything.</p>`,
    record.rounds < 10 || done < 10
      ? `<p class="warning"><b>Fewer than ten rounds</b>: good for a look, too few to quote.</p>`
      : '',
  ].join('\n');
}

const count = (number: number, what: string): string => `<li><b>${number}</b> ${what}${number === 1 ? '' : 's'}</li>`;

const HEADLINES = ['TCP throughput', 'PDR', 'NDR', 'handshakes'];

/** What somebody wants to know who reads no further: throughput, the rate of small packets, handshakes. */
export function headlineSentences(study: Study): readonly string[] {
  return headlines(study)
    .filter(({ rows: [first] }) => first !== undefined && HEADLINES.includes(first.versus.figure.metric))
    .slice(0, 2)
    .map(({ what, rows }) => {
      const level = rows.filter(({ versus }) => versus.effect === 'none').map(({ name }) => name);
      const parts = rows
        .filter(({ versus }) => versus.effect !== 'none')
        .map(({ name, versus }) => {
          const ahead = aheadOf(versus).middle;
          return ahead < 0.95 ? `${digits(ahead * 100)} % of ${name}` : `${digits(ahead)} × ${name}`;
        });
      const same = level.length === 0 ? [] : [`no significant difference from ${level.join(' / ')}`];
      return `${what}, this engine: ${[...parts, ...same].join('; ')}`;
    });
}

function missingSection(studies: readonly Study[]): string {
  const topics = unmeasured(studies);
  const left = studies.flatMap(study => (study.record.subjects ?? []).filter(({ obstacle }) => obstacle !== null));
  if (topics.length + left.length === 0) return '';
  return [
    '<section aria-labelledby="missing">',
    '<h2 id="missing">Not measured</h2>',
    '<ul>',
    ...topics.map(({ heading, command }) => `<li>${heading}: <code>${command}</code> measures it.</li>`),
    ...left.map(({ title, obstacle }) => `<li>${escapeXml(title)}: ${escapeXml(obstacle ?? '')}</li>`),
    '</ul>',
    '</section>',
  ].join('\n');
}

function footer(studies: readonly Study[]): string {
  const lines = studies.map(({ record: { environment, startedAt } }) =>
    [
      `ipsec-lab ${environment.version}${environment.commit === '' ? '' : ` (${environment.commit.slice(0, 12)})`}`,
      `Node ${environment.node}, OpenSSL ${environment.openssl}`,
      environment.processor.model,
      startedAt,
    ].join(' · '),
  );
  return [...new Set(lines)].map(line => `<p>${escapeXml(line)}</p>`).join('\n');
}
