import { createTripwire } from '../../lab/capture/tripwire.ts';
import type { LabEvent, RunningLab } from '../../lab/drivers/driver.ts';
import { createNetnsDriver } from '../../lab/drivers/netns/netns-driver.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import type { Topology } from '../../lab/topology/model.ts';
import type { InteropCase } from './case.ts';
import { PLAYS } from './plays.ts';
import { logOf } from './scene.ts';
import { topologyText } from './topology-text.ts';

export interface TrialResult {
  readonly name: string;
  /** What was expected and was not so, one sentence each. */
  readonly findings: readonly string[];
  readonly milliseconds: number;
}

/** Plays one case, inside a pod. */
export async function trial(one: InteropCase): Promise<TrialResult> {
  const began = performance.now();
  const findings: string[] = [];
  const events: LabEvent[] = [];
  const topology = load(one);
  const tripwire = createTripwire(topology.protectedFlows);
  const lab = await createNetnsDriver({ peerSettings: () => one.charon }).up(topology, {
    runId: process.env['IPSEC_LAB_RUN'] ?? 'interop',
    seed: '',
    onPacket: packet => tripwire.see(packet),
    onEvent: event => events.push(event),
  });
  try {
    findings.push(...(await PLAYS[one.play]({ lab, one, events })));
  } catch (error) {
    findings.push(error instanceof Error ? error.message : String(error));
  }
  if (tripwire.report().tripped) findings.push('a protected flow was seen in the clear');
  if (findings.length > 0)
    findings.push(...lastWords(events), ...(await dropsOf(lab)), ...(await complaintsOf(lab, one)));
  await lab.down();
  return { name: one.name, findings, milliseconds: performance.now() - began };
}

function load(one: InteropCase): Topology {
  const { topology, diagnostics } = loadTopology('interop.yaml', topologyText(one));
  if (topology === null) throw new Error(`${one.name}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return topology;
}

/** What bob has said of packets that he could not send or take; libreswan, of what it does. */
async function complaintsOf(lab: RunningLab, one: InteropCase): Promise<string[]> {
  return (await logOf({ lab, one }))
    .split('\n')
    .filter(line => (one.other === 'libreswan' ? / #\d+: / : /\[ESP\]|\[KNL\].*(?:fail|unable|no )/).test(line))
    .slice(-8)
    .map(line => `  bob's log: ${line}`);
}

async function dropsOf(lab: RunningLab): Promise<string[]> {
  const engines = (await lab.status()).filter(({ drops }) => Object.keys(drops).length > 0);
  return engines.map(({ name, drops }) => `  ${name} dropped: ${JSON.stringify(drops)}`);
}

const lastWords = (events: readonly LabEvent[]): string[] =>
  events.slice(-6).map(({ node, kind, detail }) => `  ${node}: ${kind}: ${detail}`);
