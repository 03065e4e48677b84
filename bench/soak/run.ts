import { parseArgs } from 'node:util';
import { whyNotLive } from '../../lab/cli/machine/live-capabilities.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { soakDifferential } from './differential.ts';
import { soakFilter } from './filter.ts';
import { soakFrames } from './frames.ts';
import { soakHostile } from './hostile.ts';
import { soakHour } from './hour.ts';
import { soakIkeFlood } from './ike-flood.ts';
import { soakIkeFuzz } from './ike-fuzz.ts';
import { soakIkeV1Fuzz } from './ike-v1-fuzz.ts';
import { soakInterop } from './interop.ts';
import { soakKills } from './kills.ts';
import { soakLabs } from './labs.ts';
import { personNamed, thisPerson } from './person.ts';
import { type Table, tableLines } from './report.ts';
import type { Subject } from './round.ts';
import { soakPolicies } from './policies.ts';
import { soakSwarm } from './swarm.ts';
import { soakTopologies } from './topologies.ts';

const USAGE = `npm run soak [-- PART…] [--seed TEXT] [--kills 50] [--interrupts 20] [--labs 20] [--deeds 100] [--driver sim|netns] [--user NAME]
    [--frames 1000000] [--hostile 10000000] [--mutations 100000] [--packets N] [--runs N] [--sample N] [--floods 1000000] [--messages N] [--trial NAME]
PART: hour, frames, hostile, topologies, differential (10000 packets), policies and filter (1000000 packets each), swarm (IKEv2, so many runs: 1000), swarm-v1 (IKEv1, 300), interop (strongSwan, live: the whole matrix, or a sample of it), ike-flood (so many first requests), ike-fuzz and ike-v1-fuzz (so many messages: 10000000 and 1000000, or the one trial that a finding names), kills, labs (so many at once, and so many random ups, downs and kills); without one: all. --user: an ordinary account, as whom netns is tried too when this runs as root.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    kills: { type: 'string', default: '50' },
    interrupts: { type: 'string', default: '20' },
    labs: { type: 'string', default: '20' },
    deeds: { type: 'string', default: '100' },
    frames: { type: 'string', default: '1000000' },
    hostile: { type: 'string', default: '10000000' },
    mutations: { type: 'string', default: '100000' },
    packets: { type: 'string' },
    runs: { type: 'string' },
    sample: { type: 'string' },
    floods: { type: 'string', default: '1000000' },
    messages: { type: 'string' },
    trial: { type: 'string' },
    driver: { type: 'string' },
    user: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const PARTS: Readonly<Record<string, () => Promise<Table> | Table>> = {
  hour: () => soakHour(thisPerson(), values.seed),
  frames: () => soakFrames(Number(values.frames), values.seed, progress),
  hostile: () => soakHostile(Number(values.hostile), values.seed, progress),
  topologies: () => soakTopologies(Number(values.mutations), createSeededRandom(values.seed).u32(), progress),
  differential: () => soakDifferential(Number(values.packets ?? 10_000), values.seed, progress),
  filter: () => soakFilter(Number(values.packets ?? 1_000_000), values.seed, progress),
  policies: () => soakPolicies(Number(values.packets ?? 1_000_000), values.seed, progress),
  swarm: () => soakSwarm(Number(values.runs ?? 1000), values.seed, progress),
  'swarm-v1': () => soakSwarm(Number(values.runs ?? 300), values.seed, progress, 1),
  'ike-flood': () => soakIkeFlood(Number(values.floods), values.seed, progress),
  'ike-fuzz': () => soakIkeFuzz(Number(values.messages ?? 10_000_000), values.seed, progress, values.trial),
  'ike-v1-fuzz': () => soakIkeV1Fuzz(Number(values.messages ?? 1_000_000), values.seed, progress, values.trial),
  interop: () => soakInterop(values.sample === undefined ? null : Number(values.sample), progress),
  kills: () => soakKills(subjects(), killsOptions()),
  labs: () => soakLabs(labsOptions()),
};

async function main(): Promise<void> {
  const unknown = positionals.find(part => !(part in PARTS));
  if (values.help || unknown !== undefined) {
    print(USAGE);
    if (unknown !== undefined) process.exitCode = 2;
    return;
  }
  print(`seed ${values.seed}`);
  for (const [name, part] of Object.entries(PARTS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const table = await part();
    for (const line of tableLines(table)) print(line);
    print('');
    if (table.findings.length > 0) process.exitCode = 1;
  }
}

/** Of every driver that this machine can run. */
const labsOptions = () => ({
  labs: Number(values.labs),
  deeds: Number(values.deeds),
  drivers: [...new Set(subjects().map(({ driver }) => driver))],
  person: thisPerson(),
  seed: values.seed,
  onDeed: progress,
});

const killsOptions = () => ({
  kills: Number(values.kills),
  interrupts: Number(values.interrupts),
  seed: values.seed,
  onRound: progress,
});

/** Every driver that this machine can run, as everybody whom we can be; what is left out is said. */
function subjects(): Subject[] {
  const me = thisPerson();
  const all: Subject[] = [{ driver: 'sim', person: me }];
  const obstacle = whyNotLive();
  if (obstacle === null) all.push({ driver: 'netns', person: me });
  else print(`netns: skipped: ${obstacle.name}: ${obstacle.detail}; fix: ${obstacle.fix ?? 'none known'}`);
  if (me.uid === 0) {
    const other = values.user === undefined ? null : personNamed(values.user);
    if (other !== null) all.push({ driver: 'netns', person: other });
    else if (values.user === undefined)
      print('netns as an ordinary user: skipped; fix: --user NAME, or run this as one');
    else print(`netns as ${values.user}: skipped: no such account; fix: useradd ${values.user}`);
  }
  return all.filter(({ driver }) => values.driver === undefined || values.driver === driver);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
