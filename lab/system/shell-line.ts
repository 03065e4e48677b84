/** What somebody types at a prompt, as far as sh(1) has it: words and quotes, `;`, `&&`, `||`, `|`, `<`, `>`, `>>` and `<<`. */
export type ShellLine =
  | { readonly kind: 'line'; readonly pipelines: readonly Pipeline[] }
  /** A quote, a pipe, a here-document or a line that goes on is not at its end. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'wrong'; readonly why: string };

export interface Pipeline {
  /** Whether it runs, by how the one before it ended. */
  readonly when: 'always' | 'afterSuccess' | 'afterFailure';
  readonly commands: readonly ShellCommand[];
}

export interface ShellCommand {
  /** Never empty. */
  readonly argv: readonly string[];
  readonly input: { readonly kind: 'file' | 'text'; readonly value: string } | null;
  readonly output: { readonly path: string; readonly appends: boolean } | null;
}

/** A backslash at the end of a line joins the next one to it, also where blanks have crept in behind it. */
const CONTINUED = /\\[ \t]*\r?\n/g;

/** Reads what has been typed so far; lines end with a newline, the last one may lack it. */
export function parseShellLine(typed: string): ShellLine {
  if (/\\[ \t]*\r?\n?$/.test(typed)) return { kind: 'incomplete' };
  const cut = cutTokens(typed.replace(CONTINUED, ' '));
  return cut.kind === 'tokens' ? pipelinesOf(cut.tokens) : cut;
}

/** Without the prompt that was copied with it: `alice # ` of a guide, or `# ` alone before a command that there is. */
export function withoutPrompt(typed: string, node: string, isCommand: (word: string) => boolean): string {
  const [, own, rest = ''] = /^\s*([\w-]+)\s+[#$]\s+(.*)$/s.exec(typed) ?? [];
  if (own === node) return rest;
  const bare = /^\s*[#$]\s+((\S+).*)$/s.exec(typed);
  const word = bare?.[2] ?? '';
  return bare !== null && isCommand(word.slice(word.lastIndexOf('/') + 1)) ? (bare[1] ?? '') : typed;
}

type Token = { readonly kind: 'word' | 'operator' | 'text'; readonly text: string };
type Cut = { readonly kind: 'tokens'; readonly tokens: readonly Token[] } | { readonly kind: 'incomplete' };

const OPERATORS = ['&&', '||', '>>', '<<', ';', '|', '<', '>', '\n'] as const;

function cutTokens(text: string): Cut {
  const tokens: Token[] = [];
  let word: string | null = null;
  const close = () => {
    if (word !== null) tokens.push({ kind: 'word', text: word });
    word = null;
  };
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '#' && word === null) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (character === '\\') {
      word = (word ?? '') + text.charAt(at + 1);
      at += 2;
      continue;
    }
    if (character === "'" || character === '"') {
      const quoted = quotedPart(text, at);
      if (quoted === null) return { kind: 'incomplete' };
      word = (word ?? '') + quoted.value;
      at = quoted.end;
      continue;
    }
    const operator = OPERATORS.find(each => text.startsWith(each, at));
    if (operator === undefined) {
      if (/\s/.test(character)) close();
      else word = (word ?? '') + character;
      at += 1;
      continue;
    }
    close();
    at += operator.length;
    if (operator === '<<') {
      const here = hereDocument(text, at);
      if (here === null) return { kind: 'incomplete' };
      tokens.push({ kind: 'operator', text: '<<' }, { kind: 'text', text: here.body });
      // What stands behind the delimiter on its line comes first, then what is behind the document.
      const [rest, after] = [text.slice(here.lineFrom, here.lineTo), text.slice(here.end)];
      const more = cutTokens(`${rest}\n${after}`);
      return more.kind === 'incomplete' ? more : { kind: 'tokens', tokens: [...tokens, ...more.tokens] };
    }
    tokens.push({ kind: 'operator', text: operator === '\n' ? ';' : operator });
  }
  close();
  return { kind: 'tokens', tokens };
}

/** In double quotes a backslash takes away the meaning of `"`, `\`, `$` and a backquote. null: it does not end. */
function quotedPart(text: string, start: number): { readonly value: string; readonly end: number } | null {
  const quote = text.charAt(start);
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === quote) return { value, end: at + 1 };
    if (quote === '"' && character === '\\' && '"\\$`'.includes(text.charAt(at + 1))) {
      value += text.charAt(at + 1);
      at += 1;
    } else value += character;
  }
  return null;
}

interface HereDocument {
  readonly body: string;
  /** The rest of the line that names it. */
  readonly lineFrom: number;
  readonly lineTo: number;
  /** Behind its last line. */
  readonly end: number;
}

function hereDocument(text: string, start: number): HereDocument | null {
  const [whole, dash = '', , name = ''] = /^(-?)[ \t]*(['"]?)([^\s'";|<>&]+)\2/.exec(text.slice(start)) ?? [];
  if (whole === undefined) return null;
  const lineFrom = start + whole.length;
  const lineTo = text.indexOf('\n', lineFrom);
  if (lineTo < 0) return null;
  const body: string[] = [];
  for (let at = lineTo + 1; at <= text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end).replace(/\r$/, '');
    const bare = dash === '' ? line : line.replace(/^\t+/, '');
    if (bare === name) return { body: body.map(each => `${each}\n`).join(''), lineFrom, lineTo, end: end + 1 };
    if (newline < 0) return null;
    body.push(bare);
    at = end + 1;
  }
  return null;
}

interface Draft {
  argv: string[];
  input: ShellCommand['input'];
  output: ShellCommand['output'];
}

const emptyDraft = (): Draft => ({ argv: [], input: null, output: null });

function pipelinesOf(tokens: readonly Token[]): ShellLine {
  const pipelines: Pipeline[] = [];
  let when: Pipeline['when'] = 'always';
  let commands: ShellCommand[] = [];
  let draft = emptyDraft();
  const isBlank = () => draft.argv.length === 0 && draft.input === null && draft.output === null;
  const endCommand = (): boolean => {
    if (draft.argv.length === 0) return false;
    commands.push(draft);
    draft = emptyDraft();
    return true;
  };
  const endPipeline = (next: Pipeline['when']): boolean => {
    if (!(isBlank() && commands.length === 0) && !endCommand()) return false;
    if (commands.length > 0) pipelines.push({ when, commands });
    commands = [];
    when = next;
    return true;
  };
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    if (token.kind !== 'operator') {
      draft.argv.push(token.text);
      continue;
    }
    if (['<', '>', '>>', '<<'].includes(token.text)) {
      const target = tokens[at + 1];
      if (target === undefined || target.kind === 'operator') return unexpected(target?.text ?? 'newline');
      if (token.text === '<<') draft.input = { kind: 'text', value: target.text };
      else if (token.text === '<') draft.input = { kind: 'file', value: target.text };
      else draft.output = { path: target.text, appends: token.text === '>>' };
      at += 1;
    } else if (token.text === '|') {
      if (!endCommand()) return unexpected('|');
      if (at === tokens.length - 1) return { kind: 'incomplete' };
    } else {
      const next = token.text === '&&' ? 'afterSuccess' : token.text === '||' ? 'afterFailure' : 'always';
      if (next !== 'always' && isBlank()) return unexpected(token.text);
      if (!endPipeline(next)) return unexpected(token.text);
      if (next !== 'always' && at === tokens.length - 1) return { kind: 'incomplete' };
    }
  }
  return endPipeline('always') ? { kind: 'line', pipelines } : unexpected('newline');
}

const unexpected = (word: string): ShellLine => ({
  kind: 'wrong',
  why: `syntax error near unexpected token '${word}'`,
});
