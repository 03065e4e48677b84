import { IMIX, PACKET_SIZES } from '../generator/sizes.ts';
import { bringUpSubject } from '../live/bring-up.ts';
import type { BenchGround } from '../live/ground.ts';
import { ALICE, LAN_MTU } from '../live/sites.ts';
import type { EspRate } from '../raw/esp-rate.ts';
import type { MeasuredFigure } from '../record.ts';
import { type CipherRow, cipherRows } from './cipher-plan.ts';
import type { PlannedSubject, Profile, ProfileOptions, TurnContext } from './profile.ts';
import { figure, lossyRateFigures, type MeasuredSites, overheadFigures, streamFigures } from './site-figures.ts';

const QUICK_ROUNDS = 5;
const ROUNDS = 10;
/** A process that has just started is slow for most of a second: the warm-up that is dropped is half of it at most. */
const STREAM_SECONDS = 2;
/** Of sealing, and again of opening, packets of one size. */
const RAW_SECONDS = 0.01;

export const ciphers: Profile = {
  name: 'ciphers',
  summary:
    'every cipher of this engine and AH, with what they cost beside a tunnel alone; modes, families, packet sizes',
  plan: options => ({
    subjects: cipherRows(options).map(row => planned(row, options)),
    rounds: options.quick ? QUICK_ROUNDS : ROUNDS,
  }),
};

function planned(row: CipherRow, options: ProfileOptions): PlannedSubject {
  const { name, title, subject, parameters } = row;
  return {
    name,
    title,
    obstacle: () => subject.obstacle(parameters),
    secondsPerTurn: options.quick ? 3.2 : 5.8,
    async measure(context) {
      const ground = await bringUpSubject(context.up, subject, parameters);
      const ceiling = row.ceiling === null ? null : `ciphers/${row.ceiling}`;
      const sites: MeasuredSites = { ground, subject, parameters, id: `ciphers/${name}`, ceiling };
      const figures: MeasuredFigure[] = [];
      if (context.round === 0) figures.push(...(await overheadFigures(sites, [64, 512, LAN_MTU])));
      if (parameters.cipher !== 'none') figures.push(...(await rawFigures(sites, context, options)));
      context.say('one TCP stream');
      figures.push(...(await streamFigures(sites, ALICE, { seconds: STREAM_SECONDS, packetOctets: LAN_MTU })));
      // Behind the stream, which warms the gateways: a trial is too short to see more than a cold process.
      if (!options.quick) figures.push(...(await lossyRateFigures(sites, context, [64], IMIX, [512], [LAN_MTU])));
      return figures;
    },
  };
}

/** What the algorithms alone do on one processor: the ceiling of everything that moves packets besides. */
async function rawFigures(
  { ground, id, parameters }: MeasuredSites,
  { say }: TurnContext,
  { quick }: ProfileOptions,
): Promise<readonly MeasuredFigure[]> {
  say('the cipher alone');
  const rates = await rawRates(ground, parameters.cipher, quick ? [64, LAN_MTU] : PACKET_SIZES);
  return rates.flatMap(({ payloadOctets, sealedPerSecond, openedPerSecond }) =>
    (
      [
        ['seal', sealedPerSecond],
        ['open', openedPerSecond],
      ] as const
    ).map(([what, rate]) =>
      figure(
        { id, parameters, ceiling: null },
        `raw-${payloadOctets}/${what}`,
        { metric: `cipher alone, ${what}`, unit: 'packets/s', better: 'more' },
        rate,
        { octets: payloadOctets },
      ),
    ),
  );
}

async function rawRates(ground: BenchGround, cipher: string, sizes: readonly number[]): Promise<readonly EspRate[]> {
  const program = ground.spawnOwn(ALICE.host, 'lab/bench/raw/main', [
    cipher,
    String(RAW_SECONDS),
    ...sizes.map(String),
  ]);
  let [said, wrong] = ['', ''];
  program.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  program.stderr?.on('data', (chunk: Buffer) => (wrong += chunk.toString()));
  const status = await new Promise(resolve => program.once('close', resolve));
  if (status !== 0) throw new Error(`${cipher} alone: ${wrong.trim()}`);
  return JSON.parse(said) as readonly EspRate[];
}
