import type { RunningLab } from '../../lab/drivers/driver.ts';
import { createNetnsDriver } from '../../lab/drivers/netns/netns-driver.ts';
import { loadTopology } from '../../lab/topology/load.ts';
import { CHILD, type LiveHandshake, type LivePlan, liveTopologyText } from './plan.ts';
import { createHandshakeWatch } from './watch.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 2;

/** Brings both up inside a pod, lets alice call, takes all down, calls again. The first handshake is not counted. */
export async function measureLive(plan: LivePlan, rounds: number): Promise<LiveHandshake> {
  const { topology, diagnostics } = loadTopology('handshake.yaml', liveTopologyText(plan));
  if (topology === null) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const watch = createHandshakeWatch('wan');
  const lab = await createNetnsDriver().up(topology, {
    runId: process.env['IPSEC_LAB_RUN'] ?? 'handshake',
    seed: '',
    onPacket: packet => watch.see(packet),
    onEvent: () => undefined,
  });
  try {
    for (let round = 0; round <= rounds; round++) {
      await lab.ikeCommand('alice', { kind: 'initiate', child: CHILD });
      await until(lab, () => watch.milliseconds().length > round);
      await until(lab, async () => (await statesOf(lab)) === 'established established');
      await lab.ikeCommand('alice', { kind: 'terminate', ike: 'bob' });
      await until(lab, async () => (await statesOf(lab)) === '');
    }
  } finally {
    await lab.down();
  }
  const samples = watch
    .milliseconds()
    .slice(1)
    .sort((a, b) => a - b);
  const at = (index: number): number => samples[index] ?? Number.NaN;
  return { ms: at(samples.length >> 1), leastMs: at(0), mostMs: at(samples.length - 1), rounds: samples.length };
}

const statesOf = async (lab: RunningLab): Promise<string> =>
  (await lab.ike()).flatMap(({ status }) => status.sas.map(({ state }) => state)).join(' ');

async function until(lab: RunningLab, isIt: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isIt())) {
    if (performance.now() > end) throw new Error(`they did not get there in ${PATIENCE_MS / 1000} s`);
    await lab.sleep(PAUSE_MS);
  }
}
