import type { ClauseRecord, EvidenceRecord } from '../format.ts';
import { escapeXml } from '../junit.ts';
import { provenance, renderPage, row, scrollable } from '../page.ts';
import { decisiveField } from './decisive-field.ts';
import type { Difference } from './difference.ts';
import type { FrameRecord } from './frame.ts';
import { hexDump } from './hex-dump.ts';
import { ladder } from './ladder.ts';
import { MARKS, sectionName, standardName } from './matrix.ts';
import type { JudgedRun } from './judged-run.ts';

/** More are counted, not shown. */
const FRAMES_SHOWN = 16;

/** One clause of one run: what was asked, how it came out, what was seen, and how to see it again. */
export function clausePage(clause: ClauseRecord, judged: JudgedRun, difference: Difference | null): string {
  const frames = judged.framesOf(clause);
  const cited = framesIn(clause.evidence);
  const shown = framesIn(clause.evidence.slice(0, FRAMES_SHOWN));
  const change =
    difference?.now === judged.run ? (difference.changes.find(({ id }) => id === clause.id) ?? null) : null;
  return renderPage({
    title: `${clause.id}: ${clause.outcome}`,
    brand: `ipsec-lab · conformance report · ${judged.label}`,
    heading: clause.id,
    header: [
      `<p><span class="outcome ${clause.outcome}">${MARKS[clause.outcome]} ${clause.outcome}</span> ${escapeXml(clause.text)}</p>`,
      '<nav aria-label="Report"><ul><li><a href="../../index.html">All clauses</a></li></ul></nav>',
    ],
    main: [
      facts(clause, judged, change === null ? null : (change.before ?? 'not judged')),
      ...(frames === null
        ? []
        : [
            '<section aria-labelledby="ladder">',
            '<h2 id="ladder">What was sent</h2>',
            ladder(frames, cited, shown),
            '</section>',
          ]),
      ...evidenceSection(clause, frames ?? []),
    ],
    footer: provenance(judged.run.environment, judged.run.startedAt),
  });
}

const framesIn = (evidence: readonly EvidenceRecord[]): ReadonlySet<number> =>
  new Set(evidence.flatMap(({ frame }) => (frame === null ? [] : [frame])));

function facts(clause: ClauseRecord, { captureOf }: JudgedRun, before: string | null): string {
  const capture = captureOf.get(clause);
  return [
    '<dl>',
    row('Asked by', `${escapeXml(standardName(clause.rfc))} ${escapeXml(sectionName(clause))}, ${clause.level}`),
    row('How', escapeXml(clause.scenario)),
    clause.reason === '' ? '' : row('Why', escapeXml(clause.reason)),
    before === null ? '' : row('Before', `${escapeXml(before)} in the run that this one is compared with`),
    ...(clause.legacy ?? []).map(what => row('Legacy', `<span class="failed">${escapeXml(what)}</span>`)),
    ...clause.controls.map(({ subject, caught, how }) =>
      row(
        'Control',
        `<b>${escapeXml(subject)}</b> ${caught ? 'caught' : '<span class="failed">not caught</span>'}: ${escapeXml(how)}`,
      ),
    ),
    capture === undefined
      ? ''
      : row('Capture', `<a href="../../${escapeXml(encodeURI(capture))}" download>Download the pcapng</a>`),
    row('Replay', `<code>${escapeXml(clause.replay)}</code>`),
    '</dl>',
  ].join('\n');
}

function evidenceSection(clause: ClauseRecord, frames: readonly FrameRecord[]): string[] {
  if (clause.evidence.length === 0) return [];
  const left = clause.evidence.length - FRAMES_SHOWN;
  return [
    '<section aria-labelledby="evidence">',
    '<h2 id="evidence">What the judgement rests on</h2>',
    ...clause.evidence.slice(0, FRAMES_SHOWN).map(item => evidence(item, clause, frames)),
    left > 0 ? `<p>${left} more are marked by comments in the pcapng.</p>` : '',
    '</section>',
  ];
}

function evidence(item: EvidenceRecord, clause: ClauseRecord, frames: readonly FrameRecord[]): string {
  if (item.frame === null) return `<h3>${escapeXml(item.says)}</h3>\n<p>${escapeXml(item.line)}</p>`;
  const title = `Frame ${item.frame} on ${item.link}: ${item.says}`;
  const content = frames.find(({ number }) => number === item.frame)?.content ?? null;
  return [
    `<h3 id="frame-${item.frame}">${escapeXml(title)}</h3>`,
    `<p><code>${escapeXml(item.line)}</code></p>`,
    content === null ? '' : dump(item, clause, content),
  ].join('\n');
}

function dump(item: EvidenceRecord, clause: ClauseRecord, content: NonNullable<FrameRecord['content']>): string {
  const field = decisiveField(content, item, clause);
  const marked =
    field === null
      ? 'no field of it could be read'
      : `marked: <b>${escapeXml(field.name)}</b> ${escapeXml(field.value)}, octets ${field.offset}–${field.end - 1} of the frame`;
  return [
    '<figure>',
    `<figcaption>${content.octets.length} octets; ${marked}</figcaption>`,
    scrollable(`octets of frame ${item.frame}`, [`<pre>${hexDump(content.octets, field)}</pre>`]),
    '</figure>',
  ].join('\n');
}
