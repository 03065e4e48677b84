import type { ClauseRecord, RunRecord } from './format.ts';
import { shardWords } from './text.ts';

/** The run as JUnit XML: a `testsuite` per suite, a `testcase` per clause. Clauses that were not judged count as skipped. */
export function renderJunit(run: RunRecord): string {
  const suites = [...new Set(run.clauses.map(clause => clause.suite))];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="ipsec-lab${shardWords(run)}" ${totals(run.clauses)} time="${seconds(run.durationMs)}">`,
    ...suites.flatMap(suite => renderSuite(suite, run)),
    '</testsuites>',
  ];
  return `${lines.join('\n')}\n`;
}

function renderSuite(suite: string, run: RunRecord): string[] {
  const clauses = run.clauses.filter(clause => clause.suite === suite);
  const time = seconds(clauses.reduce((sum, clause) => sum + clause.durationMs, 0));
  return [
    `  <testsuite name="${escapeXml(suite)}" ${totals(clauses)} time="${time}" timestamp="${escapeXml(run.startedAt)}">`,
    '    <properties>',
    ...Object.entries(properties(run)).map(
      ([name, value]) => `      <property name="${name}" value="${escapeXml(value)}"/>`,
    ),
    '    </properties>',
    ...clauses.flatMap(renderCase),
    '  </testsuite>',
  ];
}

const properties = ({ dut, driver, seed, shard }: RunRecord): Readonly<Record<string, string>> => ({
  dut,
  driver,
  seed,
  ...(shard === undefined ? {} : { shard: `${shard.index}/${shard.count}` }),
});

function renderCase(clause: ClauseRecord): string[] {
  const open = `    <testcase classname="${escapeXml(`${clause.suite}.${clause.rfc}`)}" name="${escapeXml(clause.id)}" time="${seconds(clause.durationMs)}"`;
  const detail = escapeXml(`${clause.level}: ${clause.text}\n${clause.scenario}\nreplay: ${clause.replay}`);
  const legacy = (clause.legacy ?? []).map(what => `        <property name="legacy" value="${escapeXml(what)}"/>`);
  const properties = legacy.length === 0 ? [] : ['      <properties>', ...legacy, '      </properties>'];
  switch (clause.outcome) {
    case 'passed':
      return properties.length === 0 ? [`${open}/>`] : [`${open}>`, ...properties, '    </testcase>'];
    case 'failed':
      return [
        `${open}>`,
        ...properties,
        `      <failure message="${escapeXml(clause.reason)}">${detail}</failure>`,
        '    </testcase>',
      ];
    case 'unsupported':
    case 'inconclusive':
      return [
        `${open}>`,
        `      <skipped message="${escapeXml(`${clause.outcome}: ${clause.reason}`)}"/>`,
        '    </testcase>',
      ];
  }
}

function totals(clauses: readonly ClauseRecord[]): string {
  const failures = clauses.filter(clause => clause.outcome === 'failed').length;
  const skipped = clauses.filter(
    clause => clause.outcome === 'unsupported' || clause.outcome === 'inconclusive',
  ).length;
  return `tests="${clauses.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(3);

/** Text for XML and HTML, attributes included. Characters that XML 1.0 cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  const holdable = Array.from(text, char => (isXmlChar(char.codePointAt(0) ?? 0) ? char : '\ufffd')).join('');
  return holdable
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function isXmlChar(code: number): boolean {
  return (
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    code >= 0x10000
  );
}
