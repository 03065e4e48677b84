import { quoted } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import { findNode, type Scope } from './scope.ts';
import { interpolate } from './secrets.ts';

/** Whose SAs get keys that their policies, from native files, do not name. */
export interface Keyings {
  readonly all: readonly Keying[];
  find(a: string, b: string): Keying | null;
  /** Who has keys with that node. */
  peersOf(node: string): string[];
}

export interface Keying {
  readonly nodes: readonly [string, string];
  readonly secret: string | null;
  /** What to use where neither end says it. */
  readonly suites: { readonly esp: string; readonly ah: string };
  readonly place: Located<unknown>['place'];
}

const SUITES = { esp: 'aes256gcm16', ah: 'sha256' };

export function resolveKeyings(scope: Scope): Keyings {
  const all: Keying[] = [];
  for (const { between, key, place } of scope.text.keying?.items ?? []) {
    const secret = interpolate(scope, key);
    const nodes = nodesOf(scope, between);
    if (nodes === null) continue;
    if (find(all, ...nodes) !== null) {
      const message = `there is a keying between ${nodes.join(' and ')} already`;
      scope.report.error(place, message, 'keep one of the two');
      continue;
    }
    all.push({ nodes, secret, suites: SUITES, place });
  }
  return {
    all,
    find: (a, b) => find(all, a, b),
    peersOf: node => all.flatMap(({ nodes: [a, b] }) => (a === node ? [b] : b === node ? [a] : [])),
  };
}

function find(all: readonly Keying[], a: string, b: string): Keying | null {
  return all.find(({ nodes }) => nodes.includes(a) && nodes.includes(b)) ?? null;
}

type Between = NonNullable<Scope['text']['keying']>['items'][number]['between'];

function nodesOf(scope: Scope, { items, place, complete }: Between): readonly [string, string] | null {
  const found = items.map(item => findNode(scope, item, 'keying'));
  const [first, second, third] = found;
  if (complete && (second === undefined || third !== undefined)) {
    scope.report.error(place, `keying is between two nodes, not ${items.length}`, 'write between: [alice, bob]');
    return null;
  }
  if (first === undefined || second === undefined || first === null || second === null) return null;
  if (first === second) {
    scope.report.error(place, `${quoted(first.name)} has no keys with itself`, 'name two nodes');
    return null;
  }
  return [first.name, second.name];
}
