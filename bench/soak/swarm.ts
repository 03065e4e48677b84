import type { Table } from './report.ts';
import { type Kept, keptKinds, mostOf, NOTHING_KEPT } from './swarm/memory.ts';
import { type Outcome, runScenario } from './swarm/run-scenario.ts';
import { drawScenario, type Scenario } from './swarm/scenario.ts';
import { drawV1Scenario } from './swarm/scenario-v1.ts';

/**
 * So many gateways that negotiate while all goes wrong: each run draws who they are, what they are told and what happens to them
 * from its own seed. `seed` alone is that of a single run, so that a finding's command brings it again.
 */
export function soakSwarm(runs: number, seed: string, progress: (text: string) => void, version: 1 | 2 = 2): Table {
  const [part, draw] = version === 1 ? (['swarm-v1', drawV1Scenario] as const) : (['swarm', drawScenario] as const);
  const began = process.hrtime.bigint();
  const findings: string[] = [];
  const rests: number[] = [];
  let [virtualMs, espPackets, failed] = [0, 0, 0];
  let most: Kept = NOTHING_KEPT;
  for (let run = 0; run < runs; run++) {
    const own = runs === 1 ? seed : `${seed}/${run}`;
    const outcome = runScenario(draw(own));
    virtualMs += outcome.virtualMs;
    espPackets += outcome.espPackets;
    rests.push(...outcome.restMs);
    most = mostOf(most, outcome.most);
    if (outcome.findings.length > 0) {
      failed++;
      findings.push(...describe(part, own, outcome));
      for (const line of runs === 1
        ? [...scenarioLines(draw(own)), ...outcome.trace.slice(-WHOLE_TRACE_LINES)]
        : outcome.trace.slice(-TRACE_LINES)) {
        progress(line);
      }
      for (const finding of outcome.findings) progress(`FOUND ${finding}`);
      progress(`npm run soak -- ${part} --runs 1 --seed '${own}'`);
    }
    if ((run + 1) % 50 === 0) progress(`${part}: ${run + 1} of ${runs} runs, ${failed} with findings`);
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  rests.sort((one, other) => one - other);
  const restAt = (part: number) => ((rests[Math.floor((rests.length - 1) * part)] ?? 0) / 1000).toFixed(1);
  return {
    title: `${part}: gateways that negotiate by IKEv${version} while all goes wrong`,
    headings: ['', ''],
    rows: [
      ['runs', `${runs}, ${failed} with findings, in ${seconds.toFixed(0)} s`],
      ['virtual time', `${(virtualMs / 3_600_000).toFixed(1)} h`],
      ['ESP packets', String(espPackets)],
      ['pairs at rest after the faults', `median ${restAt(0.5)} s, 99 % ${restAt(0.99)} s, longest ${restAt(1)} s`],
      ...keptKinds.map(kind => [`most ${kind} of a gateway`, String(most[kind])]),
    ],
    findings,
  };
}

/** Of each run that has found something, when there are many; and of one that is a run of its own. */
const TRACE_LINES = 25;
const WHOLE_TRACE_LINES = 20_000;

function describe(part: string, seed: string, { findings }: Outcome): string[] {
  const [first = '', ...others] = findings;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return [`${first}${more}; replay: npm run soak -- ${part} --runs 1 --seed '${seed}'`];
}

function scenarioLines({ gateways, pairs }: Scenario): string[] {
  return [...gateways, ...pairs].map(one => JSON.stringify(one));
}
