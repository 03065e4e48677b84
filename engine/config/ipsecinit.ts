import { type Place, Report } from './diagnostic.ts';
import { type Protection, readProtection, reportProperties } from './ipsecinit-clause.ts';
import { type ClauseText, type EntryText, readEntries } from './ipsecinit-grammar.ts';
import { type Pattern, readPattern } from './ipsecinit-pattern.ts';
import type { PolicyReading, StatedAction, StatedPolicy, StatedTransform } from './policy.ts';
import { withImplied } from './implied-policies.ts';
import { nameAfter } from './policy-name.ts';
import type { AlgorithmRules } from './solaris-algorithms.ts';

/**
 * Reads an ipsecinit.conf, as ipsecconf of Solaris and illumos does (its manual: ipsecconf(8)). `file` is only what
 * diagnostics and the names of policies say. Never throws, whatever the text.
 *
 * The order of the SPD is the manual's: first what bypasses, then what asks for AH and ESP, ESP, AH, then the rest, and else
 * as in the file. What matches nothing is discarded where it passes a tunnel that has entries, and passes elsewhere; IKE
 * always passes. Where Solaris applies entries for hosts to its own packets only, a node here applies them to what it
 * forwards as well.
 */
export function readIpsecinit(file: string, text: string, rules: AlgorithmRules): PolicyReading {
  const report = new Report(file);
  const entries = readEntries(text, report).map(entry => policyOf(entry, file, rules, report));
  const read = entries.filter(policy => policy !== null);
  reportDuplicates(read, report);
  const diagnostics = report.diagnostics();
  if (diagnostics.length > 0) return { stated: null, diagnostics };
  const policies = read.toSorted((a, b) => strength(b.action) - strength(a.action));
  return { stated: { policies: withImplied(policies, file), sas: [] }, diagnostics };
}

function policyOf(entry: EntryText, file: string, rules: AlgorithmRules, report: Report): StatedPolicy | null {
  const before = report.count;
  const pattern = readPattern(entry, report);
  const { tunnel } = pattern;
  const isPatternRead = report.count === before;
  const action = actionOf(entry, tunnel, rules, report);
  // An entry with an error is compared with no other.
  if (action === null || !isPatternRead) return null;
  return {
    name: nameAfter(file, entry.place),
    place: entry.place,
    ...pattern,
    action,
    isImplied: false,
  };
}

const PROTECTS: ReadonlySet<ClauseText['action']> = new Set(['ipsec', 'apply', 'permit']);
const PASSES: ReadonlySet<ClauseText['action']> = new Set(['bypass', 'pass']);

/** A sender takes the first clause that works, a receiver any: `ipsec {…} or pass {}` is the level "use". */
function actionOf(
  entry: EntryText,
  tunnel: Pattern['tunnel'],
  rules: AlgorithmRules,
  report: Report,
): StatedAction | null {
  const protections: Protection[] = [];
  let level: 'require' | 'use' = 'require';
  let single: StatedAction | null = null;
  for (const [index, clause] of entry.clauses.entries()) {
    const isLast = index === entry.clauses.length - 1;
    if (PROTECTS.has(clause.action)) {
      const protection = readProtection(clause, rules, report);
      if (protection !== null) protections.push(protection);
      continue;
    }
    reportProperties(clause, report);
    if (!isLast) {
      report.error(clause.place, `what stands behind "${clause.action}" is never used`, `put ${clause.action} last`);
    } else if (index === 0) {
      single = clause.action === 'drop' ? { kind: 'discard' } : { kind: 'bypass' };
    } else if (PASSES.has(clause.action)) {
      level = 'use';
    } else {
      report.error(clause.place, '"or drop" says nothing: what fits no alternative is dropped', 'take it away');
    }
  }
  if (single !== null) return single;
  const [first, ...others] = protections;
  if (first === undefined) return null;
  const odd = others.findIndex(other => shapeOf(other) !== shapeOf(first));
  if (odd >= 0) {
    const place = entry.clauses.filter(({ action }) => PROTECTS.has(action))[odd + 1]?.place ?? entry.place;
    const message = 'the alternatives of one entry must ask for the same protocols and the same kind of sa';
    report.error(place, message, 'let all of them use ESP, or AH, or both');
  }
  return protect(protections, first, tunnel, level);
}

const shapeOf = ({ esp, ah, sharing }: Protection): string => `${esp !== null} ${ah !== null} ${sharing}`;

/** AH goes around ESP. In a tunnel the innermost SA makes the outer header, and AH protects that packet as it is. */
function protect(
  protections: readonly Protection[],
  { esp, ah, sharing }: Protection,
  tunnel: Pattern['tunnel'],
  level: 'require' | 'use',
): StatedAction {
  const mode = tunnel === null ? 'transport' : 'tunnel';
  const common = { level, requestId: null, ends: null };
  const transforms: StatedTransform[] = [];
  const all = (which: 'esp' | 'ah') => [...new Set(protections.flatMap(protection => protection[which] ?? []))];
  if (esp !== null) transforms.push({ protocol: 'esp', mode, ...common, suites: all('esp') });
  if (ah !== null) {
    transforms.push({ protocol: 'ah', mode: esp === null ? mode : 'transport', ...common, suites: all('ah') });
  }
  // "For tunnel-mode tunnels, unique is ignored"; in transport mode all that passes is one flow between two ends.
  return { kind: 'protect', transforms, sharing: tunnel === null ? sharing : 'shared' };
}

function strength(action: StatedAction): number {
  if (action.kind === 'bypass') return 4;
  if (action.kind === 'discard') return 0;
  const protocols = new Set(action.transforms.map(({ protocol }) => protocol));
  return (protocols.has('esp') ? 2 : 0) + (protocols.has('ah') ? 1 : 0);
}

function reportDuplicates(policies: readonly StatedPolicy[], report: Report): void {
  const seen = new Map<string, Place>();
  for (const { place, tunnel, direction, local, remote, protocol, localPort, remotePort, icmp } of policies) {
    for (const one of direction === 'both' ? ['inbound', 'outbound'] : [direction]) {
      const key = JSON.stringify([tunnel?.name ?? null, one, local, remote, protocol, localPort, remotePort, icmp]);
      const first = seen.get(key);
      if (first === undefined) seen.set(key, place);
      else report.error(place, `the entry in line ${first.line} has the same pattern`, 'take one of the two away');
    }
  }
}
