import { didYouMean, oneOf } from '../../engine/config/suggest.ts';
import { badInput } from '../state/failure.ts';
import type { LabStatus, LinkStatus } from '../supervisor/api.ts';
import type { FaultAction, Impairment } from '../topology/model.ts';
import { type Parsed, parseDuration, parsePercent, parseRate } from '../topology/quantity.ts';
import { printable } from './terminal.ts';

export const LINK_FAULTS = ['cut', 'heal', 'partition', 'impair'] as const;
export const NODE_FAULTS = ['kill', 'restart', 'pause', 'resume', 'rebind', 'skew'] as const;
export const FAULT_KINDS = [...LINK_FAULTS, ...NODE_FAULTS] as const;

/** What of an impairment may be said, as in a topology. */
export interface ImpairmentWords {
  readonly delay?: string;
  readonly jitter?: string;
  readonly loss?: string;
  readonly duplicate?: string;
  readonly reorder?: string;
  readonly corrupt?: string;
  readonly rate?: string;
  readonly queue?: string;
}

export interface FaultWords extends ImpairmentWords {
  /** One of FAULT_KINDS. */
  readonly kind: string;
  readonly target: string;
  /** Of `skew`: how far ahead. */
  readonly by: string | undefined;
  /** The end whose frames are meant. */
  readonly from?: string;
}

/** The actions that words come to in a lab as it is now. Throws a Failure with the fix. */
export function faultActions(words: FaultWords, { nodes, links }: LabStatus): FaultAction[] {
  const kind = FAULT_KINDS.find(known => known === words.kind);
  if (kind === undefined) {
    throw badInput(
      `"${printable(words.kind)}" is no fault`,
      didYouMean(words.kind, FAULT_KINDS, `use ${oneOf(FAULT_KINDS)}`),
    );
  }
  assertMeant(kind, words);
  switch (kind) {
    case 'cut':
    case 'heal':
    case 'partition':
    case 'impair':
      return linkActions(kind, linkNamed(words.target, links), words);
    case 'kill':
    case 'restart':
    case 'pause':
    case 'resume':
    case 'rebind':
    case 'skew':
      return [nodeAction(kind, nameAmong('node', words.target, nodes), words.by)];
  }
}

type LinkKind = (typeof LINK_FAULTS)[number];
type NodeKind = (typeof NODE_FAULTS)[number];

function linkActions(kind: LinkKind, link: LinkStatus, words: FaultWords): FaultAction[] {
  const { name } = link;
  switch (kind) {
    case 'cut':
      return [{ kind: 'linkDown', link: name }];
    case 'heal':
      return [
        { kind: 'heal', link: name },
        { kind: 'linkUp', link: name },
        { kind: 'impair', link: name, impairments: link.planned },
      ];
    case 'partition': {
      if (words.from === undefined)
        throw badInput('partition from which end?', `--from ${link.ends.join(' or --from ')}`);
      return [{ kind: 'partition', link: name, from: endNamed(words.from, link) }];
    }
    case 'impair': {
      const change = impairmentOf(words);
      const [there, back] = link.impairments;
      const from = words.from === undefined ? null : endNamed(words.from, link);
      const impairments = [
        from === null || from === link.ends[0] ? changed(there, change) : there,
        from === null || from === link.ends[1] ? changed(back, change) : back,
      ] as const;
      return [{ kind: 'impair', link: name, impairments }];
    }
  }
}

function nodeAction(kind: NodeKind, node: string, by: string | undefined): FaultAction {
  if (kind === 'kill') return { kind: 'crash', node };
  if (kind !== 'skew') return { kind, node };
  if (by === undefined) throw badInput('skew by how much?', `lab fault skew ${node} 90s, or -- -90s for behind`);
  return { kind: 'clockSkew', node, byNs: valueOf('a skew', by, parseDuration(by)) };
}

const CHANCES = ['loss', 'duplicate', 'reorder', 'corrupt'] as const;

/** What is said, and nothing else. */
function impairmentOf(words: ImpairmentWords): Partial<Impairment> {
  const change: Partial<{ -readonly [Field in keyof Impairment]: Impairment[Field] }> = {};
  if (words.delay !== undefined) change.delayNs = atLeastZero('delay', words.delay);
  if (words.jitter !== undefined) change.jitterNs = atLeastZero('jitter', words.jitter);
  for (const chance of CHANCES) {
    const text = words[chance];
    if (text !== undefined) change[chance] = valueOf(chance, text, parsePercent(text));
  }
  if (words.rate !== undefined) {
    change.rateBitsPerSecond = words.rate === 'none' ? null : valueOf('rate', words.rate, parseRate(words.rate));
  }
  if (words.queue !== undefined) change.queueFrames = frames(words.queue);
  if (Object.keys(change).length > 0) return change;
  throw badInput(
    'impair how?',
    'for instance: lab fault impair wan --loss 5% --delay 50ms; lab fault heal wan ends it',
  );
}

function changed(before: Impairment, change: Partial<Impairment>): Impairment {
  const after = { ...before, ...change };
  if (after.jitterNs <= after.delayNs) return after;
  throw badInput(
    'the jitter is larger than the delay: a frame cannot arrive before it is sent',
    `--delay ${after.jitterNs / 1e6}ms or more`,
  );
}

/** An option that the fault does not have says that something else was meant. */
function assertMeant(kind: string, words: FaultWords): void {
  const { kind: _, target: __, by, from, ...impairment } = words;
  const [option] = Object.entries(impairment).filter(([, value]) => value !== undefined);
  if (kind !== 'impair' && option !== undefined)
    throw badInput(`--${option[0]} goes with impair`, `lab fault impair LINK --${option[0]} ${option[1]}`);
  if (kind !== 'impair' && kind !== 'partition' && from !== undefined)
    throw badInput('--from goes with partition and impair', 'leave it out: both ways are meant');
  if (kind !== 'skew' && by !== undefined)
    throw badInput(`${kind} takes one name, and "${printable(by)}" is another`, 'one after the other');
}

function linkNamed(name: string, links: readonly LinkStatus[]): LinkStatus {
  nameAmong('link', name, links);
  const link = links.find(each => each.name === name);
  if (link === undefined) throw new Error(`link ${name} was there a moment ago`);
  return link;
}

function nameAmong(what: 'node' | 'link', name: string, all: readonly { readonly name: string }[]): string {
  const names = all.map(each => each.name);
  if (names.includes(name)) return name;
  throw badInput(`the lab has no ${what} "${printable(name)}"`, didYouMean(name, names, `name ${oneOf(names)}`));
}

/** `node:interface`, which may be told by its node. */
function endNamed(text: string, { name, ends }: LinkStatus): string {
  const end = ends.find(each => each === text || each.startsWith(`${text}:`));
  if (end !== undefined) return end;
  throw badInput(`link "${name}" has no end at "${printable(text)}"`, `--from ${ends.join(' or --from ')}`);
}

function atLeastZero(what: string, text: string): number {
  const value = valueOf(what, text, parseDuration(text));
  if (value >= 0) return value;
  throw badInput(`a ${what} of ${printable(text)} is less than nothing`, 'give 0 or more');
}

function frames(text: string): number {
  const count = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 100_000) return count;
  throw badInput(`a queue of "${printable(text)}"`, 'give a number of frames from 1 to 100000');
}

function valueOf(what: string, text: string, parsed: Parsed<number>): number {
  if (parsed.kind === 'good') return parsed.value;
  throw badInput(`${what}: "${printable(text)}" ${parsed.message}`, parsed.fix);
}
