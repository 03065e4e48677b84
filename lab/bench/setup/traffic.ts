import type { TappedPacket } from '../../../engine/host/packet-tap.ts';
import { dissect, findLayer } from '../../../engine/wire/dissect.ts';
import type { Generator, TrialOrder } from '../generator/trial.ts';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB } from '../live/sites.ts';
import { openEar } from './ears.ts';
import { connect, disconnect } from './handshakes.ts';
import type { IkeWatch } from './ike-watch.ts';
import { CHILD, CONNECTION } from './setup-plan.ts';

/** Packets/s, so that a millisecond is seen and no gateway is busy with them. */
const RATE = 1000;
const PACKET_OCTETS = 128;

/** What is up, and what looks at it. */
export interface SetupLab {
  readonly ground: BenchGround;
  readonly watch: IkeWatch;
  readonly generator: Generator;
}

/**
 * How long it takes from the first datagram of IKE until a packet of a1 has arrived at b1, nanoseconds, where a1 sends all the time.
 * Nothing is up before, and nothing after.
 */
export async function measureFirstPacket({ ground, watch, generator }: SetupLab, seconds: number): Promise<number> {
  let arrivedAt: bigint | null = null;
  const ear = openEar(ground, BOB.host, 'eth0', packet => {
    if (arrivedAt === null && isProbe(packet)) arrivedAt = packet.at;
  });
  try {
    const trial = generator.trial({ ...FROM_A1, seconds });
    await ground.lab.sleep(BEFORE_MS);
    if (arrivedAt !== null) throw new Error('packets passed before there was a tunnel');
    await connect(ground, watch);
    await trial;
    ear.flush();
  } finally {
    ear.close();
  }
  await disconnect(ground);
  const beganAt = watch.lastBeganAt();
  if (beganAt === null || arrivedAt === null) throw new Error('no packet passed, although there was a tunnel');
  return Number(arrivedAt - beganAt);
}

/** What a rekey in the middle of traffic does to it. */
export interface MeasuredRekey {
  /** The longest time in which nothing arrived, nanoseconds: never less than the distance of two packets. */
  readonly gapNs: number;
  readonly lost: number;
}

/** With one IKE SA and one child up. `nothing`: the same traffic undisturbed, which is what a rekey is to be compared with. */
export async function measureRekey(
  { ground, watch, generator }: SetupLab,
  what: 'child' | 'ike' | 'nothing',
  seconds: number,
): Promise<MeasuredRekey> {
  const seen = watch.rekeyRequests();
  const trial = generator.trial({ ...FROM_A1, seconds });
  await ground.lab.sleep((seconds * 1000) / 2);
  if (what === 'child') await ground.lab.ikeCommand(ALICE.gateway, { kind: 'rekey', child: CHILD });
  if (what === 'ike') await ground.lab.ikeCommand(ALICE.gateway, { kind: 'rekey', ike: CONNECTION });
  const { counts, longestSilenceNs } = await trial;
  if (what !== 'nothing')
    await ground.until(`a rekey of the ${what} SA on the wire`, () => watch.rekeyRequests() > seen);
  return { gapNs: longestSilenceNs, lost: counts.lost };
}

const BEFORE_MS = 100;
const FROM_A1: Omit<TrialOrder, 'seconds'> = {
  source: ALICE.hostAddress[4],
  destination: BOB.hostAddress[4],
  packetOctets: [PACKET_OCTETS],
  rate: RATE,
  warmUpSeconds: 0,
};

const isProbe = ({ octets }: TappedPacket): boolean => findLayer(dissect(octets), 'udp') !== null;
