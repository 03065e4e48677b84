import { didYouMean } from '../../engine/config/suggest.ts';
import { addToDatabase, exportFromDatabase, removeFromDatabase } from './ikecert-change.ts';
import { createKey } from './ikecert-key.ts';
import { listDatabase } from './ikecert-list.ts';
import type { Database } from './certificate-store.ts';
import { wrong } from './effect.ts';
import { hasOption, type Options, optionValue, readOptions } from './options.ts';
import type { SystemPlan } from './system.ts';

const EXAMPLE =
  'ikecert certlocal -ks -m 2048 -t rsa-sha1 -D "C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN"';
const USAGE = [
  'usage: ikecert certlocal -ks|-kc -m <bits> -t <type> -D <name> [-A <altname>]... [-S <from>] [-F <to>] [-f pem|hex]',
  '       ikecert certlocal -a|-l|-e|-r [-v] [<slot>]    private keys',
  '       ikecert certdb    -a|-l|-e|-r [-v] [<cert>]    certificates',
  '       ikecert certrldb  -a|-l|-e|-r [-v] [<slot>]    lists of revoked certificates',
];
const DATABASES = ['certlocal', 'certdb', 'certrldb'] as const;
/** A word of nothing but blanks is what a backslash with blanks behind it leaves of a line that was to go on. */
const isWord = (word: string): boolean => word.trim() !== '' || word === '';

/** ikecert(8): the keys and certificates of a node, in its files. `argv` without its name. */
export function ikecert(argv: readonly string[]): SystemPlan {
  const [word, ...rest] = argv.filter(isWord);
  if (word === undefined) return wrong(USAGE);
  if (word === 'tokens') return wrong('ikecert: no PKCS#11 library is here: keys are in files');
  const database = DATABASES.find(each => each === word);
  if (database === undefined)
    return wrong([`ikecert: unknown subcommand '${word}'`, `  fix: ${didYouMean(word, DATABASES, '')}`]);
  const reading = readOptions(rest, 'aelrhkscvpm:t:D:A:S:F:f:T:U:C:L:');
  if (reading.kind === 'wrong') return wrong([`ikecert: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  if (optionValue(options, 'T') !== null) return wrong('ikecert: -T: no PKCS#11 token is here: keys are in files');
  return planFor(database, options);
}

function planFor(database: Database, options: Options): SystemPlan {
  const asked = ['a', 'e', 'l', 'r', 'k'].filter(letter => hasOption(options, letter));
  const [what] = asked;
  if (asked.length !== 1 || what === undefined) {
    return wrong([
      `ikecert: ${asked.length === 0 ? 'what is to be done?' : `-${asked.join(' and -')} exclude each other`}`,
      ...USAGE,
    ]);
  }
  const [pattern = null, ...more] = options.operands;
  const stray = what === 'k' ? pattern : (more[0] ?? null);
  if (stray !== null)
    return wrong([
      `ikecert: what is ${stray}?`,
      '  fix: a name with blanks stands in quotes',
      `  for instance: ${EXAMPLE}`,
    ]);
  switch (what) {
    case 'k':
      if (database !== 'certlocal') return wrong(['ikecert: keys are made in certlocal', `  for instance: ${EXAMPLE}`]);
      return createKey(options);
    case 'l':
      return listDatabase(database, pattern, { isVerbose: hasOption(options, 'v') });
    case 'a':
      return addToDatabase(database);
    case 'e':
      return exportFromDatabase(database, pattern);
    default:
      return removeFromDatabase(database, pattern);
  }
}
