import { formatDiagnostic } from '../diagnostic.ts';
import { readSetkeyStatements } from '../setkey.ts';
import { formatSad, formatSpd } from '../setkey-dump.ts';
import { getopt } from './getopt.ts';
import { stepsOf } from './setkey-step.ts';
import { command, complain, oneStep, say, type Tool, type ToolPlan, type ToolStep, usage } from './tool.ts';

const USAGE = `usage: setkey [-n] -c             statements from standard input
       setkey [-n] -f FILE        statements from a file
       setkey -D [-P]             show the SAs, or the policies
       setkey -F [-P]             remove all SAs, or all policies
       setkey -V                  show the version
`;

/**
 * setkey of KAME and ipsec-tools, to look at the SPD and the SAD of a node and to change them. `-k`, `-r`, `-v` and `-a` make no
 * difference here; `-l` and `-x`, which go on for ever, are not there.
 */
export const setkey: Tool = {
  plan: argv => {
    const given = getopt(argv, 'acDf:FhHknPrvV46?');
    if (given === null) return usage(USAGE);
    const options = new Map(given.options);
    const isAboutPolicies = options.has('P');
    if (options.has('?') || options.has('h')) return usage(USAGE);
    if (options.has('V')) return oneStep(() => say('setkey of ipsec-lab\n'));
    const file = options.get('f') ?? given.operands[0];
    const asked = [options.has('D'), options.has('F'), options.has('c'), file !== undefined].filter(Boolean).length;
    if (asked !== 1 || given.operands.length > (options.has('f') ? 0 : 1)) return usage(USAGE);
    if (options.has('D')) {
      return oneStep(({ status, unixSeconds }) =>
        say(isAboutPolicies ? formatSpd(status, unixSeconds) : formatSad(status, null, unixSeconds)),
      );
    }
    if (options.has('F')) {
      return oneStep(() => command(isAboutPolicies ? { kind: 'setPolicies', policies: [] } : { kind: 'flushSas' }));
    }
    return statementsFrom(file, options.has('n'));
  },
};

/** Nothing is carried out of a text with an error in it. */
function statementsFrom(file: string | undefined, isDry: boolean): ToolPlan {
  const name = file ?? 'stdin';
  return {
    kind: 'reads',
    source: file === undefined ? { kind: 'stdin' } : { kind: 'file', path: file },
    stepsFor: (text): readonly ToolStep[] => {
      const { statements, diagnostics } = readSetkeyStatements(name, text, { legacy: false });
      if (statements === null) return [() => complain(diagnostics.map(each => `${formatDiagnostic(each)}\n`).join(''))];
      return isDry ? [] : stepsOf(statements, name);
    },
  };
}
