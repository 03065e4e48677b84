import { type Effort, packetFigures, THOROUGH } from '../generator/packet-figures.ts';
import { startGenerator } from '../generator/generator.ts';
import { IMIX } from '../generator/sizes.ts';
import { bringUpSubject } from '../live/bring-up.ts';
import { ALICE, BOB } from '../live/sites.ts';
import { type BenchSubject, type SubjectParameters, USUAL } from '../live/subject.ts';
import type { MeasuredFigure } from '../record.ts';
import { engine, ipip } from '../subjects/engine.ts';
import { kernelEsp } from '../subjects/kernel-esp.ts';
import { openvpnStatic } from '../subjects/openvpn-static.ts';
import { openvpnTls } from '../subjects/openvpn-tls.ts';
import { plain } from '../subjects/plain.ts';
import { strongswan } from '../subjects/strongswan.ts';
import { wireguardGo } from '../subjects/wireguard-go.ts';
import type { PlannedSubject, Profile, ProfileOptions, TurnContext } from './profile.ts';
import {
  ends,
  lossyRateFigures,
  type MeasuredSites,
  overheadFigures,
  packetCpuFigures,
  streamFigures,
} from './site-figures.ts';

/** What no other subject can exceed. */
const CEILING = plain.name;

interface Compared {
  readonly subject: BenchSubject;
  readonly parameters: SubjectParameters;
  /** Not in a quick run. */
  readonly onlyFull?: true;
}

const CLEAR: SubjectParameters = { ...USUAL, cipher: 'none' };
/** In UDP, since that is what the tunnels of all others are made of. */
const IN_UDP: SubjectParameters = { ...USUAL, encapsulation: 'always' };

const COMPARED: readonly Compared[] = [
  { subject: plain, parameters: CLEAR },
  { subject: ipip, parameters: CLEAR },
  { subject: engine, parameters: IN_UDP },
  {
    subject: { ...engine, name: 'engine-esp', title: 'this engine, ESP without UDP' },
    parameters: USUAL,
    onlyFull: true,
  },
  { subject: strongswan, parameters: IN_UDP },
  { subject: openvpnStatic, parameters: { ...USUAL, cipher: 'aes128-sha256' } },
  { subject: openvpnTls, parameters: USUAL },
  { subject: wireguardGo, parameters: { ...USUAL, cipher: 'chacha20poly1305' } },
  { subject: kernelEsp, parameters: USUAL },
];

/** The largest that all of them carry whole: the device of kernel-libipsec takes no more. */
const LARGE_OCTETS = 1400;
const SMALL_OCTETS = 64;

/** A rate is found to within 6 %, once a round: rounds differ by more than that, and what it lacks they bring. */
const EFFORT: Effort = {
  ...THOROUGH,
  seconds: 0.25,
  warmUpSeconds: 0.1,
  silenceSeconds: 0.15,
  precision: 0.06,
  trialsPerRate: 1,
};
const STREAM_SECONDS = 3;

/** The fewest that a gate can tell anything by (`gate.ts`). */
const QUICK_ROUNDS = 6;
const ROUNDS = 10;

export const compare: Profile = {
  name: 'compare',
  summary: 'this engine, other implementations and plain forwarding, one after the other on the same two sites',
  plan: options => ({
    subjects: COMPARED.filter(({ onlyFull }) => onlyFull !== true || !options.quick).map(one => planned(one, options)),
    rounds: options.quick ? QUICK_ROUNDS : ROUNDS,
  }),
};

function planned({ subject, parameters }: Compared, options: ProfileOptions): PlannedSubject {
  return {
    name: subject.name,
    title: subject.title,
    obstacle: () => subject.obstacle(parameters),
    secondsPerTurn: options.quick ? 2.5 : 24,
    async measure(context) {
      const ground = await bringUpSubject(context.up, subject, parameters);
      const ceiling = subject.name === CEILING ? null : `compare/${CEILING}`;
      const sites: MeasuredSites = { ground, subject, parameters, id: `compare/${subject.name}`, ceiling };
      return options.quick ? measureQuickly(sites, context) : measureFully(sites, context);
    },
  };
}

async function measureQuickly(sites: MeasuredSites, context: TurnContext): Promise<readonly MeasuredFigure[]> {
  const overhead = await overheadOnce(sites, context);
  const rates = await lossyRateFigures(sites, context, [SMALL_OCTETS]);
  context.say('one TCP stream');
  return [...overhead, ...(await streamFigures(sites, ALICE, { seconds: 1, packetOctets: LARGE_OCTETS })), ...rates];
}

async function measureFully(sites: MeasuredSites, context: TurnContext): Promise<readonly MeasuredFigure[]> {
  const figures = [...(await overheadOnce(sites, context))];
  for (const from of [ALICE, BOB]) {
    context.say(`one TCP stream from ${from.host}`);
    figures.push(...(await streamFigures(sites, from, { seconds: STREAM_SECONDS, packetOctets: LARGE_OCTETS })));
  }
  const generator = await startGenerator(sites.ground, { sender: ALICE.host, receiver: BOB.host });
  for (const [name, packetOctets] of [
    [SMALL_OCTETS, [SMALL_OCTETS]],
    ['imix', IMIX.map(octets => Math.min(octets, LARGE_OCTETS))],
    [LARGE_OCTETS, [LARGE_OCTETS]],
  ] as const) {
    context.say(name === 'imix' ? 'a mix of packets' : `packets of ${name} octets`);
    const naming = {
      id: `${sites.id}/udp-${name}`,
      ceiling: sites.ceiling === null ? null : `${sites.ceiling}/udp-${name}`,
      parameters: { ...sites.parameters, octets: name },
    };
    const rates = await packetFigures(generator, { ...ends(sites), packetOctets }, EFFORT, naming);
    const ndr = rates.find(({ metric }) => metric === 'NDR')?.sample.value;
    figures.push(...rates, ...(ndr === undefined ? [] : await packetCpuFigures(sites, generator, packetOctets, ndr)));
  }
  await generator.close();
  return figures;
}

/** It is the same in each round. */
async function overheadOnce(sites: MeasuredSites, { round, say }: TurnContext): Promise<readonly MeasuredFigure[]> {
  if (round > 0) return [];
  say('overhead');
  return overheadFigures(sites, [SMALL_OCTETS, LARGE_OCTETS]);
}
