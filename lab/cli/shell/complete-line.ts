import { candidatesAfter, USUAL_FILES } from '../../system/completion.ts';

/** How a node answers a command that only looks: its standard output. */
export type Ask = (argv: readonly string[]) => Promise<string>;

/** As readline wants it: what the word at the end of the line may become, and that word. */
export type Completion = [candidates: string[], word: string];

/** `more`: the shell's own commands, and the programs of the node's host. */
export async function completeLine(line: string, ask: Ask, more: readonly string[]): Promise<Completion> {
  const current = /[^\s;|&<>]*$/.exec(line)?.[0] ?? '';
  const before = line.slice(0, line.length - current.length);
  // What stands before the last `;`, `|` or `&` is another command.
  const typed = (/[^;|&]*$/.exec(before)?.[0] ?? '').replace(/([<>]+)/g, ' $1 ').split(/\s+/);
  const found = await candidates(
    typed.filter(word => word !== ''),
    current,
    ask,
    more,
  );
  const fitting = [...new Set(found)].filter(word => word.startsWith(current)).sort();
  // A blank behind the only one, so that the next word can follow; not behind a directory, or an assignment.
  const [only] = fitting;
  if (fitting.length === 1 && only !== undefined && !/[/=]$/.test(only)) return [[`${only} `], current];
  return [fitting, current];
}

async function candidates(
  typed: readonly string[],
  current: string,
  ask: Ask,
  more: readonly string[],
): Promise<readonly string[]> {
  const wanted = candidatesAfter(typed, more);
  switch (wanted.kind) {
    case 'words':
      return wanted.words;
    case 'asks':
      return linesOf(await ask(wanted.argv));
    case 'paths': {
      const directory = current.slice(0, current.lastIndexOf('/') + 1);
      if (directory === '') return [...USUAL_FILES];
      const bare = directory === '/' ? '/' : directory.slice(0, -1);
      const there = linesOf(await ask(['ls', '-l', bare])).flatMap(entry => {
        const name = /^([d-])\S+ .* (\S+)$/.exec(entry);
        return name === null ? [] : [`${directory}${name[2]}${name[1] === 'd' ? '/' : ''}`];
      });
      return [...there, ...USUAL_FILES.filter(path => path.startsWith(current))];
    }
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter(line => line !== '');
