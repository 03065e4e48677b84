import { writeSync } from 'node:fs';
import { measureLive } from './measure.ts';
import { livePlans } from './plan.ts';

/** The first process of a pod: measures one plan after the other, and prints a JSON line of each. Started by bench/live-handshakes.ts. */
const rounds = Number(process.argv[2]);
for (const plan of livePlans()) {
  writeSync(1, `${JSON.stringify({ plan, result: await measureLive(plan, rounds) })}\n`);
}
process.exit(0);
