import { mkdirSync, mkdtempSync } from 'node:fs';
import type { LabEvent } from '../../drivers/driver.ts';
import type { LiveOptions } from '../../drivers/netns/bring-up.ts';
import { createNetnsDriver } from '../../drivers/netns/netns-driver.ts';
import { loadTopology } from '../../topology/load.ts';
import type { BenchGround } from './ground.ts';
import { LiveGround } from './live-ground.ts';
import { ALICE, BOB } from './sites.ts';
import type { BenchSubject, SubjectParameters } from './subject.ts';

/** Of the pod, so that nothing of it is left when that ends. */
const FOLDERS = '/run/bench';

/** What explains that nothing passes. */
const TROUBLES = new Set(['died', 'notConfigured', 'commandRefused']);
const TROUBLES_MAX = 5;

/** Brings a topology up in the pod that this process is in: no capture, no checks. */
export async function bringUp(text: string, signal: AbortSignal, options: LiveOptions = {}): Promise<BenchGround> {
  signal.throwIfAborted();
  const { topology, diagnostics } = loadTopology('bench.yaml', text);
  if (topology === null) throw new Error(diagnostics.map(({ line, message }) => `${line}: ${message}`).join('; '));
  const troubles: string[] = [];
  const onEvent = ({ node, kind, detail }: LabEvent): void => {
    if (TROUBLES.has(kind) && troubles.length < TROUBLES_MAX) troubles.push(`${node ?? 'the lab'}: ${kind}: ${detail}`);
  };
  const context = { runId: process.env['IPSEC_LAB_RUN'] ?? 'bench', seed: '', onPacket: () => undefined, onEvent };
  const lab = await createNetnsDriver({ capture: 'none', ...options }).up(topology, context);
  mkdirSync(FOLDERS, { recursive: true, mode: 0o700 });
  return new LiveGround({ lab, folder: mkdtempSync(`${FOLDERS}/turn-`), signal, troubles: () => troubles });
}

/** Brings two sites up with what joins them. Resolves when a packet has gone from a1 to b1 and back. */
export async function bringUpSubject(
  up: (text: string) => Promise<BenchGround>,
  subject: BenchSubject,
  parameters: SubjectParameters,
): Promise<BenchGround> {
  const ground = await up(subject.topologyText(parameters));
  await subject.start?.(ground, parameters);
  const destination = BOB.hostAddress[parameters.inner];
  const ping = ['ping', '-n', '-q', '-c', '1', '-W', '0.2', destination];
  await ground.until(`${subject.name} carries no packet from ${ALICE.host} to ${destination}`, async () => {
    const { status } = await ground.run(ALICE.host, ping);
    return status === 0;
  });
  return ground;
}
