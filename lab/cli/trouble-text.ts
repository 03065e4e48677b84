import type { EventStatus } from '../supervisor/api.ts';
import { withPrefixes } from './ike-text.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

const FAILURES: ReadonlySet<string> = new Set([
  'notNegotiated',
  'authenticationFailed',
  'negotiationFailed',
  'peerFailed',
]);
/** A process has ended unasked; until the node is started again. */
const DEATHS: ReadonlySet<string> = new Set(['died', 'restartFailed', 'restartGivenUp']);
const STARTS: ReadonlySet<string> = new Set(['restarted', 'restart']);
/** What is going to fail, whatever succeeds now. */
const WARNINGS: ReadonlySet<string> = new Set(['certificateExpires']);
const SUCCESSES: ReadonlySet<string> = new Set(['ikeEstablished', 'childEstablished']);

/** Why something is not negotiated: of each kind the last that a node tells of, unless it has succeeded since. */
export function troubleTable(events: readonly EventStatus[]): string[] {
  const last = new Map<string, EventStatus>();
  for (const event of events) {
    if (SUCCESSES.has(event.kind)) for (const kind of [...FAILURES, 'filtered']) last.delete(`${event.node} ${kind}`);
    else if (STARTS.has(event.kind)) for (const kind of DEATHS) last.delete(`${event.node} ${kind}`);
    else if (WARNINGS.has(event.kind)) last.set(`${event.node} ${event.kind} ${event.detail}`, event);
    else if (FAILURES.has(event.kind) || DEATHS.has(event.kind) || isIkeFiltered(event))
      last.set(`${event.node} ${event.kind}`, event);
  }
  const rows = [...last.values()].map(({ kind, node, detail }) => [kind, node ?? '-', printable(withPrefixes(detail))]);
  const fixes = [...last.values()]
    .filter(isIkeFiltered)
    .map(({ node }) => `  fix: let IKE (UDP, ports 500 and 4500) and ESP of its peers pass the filter of ${node}`);
  return [...table(['TROUBLE', 'NODE', 'THE LAST ONE'], rows), ...fixes];
}

/** What works and should not be done any more, by node and connection: as it was said last. */
export function deprecatedTable(events: readonly EventStatus[]): string[] {
  const last = new Map<string, readonly [string, string, string]>();
  for (const { node, deprecated } of events) {
    if (deprecated === undefined) continue;
    const { connection, remarks } = deprecated;
    last.set(`${node} ${connection}`, [remarks.join('; '), node ?? '-', connection]);
  }
  return table(
    ['DEPRECATED', 'NODE', 'PEER'],
    [...last.values()].map(row => row.map(printable)),
  );
}

/** A filter that keeps IKE out: `… protocol 17 ports 500 > 500 in on net0: …`. */
const isIkeFiltered = ({ kind, detail }: EventStatus): boolean =>
  kind === 'filtered' && /\bprotocol 17 ports (?:(?:500|4500) > \d+|\d+ > (?:500|4500)) /.test(detail);
