import type { ChildProposalConfig, IkeProposalConfig } from '../ike/config.ts';

/**
 * The proposals with one choice of each kind that these stand for, the preferred ones first. strongSwan's IKEv1 offers the first
 * of each kind in a proposal and leaves the others out (swanctl.conf(5), `proposals`).
 */
export function singleIkeProposals(proposals: readonly IkeProposalConfig[]): IkeProposalConfig[] {
  return distinct(singles(proposals).map(proposal => ({ ...proposal, prf: [] })));
}

/** The same of Child SAs; IKEv1 in strongSwan has no extended sequence numbers. */
export function singleChildProposals(proposals: readonly ChildProposalConfig[]): ChildProposalConfig[] {
  return distinct(singles(proposals).map(proposal => ({ ...proposal, esn: ['no'] })));
}

/** More than that no message would carry. */
const PROPOSALS_MAX = 64;

/** The same of any proposals, with all else as it is. */
export function singles<P extends Pick<IkeProposalConfig, 'encryption' | 'integrity' | 'keyExchange'>>(
  proposals: readonly P[],
): P[] {
  return proposals.flatMap(proposal =>
    choices(proposal.encryption).flatMap(encryption =>
      choices(proposal.integrity).flatMap(integrity =>
        choices(proposal.keyExchange).map(keyExchange => ({ ...proposal, encryption, integrity, keyExchange })),
      ),
    ),
  );
}

const choices = <T>(list: readonly T[]): (readonly T[])[] => (list.length === 0 ? [[]] : list.map(one => [one]));

function distinct<T>(all: readonly T[]): T[] {
  return [...new Map(all.map(each => [JSON.stringify(each), each])).values()].slice(0, PROPOSALS_MAX);
}
