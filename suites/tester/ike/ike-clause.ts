import { benchClause, type BenchClauseAbout } from '../../clause.ts';
import type { Bench } from '../bench.ts';
import { TesterPeer } from './peer.ts';
import { type IkePlan, negotiated } from './plans.ts';

export type IkeClauseAbout = Omit<BenchClauseAbout, 'alice'> & {
  /** How alice negotiates; as plans.ts has it where this is absent. */
  readonly plan?: IkePlan;
};

/** A clause about how alice negotiates with the peer that the tester plays. */
export function ikeClause(
  id: string,
  { plan = {}, ...about }: IkeClauseAbout,
  body: (peer: TesterPeer, bench: Bench) => Promise<void>,
): void {
  benchClause(id, { ...about, alice: negotiated(plan) }, bench => body(new TesterPeer(bench), bench));
}
