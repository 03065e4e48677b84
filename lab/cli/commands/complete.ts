import type { Command } from 'commander';
import { listLabFolders } from '../../state/record.ts';
import { stateRoot } from '../../state/root.ts';
import { commandNames } from '../../system/commands.ts';
import { shippedTopologies } from '../../topology/shipped.ts';
import type { CommandContext } from '../command.ts';
import { isUp, type LiveFolder } from '../find-lab.ts';
import { FAULT_KINDS } from '../fault-words.ts';
import { knownSuites } from './test.ts';

/** Asked by the shells' scripts (commands/completion.ts): candidates for the last word, one a line. */
export function define(command: Command, context: CommandContext): void {
  command.argument('[words...]').action(async (words: string[]) => {
    for (const candidate of await candidates(words, context)) context.terminal.data(candidate);
  });
}

async function candidates(words: readonly string[], context: CommandContext): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const program = await context.loadProgram(before);
  const command = program.commands.find(found => found.name() === before[0]);
  const all =
    before.length === 0
      ? program.commands.filter(found => found.name() !== '__complete').map(found => found.name())
      : command === undefined || (before.includes('--') && before.at(-1) !== '--')
        ? []
        : inside(
            command,
            before.filter(word => word !== '--'),
            current,
          );
  return all.filter(candidate => candidate.startsWith(current));
}

function inside(command: Command, before: readonly string[], current: string): string[] {
  const option = command.options.find(found => found.long === before.at(-1) && found.required);
  if (option !== undefined) return option.long === '--lab' ? labs() : [...(option.argChoices ?? [])];
  if (current.startsWith('-')) {
    const given = new Set(before);
    return command.options.flatMap(found => (found.long === undefined || given.has(found.long) ? [] : [found.long]));
  }
  const operands = before.slice(1).filter(word => !word.startsWith('-')).length;
  return ARGUMENTS[command.name()]?.(operands) ?? [];
}

const PKI = 'ca crl intermediate issue key list ocsp request revoke self-signed show verify'.split(' ');

/** What may stand at the n-th place after the command, from 0. */
const ARGUMENTS: Readonly<Record<string, (place: number) => string[]>> = {
  up: place => (place === 0 ? shippedNames() : []),
  graph: place => (place === 0 ? shippedNames() : []),
  validate: () => shippedNames(),
  'diff-policy': place => (place < 2 ? shippedNames() : []),
  exec: place => (place === 0 ? namesOf(lab => lab.record.nodes) : place === 1 ? [...commandNames(), 'nc'] : []),
  shell: place => (place === 0 ? namesOf(lab => lab.record.nodes) : []),
  test: () => knownSuites(),
  explain: place => (place < 3 ? namesOf(lab => lab.record.nodes) : ['tcp', 'udp', 'icmp']),
  ike: place =>
    place === 0
      ? namesOf(lab => lab.record.nodes)
      : place === 1
        ? ['initiate', 'terminate', 'rekey', 'reauthenticate', 'redirect']
        : [],
  fault: place =>
    place === 0 ? [...FAULT_KINDS] : place === 1 ? namesOf(lab => [...lab.record.nodes, ...lab.record.links]) : [],
  bundle: place => (place === 0 ? labs() : []),
  restart: () => namesOf(lab => lab.record.nodes),
  capture: place => (place === 0 ? namesOf(lab => lab.record.links) : []),
  status: place => (place === 0 ? labs() : []),
  check: place => (place === 0 ? labs() : []),
  down: () => labs(),
  pki: place => (place === 0 ? PKI : []),
  completion: () => ['bash', 'zsh', 'fish'],
};

const shippedNames = (): string[] => shippedTopologies().map(({ name }) => name);

function labs(): string[] {
  return listLabFolders(stateRoot()).map(folder => folder.name);
}

const namesOf = (pick: (lab: LiveFolder) => readonly string[]): string[] => [
  ...new Set(listLabFolders(stateRoot()).filter(isUp).flatMap(pick)),
];
