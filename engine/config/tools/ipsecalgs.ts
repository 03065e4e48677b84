import type { EncryptionAlgorithm } from '../../crypto/encryption.ts';
import { encryptionAlgorithms } from '../../crypto/encryption.ts';
import { type IntegrityAlgorithm, integrityAlgorithms } from '../../crypto/integrity.ts';
import { ahTransformOf } from '../solaris-algorithms.ts';
import { getopt } from './getopt.ts';
import { oneStep, say, type Tool, usage } from './tool.ts';

const USAGE = `usage: ipsecalgs          the algorithms that the engine has
       ipsecalgs -l       the same
`;

/** ipsecalgs of Solaris and illumos, as far as it lists: the engine's algorithms are what they are. */
export const ipsecalgs: Tool = {
  plan: argv => {
    const given = getopt(argv, 'l');
    if (given === null || given.operands.length > 0) return usage(USAGE);
    return oneStep(() => say(formatAlgorithms()));
  },
};

/** Those that ipsecinit.conf can name, by protocol: AH's are those of ESP's integrity as well. */
function formatAlgorithms(): string {
  const ah = groupsOf(integrityAlgorithms().filter(isNamed)).map(group => algorithmText(2, group, macSizes(group)));
  const esp = groupsOf(encryptionAlgorithms().filter(isNamed)).map(group => algorithmText(3, group, blockSizes(group)));
  return `List of algorithms, grouped by IPsec protocol:

Protocol 2/AH (execution mode: sync)

${ah.join('')}Protocol 3/ESP (execution mode: sync)

${esp.join('')}`;
}

type Algorithm = EncryptionAlgorithm | IntegrityAlgorithm;

const isNamed = ({ names }: Algorithm): boolean => names.solaris.length > 0;

/** Each with all of its key lengths. */
function groupsOf<One extends Algorithm>(algorithms: readonly One[]): (readonly One[])[] {
  const groups = new Map<string, One[]>();
  for (const algorithm of algorithms) {
    const key = algorithm.names.solaris.join(',');
    groups.set(key, [...(groups.get(key) ?? []), algorithm]);
  }
  return [...groups.values()];
}

function algorithmText(protocol: 2 | 3, group: readonly Algorithm[], sizes: readonly number[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const number = protocol === 2 ? ahTransformOf(first.token) : first.ianaId;
  const flags = ['VALID', ...(first.legacy ? ['LEGACY'] : []), ...('aead' in first && first.aead ? ['COMBINED'] : [])];
  const isOff = first.unavailable !== null;
  return `	Protocol number: ${protocol}
	Algorithm number: ${number ?? 'none'}
	Algorithm names: ${first.names.solaris.join(',')}
	Mechanism Name: ${first.name}
	Block sizes or MAC sizes: ${sizes.join(', ')}
	Key sizes: ${keySizes(group).join(', ')}
	Algorithm flags: ${isOff ? `NOT AVAILABLE: ${first.unavailable}` : flags.join(' ')}

`;
}

const keySizes = (group: readonly Algorithm[]): number[] => group.map(({ keyOctets }) => keyOctets * 8);
const macSizes = (group: readonly IntegrityAlgorithm[]): number[] => [
  ...new Set(group.map(({ icvOctets }) => icvOctets)),
];
const blockSizes = (group: readonly EncryptionAlgorithm[]): number[] => [
  ...new Set(group.map(({ blockOctets }) => blockOctets)),
];
