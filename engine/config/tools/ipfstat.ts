import { formatBothLists, formatRules, formatStates, formatTotals, type ListOptions } from '../../filter/format.ts';
import { getopt } from './getopt.ts';
import { complain, oneStep, say, type Tool, usage } from './tool.ts';

const USAGE = `usage: ipfstat [-6]              packets passed and blocked
       ipfstat [-ahn] -i|-o|-io   the rules in use; -h: how often each matched, -n: numbers, -a: those that count
       ipfstat -s                 the state table
`;

/** ipfstat of IP Filter. IPv4 and IPv6 are of one list here, so `-4` and `-6` make no difference. */
export const ipfstat: Tool = {
  plan: argv => {
    const given = getopt(argv, 'iohnas46');
    if (given === null || given.operands.length > 0) return usage(USAGE);
    const has = (letter: string) => given.options.some(([own]) => own === letter);
    const options: ListOptions = { hits: has('h'), numbers: has('n'), accounting: has('a') };
    if (has('s') && (has('i') || has('o'))) return usage(USAGE);
    return oneStep(({ status }) => {
      if (status.filter === null) return complain(`ipfstat: ${status.name} has no IP filter\n`);
      const { filter } = status;
      if (has('s')) return say(formatStates(filter));
      if (has('i') && has('o')) return say(formatBothLists(filter, options));
      if (has('i') || has('o')) return say(formatRules(filter, has('i') ? 'in' : 'out', options));
      return say(formatTotals(filter));
    });
  },
};
