import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { badInput } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import { commandNames } from '../../system/commands.ts';
import { parseShellLine, withoutPrompt } from '../../system/shell-line.ts';
import { connectLab } from '../client.ts';
import { type CommandContext, examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { Kept } from '../exec-result.ts';
import { checkName, findLab } from '../find-lab.ts';
import { completeLine } from '../shell/complete-line.ts';
import { editText } from '../shell/edit.ts';
import { Lines } from '../shell/lines.ts';
import { BUILTIN_NAMES, type Console, type Outcome, Session } from '../shell/session.ts';

const DESCRIPTION = `A prompt on a node, with history and completion; lines from a file or a pipe as well.
What is typed runs as by lab exec. Files of the node are its own: vi FILE edits one, and < > >> << and | work with them.`;
const HELP = `Commands of the node: ${[...commandNames()].join(' ')}
Of this shell: ${BUILTIN_NAMES.join(' ')}
vi FILE edits a file of the node; < > >> << | ; && || are as in sh. Ctrl-D ends what a command reads, and the shell.
`;
const HISTORY_MAX = 1000;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<node>', 'a node of the lab')
    .option(...LAB_OPTION)
    .option('-c, --command <line>', 'run this line instead')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(['lab shell alice', 'lab shell alice < commands', 'lab shell alice -c "dladm show-iptun"']),
    )
    .action((node: string, options: Options) => shell(node, options, context));
}

interface Options {
  readonly lab?: string;
  readonly command?: string;
  readonly json?: true;
}

async function shell(node: string, options: Options, context: CommandContext): Promise<void> {
  const lab = findLab(options.lab);
  checkName('node', node, lab);
  const client = connectLab(socketPath(lab.directory));
  const isTerminal = options.command === undefined && isatty(0) && isatty(1);
  const historyFile = join(lab.directory, `shell-${node}.history`);
  const kept = options.json === true ? { stdout: new Kept(), stderr: '' } : null;
  if (kept !== null && options.command === undefined)
    throw badInput('--json is for one line', `lab shell ${node} --json -c "dladm show-iptun"`);
  let isAtPrompt = true;
  const lines = new Lines({
    input: process.stdin,
    output: process.stdout,
    isTerminal,
    history: isTerminal ? readHistory(historyFile) : [],
    complete: line => completeLine(line, argv => session.ask(argv), [...BUILTIN_NAMES, 'ping', 'traceroute', 'nc']),
    interrupted: () => {
      process.stdout.write('^C\n');
      if (isAtPrompt) lines.release({ kind: 'interrupted' });
      else session.interrupt();
    },
  });
  const console: Console = {
    isInteractive: isTerminal,
    stdout: octets => {
      if (kept === null) process.stdout.write(octets);
      else kept.stdout.push(octets);
    },
    stderr: text => {
      if (kept === null) process.stderr.write(text);
      else kept.stderr += text;
    },
    inputLine: async () => {
      const line = await lines.next('');
      return line.kind === 'line' ? line.text : null;
    },
    endInput: () => lines.release({ kind: 'end' }),
    edit: async (path, text) => {
      if (!isTerminal) {
        process.stderr.write(`vi: no terminal: lab exec ${node} -- tee ${path} < FILE\n`);
        return null;
      }
      lines.close();
      return editText(path, text);
    },
  };
  const session = new Session(node, client, console);
  if (options.command !== undefined) {
    const { status } = await typed(options.command, session, lines);
    context.exit(status);
    if (kept !== null) {
      const [stdout, stderr] = [kept.stdout.octets().toString('utf8'), kept.stderr];
      context.terminal.data(JSON.stringify({ node, command: options.command, exitStatus: status, stdout, stderr }));
    }
    return;
  }
  for (;;) {
    isAtPrompt = true;
    const text = await wholeLine(node, lines);
    if (text === null) break;
    isAtPrompt = false;
    const outcome = await typed(text, session, lines);
    if (outcome.exit) break;
  }
  if (isTerminal) writeFileSync(historyFile, lines.history.slice(0, HISTORY_MAX).join('\n'), { mode: 0o600 });
  lines.close();
  context.exit(session.status);
}

/** Until quotes are closed and here-documents at their end; null: it is over. */
async function wholeLine(node: string, lines: Lines): Promise<string | null> {
  let text = '';
  for (let prompt = `${node} # `; ; prompt = '> ') {
    const line = await lines.next(prompt);
    if (line.kind === 'interrupted') return '';
    if (line.kind === 'end') return text === '' ? null : text;
    text += line.text;
    const whole = withoutPrompt(text, node, isCommand);
    if (parseShellLine(whole).kind !== 'incomplete') return whole;
  }
}

const isCommand = (word: string): boolean => commandNames().includes(word) || BUILTIN_NAMES.includes(word);

async function typed(text: string, session: Session, lines: Lines): Promise<Outcome> {
  const line = parseShellLine(text);
  if (line.kind !== 'line') {
    process.stderr.write(`${line.kind === 'wrong' ? line.why : 'unexpected end of input'}\n`);
    session.status = 2;
    return { status: 2, exit: false };
  }
  const word = line.pipelines[0]?.commands[0]?.argv[0];
  if (word === 'help') process.stdout.write(HELP);
  else if (word === 'history')
    process.stdout.write(
      [...lines.history]
        .reverse()
        .map((each, i) => `${String(i + 1).padStart(5)}  ${each}\n`)
        .join(''),
    );
  else return session.run(line.pipelines);
  return { status: 0, exit: false };
}

const readHistory = (file: string): readonly string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => line !== '')
    : [];
