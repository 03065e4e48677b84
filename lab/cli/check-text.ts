import { machineCannot } from '../state/failure.ts';
import type { CheckOutcome, Evidence, RunOutcome } from '../supervisor/api.ts';
import type { LabClient } from './client.ts';
import { printable, type Style, type Terminal } from './terminal.ts';

/** A run of a lab's checks, and what its tripwire says beside. */
export interface CheckRun {
  readonly checks: readonly CheckOutcome[];
  readonly tripwire: RunOutcome;
}

/** No check failed, and no protected flow was seen in the clear. */
export const isGood = ({ checks, tripwire }: CheckRun): boolean =>
  checks.every(check => check.outcome !== 'failed') && tripwire.outcome !== 'tripped';

/** Runs the checks of a lab, showing which one is at work. `onResult` sees each as it comes. */
export async function runLabChecks(
  client: LabClient,
  terminal: Terminal,
  onResult: (result: CheckOutcome) => void,
): Promise<CheckRun> {
  const checks: CheckOutcome[] = [];
  let titles: readonly string[] = [];
  let tripwire: RunOutcome | null = null;
  const showNext = (): void => {
    const next = titles[checks.length];
    terminal.progress(
      next === undefined ? null : `check ${checks.length + 1} of ${titles.length}: ${printable(next)} …`,
    );
  };
  await client.check(line => {
    if (line.kind === 'planned') titles = line.titles;
    else if (line.kind === 'run') tripwire = line.run;
    else {
      checks.push(line.result);
      onResult(line.result);
    }
    showNext();
  });
  terminal.progress(null);
  if (tripwire === null) throw machineCannot('the lab was ended before its checks were', 'lab status');
  return { checks, tripwire };
}

/** `✓ reach a1 -> b1 icmp  12 ms`; for one that did not pass what was seen, below it. */
export function checkLines(result: CheckOutcome, style: Style): string[] {
  const mark = { passed: style.tick, failed: style.cross, unsupported: style.dim('-') }[result.outcome];
  const line = `  ${mark} ${printable(result.title)}  ${style.dim(`${Math.round(result.durationMs)} ms`)}`;
  if (result.outcome === 'passed') return [line];
  return [line, ...result.why.split('\n').map(text => `      ${printable(text)}`), ...evidenceLines(result.evidence)];
}

/** The tripwire as one more check: it is on in every run. */
export function tripwireLines(run: RunOutcome, style: Style): string[] {
  const mark = { clean: style.tick, tripped: style.cross, inconclusive: style.dim('?') }[run.outcome];
  const [first = '', ...rest] = run.lines;
  const evidence = evidenceLines(run.evidence);
  return [`  ${mark} tripwire: ${printable(first)}`, ...rest.map(text => `      ${printable(text)}`), ...evidence];
}

const EVIDENCE_SHOWN = 3;

function evidenceLines(evidence: readonly Evidence[]): string[] {
  const shown = evidence.slice(0, EVIDENCE_SHOWN).map(({ link, frame }) => `      ${link}  ${printable(frame)}`);
  const more = evidence.length - shown.length;
  return more > 0 ? [...shown, `      and ${more} more`] : shown;
}

export function checkSummary(run: CheckRun, style: Style): string {
  const total = run.checks.length;
  const count = (outcome: CheckOutcome['outcome']): number =>
    run.checks.filter(check => check.outcome === outcome).length;
  const failed = count('failed');
  const leaks = run.tripwire.outcome === 'tripped' ? ', and a protected flow was seen in the clear' : '';
  if (failed > 0) return style.bad(`${failed} of ${total} checks failed${leaks}`);
  if (leaks !== '') return style.bad(leaks.replace(/^, and /, ''));
  if (total === 0) return 'it has no checks';
  const unsupported = count('unsupported');
  if (unsupported > 0)
    return `${count('passed')} of ${total} checks passed, ${unsupported} cannot be made with this driver`;
  return style.good(total === 1 ? 'its check passed' : `all ${total} checks passed`);
}
