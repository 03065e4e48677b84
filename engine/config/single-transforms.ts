import type { ChildProposalConfig, IkeProposalConfig } from '../ike/config.ts';

/**
 * The proposals with one choice of each kind that these stand for, the preferred ones first. strongSwan's IKEv1 offers the first
 * of each kind in a proposal and leaves the others out (swanctl.conf(5), `proposals`).
 */
export function singleIkeProposals(proposals: readonly IkeProposalConfig[]): IkeProposalConfig[] {
  const all = proposals.flatMap(proposal =>
    choices(proposal.encryption).flatMap(encryption =>
      choices(proposal.integrity).flatMap(integrity =>
        choices(proposal.keyExchange).map(keyExchange => ({
          ...proposal,
          encryption,
          integrity,
          keyExchange,
          prf: [],
        })),
      ),
    ),
  );
  return distinct(all);
}

/** The same of Child SAs; IKEv1 in strongSwan has no extended sequence numbers. */
export function singleChildProposals(proposals: readonly ChildProposalConfig[]): ChildProposalConfig[] {
  const all = proposals.flatMap(proposal =>
    choices(proposal.encryption).flatMap(encryption =>
      choices(proposal.integrity).flatMap(integrity =>
        choices(proposal.keyExchange).map(keyExchange => ({
          ...proposal,
          encryption,
          integrity,
          keyExchange,
          esn: ['no'] as const,
        })),
      ),
    ),
  );
  return distinct(all);
}

/** More than that no message would carry. */
const PROPOSALS_MAX = 64;

const choices = <T>(list: readonly T[]): (readonly T[])[] => (list.length === 0 ? [[]] : list.map(one => [one]));

function distinct<T>(all: readonly T[]): T[] {
  return [...new Map(all.map(each => [JSON.stringify(each), each])).values()].slice(0, PROPOSALS_MAX);
}
