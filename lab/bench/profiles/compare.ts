import { bringUpSubject } from '../live/bring-up.ts';
import { ALICE, BOB } from '../live/sites.ts';
import { type BenchSubject, type SubjectParameters, USUAL } from '../live/subject.ts';
import type { MeasuredFigure } from '../record.ts';
import { engine, ipip } from '../subjects/engine.ts';
import { plain } from '../subjects/plain.ts';
import type { PlannedSubject, Profile, ProfileOptions, TurnContext } from './profile.ts';
import { type MeasuredSites, overheadFigures, streamFigures } from './site-figures.ts';

/** What no other subject can exceed. */
const CEILING = plain.name;

interface Compared {
  readonly subject: BenchSubject;
  readonly parameters: SubjectParameters;
  /** Not in a quick run. */
  readonly onlyFull?: true;
}

/** ESP in UDP, since that is what all peers of this engine speak: their tunnels are datagrams of UDP. */
const IN_UDP: SubjectParameters = { ...USUAL, encapsulation: 'always' };
const CLEAR: SubjectParameters = { ...USUAL, cipher: 'none' };

const COMPARED: readonly Compared[] = [
  { subject: plain, parameters: CLEAR },
  { subject: ipip, parameters: CLEAR },
  { subject: engine, parameters: IN_UDP },
  {
    subject: { ...engine, name: 'engine-esp', title: 'this engine, ESP without UDP' },
    parameters: USUAL,
    onlyFull: true,
  },
];

export const compare: Profile = {
  name: 'compare',
  summary: 'this engine, other implementations and plain forwarding, one after the other on the same two sites',
  plan: options => ({
    subjects: COMPARED.filter(({ onlyFull }) => onlyFull !== true || !options.quick).map(one => planned(one, options)),
    rounds: options.quick ? 5 : 10,
  }),
};

function planned({ subject, parameters }: Compared, options: ProfileOptions): PlannedSubject {
  return {
    name: subject.name,
    title: subject.title,
    obstacle: () => subject.obstacle(parameters),
    secondsPerTurn: options.quick ? 3 : 60,
    measure: context => measure(subject, parameters, options, context),
  };
}

async function measure(
  subject: BenchSubject,
  parameters: SubjectParameters,
  { quick }: ProfileOptions,
  { say, up }: TurnContext,
): Promise<readonly MeasuredFigure[]> {
  const ground = await bringUpSubject(up, subject, parameters);
  const ceiling = subject.name === CEILING ? null : `compare/${CEILING}`;
  const sites: MeasuredSites = { ground, subject, parameters, id: `compare/${subject.name}`, ceiling };
  say('overhead');
  const figures = await overheadFigures(sites, quick ? [64, 1420] : [64, 512, 1420]);
  say('one TCP stream');
  figures.push(...(await streamFigures(sites, ALICE, quick ? 1 : 5)));
  if (!quick) figures.push(...(await streamFigures(sites, BOB, 5)));
  return figures;
}
