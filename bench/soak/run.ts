import { parseArgs } from 'node:util';
import { whyNotLive } from '../../lab/cli/machine/live-capabilities.ts';
import { soakKills } from './kills.ts';
import { personNamed, thisPerson } from './person.ts';
import { type Table, tableLines } from './report.ts';
import type { Subject } from './round.ts';

const USAGE = `npm run soak [-- PART…] [--seed TEXT] [--kills 50] [--interrupts 20] [--driver sim|netns] [--user NAME]
PART: kills, without one: all. --user: an ordinary account, as whom netns is tried too when this runs as root.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    kills: { type: 'string', default: '50' },
    interrupts: { type: 'string', default: '20' },
    driver: { type: 'string' },
    user: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const PARTS: Readonly<Record<string, () => Promise<Table> | Table>> = {
  kills: () => soakKills(subjects(), killsOptions()),
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

const killsOptions = () => ({
  kills: Number(values.kills),
  interrupts: Number(values.interrupts),
  seed: values.seed,
  onRound: (text: string) => void process.stderr.write(`${text}\n`),
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

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
