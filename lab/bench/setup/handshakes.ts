import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB } from '../live/sites.ts';
import { CHILD, CONNECTION } from './setup-plan.ts';
import type { IkeWatch } from './ike-watch.ts';

export interface HandshakeOrder {
  /** How many are made before those that count: what a program does for the first time it does slowly. */
  readonly warmUp: number;
  readonly rounds: number;
}

export interface MeasuredHandshakes {
  /** Of each in its order, warm-up first. */
  readonly ns: readonly number[];
  /** What the processes of both gateways have used for each that counts, to set it up and to close it again; nanoseconds. */
  readonly cpuNs: number;
}

/** Sets up an IKE SA with one child and closes it, again and again: one at a time, as no gateway with many peers would. */
export async function measureHandshakes(
  ground: BenchGround,
  watch: IkeWatch,
  { warmUp, rounds }: HandshakeOrder,
): Promise<MeasuredHandshakes> {
  let before = gatewaySeconds(ground);
  for (let round = 0; round < warmUp + rounds; round++) {
    if (round === warmUp) before = gatewaySeconds(ground);
    await connect(ground, watch);
    await disconnect(ground);
  }
  return { ns: watch.handshakesNs(), cpuNs: ((gatewaySeconds(ground) - before) / rounds) * 1e9 };
}

/** Resolves when both ends have their Child SA. */
export async function connect(ground: BenchGround, watch: IkeWatch): Promise<void> {
  const seen = watch.handshakesNs().length;
  await ground.lab.ikeCommand(ALICE.gateway, { kind: 'initiate', child: CHILD });
  // Nobody is asked anything while it is measured.
  await ground.until('an IKE SA on the wire', () => watch.handshakesNs().length > seen);
  await ground.until('a Child SA at both ends', async () => (await children(ground)) === '1 1');
}

export async function disconnect(ground: BenchGround): Promise<void> {
  await ground.lab.ikeCommand(ALICE.gateway, { kind: 'terminate', ike: CONNECTION });
  await ground.until('no IKE SA at either end', async () => (await children(ground)) === '- -');
}

/** How many children each end has; `-` where it has no IKE SA. */
async function children({ lab }: BenchGround): Promise<string> {
  const all = await lab.ike();
  return all
    .map(({ status: { sas } }) => (sas.length === 0 ? '-' : sas.reduce((sum, sa) => sum + sa.children.length, 0)))
    .join(' ');
}

function gatewaySeconds(ground: BenchGround): number {
  const gateways: readonly string[] = [ALICE.gateway, BOB.gateway];
  return ground
    .processTimes()
    .filter(({ node }) => gateways.includes(node))
    .reduce((sum, { userSeconds, systemSeconds }) => sum + userSeconds + systemSeconds, 0);
}
