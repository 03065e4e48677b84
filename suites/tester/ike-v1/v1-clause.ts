import { benchClause, type BenchClauseAbout } from '../../clause.ts';
import type { Bench } from '../bench.ts';
import { isakmpLegacy } from './legacy.ts';
import { TesterV1Peer } from './peer.ts';
import { negotiatedByV1, type V1Plan } from './plans.ts';

export type V1ClauseAbout = Omit<BenchClauseAbout, 'alice' | 'legacy'> & {
  /** How alice negotiates; as plans.ts has it where this is absent. */
  readonly plan?: V1Plan;
};

/** A clause about how alice negotiates by IKEv1 with the peer that the tester plays. */
export function v1Clause(
  id: string,
  { plan = {}, ...about }: V1ClauseAbout,
  body: (peer: TesterV1Peer, bench: Bench) => Promise<void>,
): void {
  const peers: TesterV1Peer[] = [];
  const legacy = () => isakmpLegacy(peers.flatMap(peer => peer.suitesUsed()));
  benchClause(id, { ...about, alice: negotiatedByV1(plan), legacy }, bench => {
    const peer = new TesterV1Peer(bench);
    peers.push(peer);
    return body(peer, bench);
  });
}
