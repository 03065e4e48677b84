import type { RunningLab } from '../drivers/driver.ts';
import type { FlowSighting, Tripwire } from '../capture/tripwire.ts';
import { counted, type EvidenceFrame } from './result.ts';

/** What is said of every run, whatever it was about. */
export interface RunJudgement {
  /**
   * `tripped`: a protected flow was seen in the clear, and the run has failed. `inconclusive`: none was seen, but the capture
   * lost frames of a link that was watched.
   */
  readonly kind: 'clean' | 'tripped' | 'inconclusive';
  /** One sentence each. */
  readonly lines: readonly string[];
  readonly evidence: readonly EvidenceFrame[];
}

/** After the run's last packet, before the lab goes down. */
export function judgeRun(lab: RunningLab, tripwire: Tripwire): RunJudgement {
  const report = tripwire.report();
  const leaks = report.flows.filter(sighting => sighting.clearPackets > 0);
  const losses = Object.entries(lab.captureLosses()).filter(([, lost]) => lost > 0);
  const watched = new Set(report.flows.map(sighting => sighting.link));
  const lossLines = losses.map(([link, lost]) => `the capture lost ${counted(lost, 'frame')} of ${link}`);
  if (leaks.length > 0)
    return { kind: 'tripped', lines: [...leaks.map(leakLine), ...lossLines], evidence: leaks.flatMap(evidenceOf) };
  if (losses.some(([link]) => watched.has(link))) return { kind: 'inconclusive', lines: lossLines, evidence: [] };
  const flows = new Set(report.flows.map(sighting => sighting.flow)).size;
  const clean =
    flows === 0
      ? 'no flow is protected here'
      : `none of ${counted(flows, 'protected flow')} in the clear on ${counted(watched.size, 'link')}`;
  return { kind: 'clean', lines: [clean, ...lossLines], evidence: [] };
}

function leakLine({ flow, link, clearPackets, offences }: FlowSighting): string {
  const first = offences[0]?.how ?? 'bare';
  return `${flow.a} <-> ${flow.b} in the clear on ${link}: ${counted(clearPackets, 'packet')}, the first one ${first} (${flow.because})`;
}

const evidenceOf = ({ flow, offences }: FlowSighting): EvidenceFrame[] =>
  offences.map(({ packet, how }) => ({
    packet,
    says: `a packet of ${flow.a} <-> ${flow.b} in the clear (${how}); ${flow.because} protects it`,
  }));
