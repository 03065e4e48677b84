import { writeSync } from 'node:fs';
import { interopCases } from './cases.ts';
import { trial } from './trial.ts';

/**
 * The first process of a pod: plays the cases whose numbers are its arguments, and prints a JSON line about each. Started by
 * bench/interop/matrix.ts.
 */
const cases = interopCases();
for (const argument of process.argv.slice(2)) {
  const one = cases[Number(argument)];
  if (one === undefined) throw new Error(`there is no case ${argument}`);
  // Written at once: whoever reads may want to see how far it is.
  writeSync(1, `${JSON.stringify(await trial(one))}\n`);
}
process.exit(0);
