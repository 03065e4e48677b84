import { formatDiagnostic } from '../diagnostic.ts';
import { formatPolicies } from '../ipsecconf-list.ts';
import { readIpsecinit } from '../ipsecinit.ts';
import { getopt } from './getopt.ts';
import { command, complain, oneStep, say, type Tool, usage } from './tool.ts';

const USAGE = `usage: ipsecconf -l [-i TUNNEL] [-n]    show the policies of the node, or of one tunnel
       ipsecconf -L [-n]                show those of the node and of every tunnel
       ipsecconf -f [-i TUNNEL]         remove the policies of the node, or of one tunnel
       ipsecconf -F                     remove all policies
       ipsecconf -c FILE                check the syntax of a file
`;

/**
 * ipsecconf of Solaris and illumos. Without options it shows all policies, as the cache of what was loaded does there. New ones
 * need keys as well, which a lab gives when it comes up: there is no `-a`.
 */
export const ipsecconf: Tool = {
  plan: argv => {
    const given = getopt(argv, 'lLnfFc:i:q');
    if (given === null || given.operands.length > 0) return usage(USAGE);
    const options = new Map(given.options);
    const commands = ['l', 'L', 'f', 'F', 'c'].filter(letter => options.has(letter));
    const tunnel = options.get('i');
    const [asked = 'L'] = commands;
    if (commands.length > 1 || (tunnel !== undefined && asked !== 'l' && asked !== 'f')) return usage(USAGE);
    if (options.has('n') && asked !== 'l' && asked !== 'L') return usage(USAGE);
    const numeric = options.has('n');
    switch (asked) {
      case 'c':
        return checkOf(options.get('c') ?? '');
      case 'F':
        return oneStep(() => command({ kind: 'setPolicies', policies: [] }));
      case 'f':
        return oneStep(({ status }) => {
          const all = status.policies.map(({ config }) => config);
          return command({ kind: 'setPolicies', policies: all.filter(policy => policy.tunnel !== (tunnel ?? null)) });
        });
      default:
        return oneStep(({ status }) => {
          if (tunnel !== undefined && !status.interfaces.some(({ name }) => name === tunnel)) {
            return complain(`ipsecconf: ${status.name} has no tunnel ${tunnel}\n`);
          }
          const of = asked === 'L' ? 'all' : tunnel === undefined ? 'node' : { tunnel };
          return say(formatPolicies(status, { of, numeric }));
        });
    }
  },
};

function checkOf(path: string): ReturnType<Tool['plan']> {
  return {
    kind: 'reads',
    source: { kind: 'file', path },
    stepsFor: text => {
      const { diagnostics } = readIpsecinit(path, text, { legacy: false });
      if (diagnostics.length === 0) return [];
      return [() => complain(diagnostics.map(each => `${formatDiagnostic(each)}\n`).join(''))];
    },
  };
}
