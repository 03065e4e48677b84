import { startGenerator } from '../generator/generator.ts';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, BOB } from '../live/sites.ts';
import type { MeasuredFigure } from '../record.ts';
import { openEars } from '../setup/ears.ts';
import { connect, disconnect, type HandshakeOrder, measureHandshakes } from '../setup/handshakes.ts';
import { createIkeWatch, type IkeWatch } from '../setup/ike-watch.ts';
import { ALL_CASES, QUICK_CASES, type SetupCase, type SetupEnds, setupText, USUAL_CASE } from '../setup/setup-plan.ts';
import { measureFirstPacket, measureRekey, type SetupLab } from '../setup/traffic.ts';
import { strongswanMissing } from '../subjects/strongswan.ts';
import type { PlannedSubject, Profile, TurnContext } from './profile.ts';

interface SetupSubject extends SetupEnds {
  readonly name: string;
  readonly title: string;
}

const SAME: readonly SetupSubject[] = [
  { name: 'engine', title: 'this engine', initiator: 'engine', responder: 'engine' },
  { name: 'strongswan', title: 'strongSwan', initiator: 'strongswan', responder: 'strongswan' },
];
const MIXED: readonly SetupSubject[] = [
  { name: 'engine-strongswan', title: 'this engine calls strongSwan', initiator: 'engine', responder: 'strongswan' },
  { name: 'strongswan-engine', title: 'strongSwan calls this engine', initiator: 'strongswan', responder: 'engine' },
];

/** How much of everything. */
interface SetupPlan {
  readonly cases: readonly SetupCase[];
  readonly handshakes: HandshakeOrder;
  /** Of each stretch of traffic. */
  readonly trafficSeconds: number;
}

/** What is compiled before it runs is warm at once; this engine after hundreds of handshakes. */
const COMPILED_WARM_UP = 10;

const QUICK: SetupPlan = {
  cases: QUICK_CASES,
  handshakes: { warmUp: 300, rounds: 31 },
  trafficSeconds: 1,
};
const FULL: SetupPlan = {
  cases: ALL_CASES,
  handshakes: { warmUp: 1000, rounds: 101 },
  trafficSeconds: 3,
};

export const setup: Profile = {
  name: 'setup',
  summary: 'handshakes of IKEv2 by group and authentication, the first packet, and what a rekey does to traffic',
  plan: ({ quick }) => ({
    subjects: quick
      ? SAME.map(subject => planned(subject, QUICK))
      : [
          ...SAME.map(subject => planned(subject, FULL)),
          ...MIXED.map(subject => planned(subject, { ...FULL, cases: [USUAL_CASE] })),
        ],
    rounds: quick ? 3 : 10,
  }),
};

function planned(subject: SetupSubject, given: SetupPlan): PlannedSubject {
  const isOurs = subject.initiator === 'engine' && subject.responder === 'engine';
  const { rounds, warmUp } = given.handshakes;
  const isCompiled = subject.initiator === 'strongswan' && subject.responder === 'strongswan';
  const plan = { ...given, handshakes: { rounds, warmUp: isCompiled ? COMPILED_WARM_UP : warmUp } };
  return {
    name: subject.name,
    title: subject.title,
    obstacle: () => (isOurs ? null : strongswanMissing()),
    secondsPerTurn:
      4 * plan.trafficSeconds + plan.cases.length * (1 + (rounds + plan.handshakes.warmUp) * (isOurs ? 0.016 : 0.055)),
    async measure(context) {
      const figures: MeasuredFigure[] = [];
      for (const one of plan.cases) figures.push(...(await measureCase(subject, one, plan, context)));
      return figures;
    },
  };
}

async function measureCase(
  subject: SetupSubject,
  one: SetupCase,
  plan: SetupPlan,
  context: TurnContext,
): Promise<readonly MeasuredFigure[]> {
  const words = `${one.group}, ${one.authentication}`;
  context.say(words);
  const ground = await context.up(setupText(one, subject));
  const watch = createIkeWatch();
  const ears = openEars(ground, watch);
  try {
    const figures = await handshakeFigures(subject, one, plan, ground, watch);
    if (one !== USUAL_CASE) return figures;
    context.say(`${words}: first packet and rekeys`);
    return [...figures, ...(await trafficFigures(subject, plan, ground, watch))];
  } finally {
    for (const ear of ears) ear.close();
    await ground.down();
  }
}

async function handshakeFigures(
  { name }: SetupSubject,
  { group, authentication }: SetupCase,
  { handshakes }: SetupPlan,
  ground: BenchGround,
  watch: IkeWatch,
): Promise<MeasuredFigure[]> {
  const { ns, cpuNs } = await measureHandshakes(ground, watch, handshakes);
  const readings = ns.map(one => 1e9 / one);
  const counted = readings.slice(handshakes.warmUp).toSorted((a, b) => a - b);
  const told = { parameters: { group, authentication }, ceiling: null };
  const id = `setup/${name}/${group}-${authentication}`;
  return [
    {
      ...told,
      id: `${id}/handshakes`,
      metric: 'handshakes',
      unit: '1/s',
      better: 'more',
      sample: { value: counted[counted.length >> 1] ?? 0, readings, warmUpReadings: handshakes.warmUp },
    },
    { ...told, id: `${id}/cpu`, metric: 'CPU per handshake', unit: 'ns', better: 'less', sample: inOnePiece(cpuNs) },
  ];
}

async function trafficFigures(
  { name }: SetupSubject,
  { trafficSeconds }: SetupPlan,
  ground: BenchGround,
  watch: IkeWatch,
): Promise<MeasuredFigure[]> {
  const generator = await startGenerator(ground, { sender: ALICE.host, receiver: BOB.host });
  const lab: SetupLab = { ground, watch, generator };
  const less = { better: 'less', ceiling: null } as const;
  const figures: MeasuredFigure[] = [];
  // Once for warm-up: a gateway that has never carried a packet takes its time for that, and not for the tunnel.
  const readings = [await measureFirstPacket(lab, trafficSeconds), await measureFirstPacket(lab, trafficSeconds)];
  figures.push({
    ...less,
    id: `setup/${name}/first-packet`,
    metric: 'time to first packet',
    unit: 'ns',
    parameters: { ...USUAL_CASE },
    sample: { value: readings[1] ?? 0, readings, warmUpReadings: 1 },
  });
  await connect(ground, watch);
  for (const sa of ['nothing', 'child', 'ike'] as const) {
    const { gapNs, lost } = await measureRekey(lab, sa, trafficSeconds);
    const parameters = { ...USUAL_CASE, rekey: sa };
    const id = `setup/${name}/rekey-${sa}`;
    figures.push(
      { ...less, id: `${id}/gap`, metric: 'rekey gap', unit: 'ns', parameters, sample: inOnePiece(gapNs) },
      { ...less, id: `${id}/loss`, metric: 'rekey loss', unit: 'packets', parameters, sample: inOnePiece(lost) },
    );
  }
  await generator.close();
  await disconnect(ground);
  return figures;
}

const inOnePiece = (value: number): MeasuredFigure['sample'] => ({ value, readings: [], warmUpReadings: 0 });
