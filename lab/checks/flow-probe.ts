import type { RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import { flowOwners, type Owner } from './flow-owners.ts';
import { notAnswered, PING_OCTETS } from './reach.ts';
import { type Attempt, counted, type Witnesses } from './result.ts';

/** A check that holds a flow to what protects it on a link. */
export type FlowSpec = Extract<CheckSpec, { readonly kind: 'authenticated' | 'encrypted' }>;

/** How often to look whether the capture has caught up with a probe, and for how long. */
export const LOOK_EVERY_MS = 20;
export const LOOKS_MAX = 25;
export const EVIDENCE_FRAMES = 4;

/** What a check has sent of its own, so that silence cannot pass. */
export interface FlowProbe {
  /** Where the recorder stood before it. */
  readonly mark: number;
  /** `alice asked 10.0.1.2: answered`. */
  readonly says: string;
  /** Frames that the link's capture had lost before it. */
  readonly lossesBefore: number;
}

/** Sends an echo request from one owner of the flow's prefixes to another; in words why there is nobody to send it. */
export async function probeFlow(
  lab: RunningLab,
  { recorder }: Witnesses,
  spec: FlowSpec,
  timeoutMs: number,
): Promise<FlowProbe | string> {
  const owners = flowOwners(lab.topology, await lab.status(), spec.a, spec.b);
  if (typeof owners === 'string') return owners;
  const mark = recorder.mark();
  const lossesBefore = lossesOf(lab, spec);
  return { mark, lossesBefore, says: await asked(lab, owners, timeoutMs) };
}

/** null: the capture of the link has missed nothing since. */
export function captureGap(lab: RunningLab, spec: FlowSpec, probe: FlowProbe): Attempt | null {
  const lost = lossesOf(lab, spec) - probe.lossesBefore;
  if (lost === 0) return null;
  return { kind: 'again', why: `the capture lost ${counted(lost, 'frame')} of ${spec.link}: nothing is proven` };
}

const lossesOf = (lab: RunningLab, { link }: FlowSpec): number => lab.captureLosses()[link] ?? 0;

async function asked(lab: RunningLab, [from, to]: readonly [Owner, Owner], timeoutMs: number): Promise<string> {
  const ends = { from: from.node, to: to.address, toNode: to.node };
  const result = await lab.probe({ ...ends, timeoutMs, sizeOctets: PING_OCTETS, with: 'icmp', dontFragment: false });
  return `${from.node} asked ${to.address}: ${result.kind === 'answered' ? 'answered' : notAnswered(result, timeoutMs)}`;
}
