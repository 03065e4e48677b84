import { type Command, Argument } from 'commander';
import { basename } from 'node:path';
import { badInput } from '../../state/failure.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function define(command: Command, context: CommandContext): void {
  command
    .description('Print what makes your shell complete lab: commands, options, nodes, links, labs, topologies.')
    .addArgument(new Argument('[shell]', 'yours without it').choices(SHELLS))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'source <(lab completion bash)                        # this shell; put it into ~/.bashrc for all',
        'lab completion zsh > "${fpath[1]}/_lab"',
        'lab completion fish > ~/.config/fish/completions/lab.fish',
      ]),
    )
    .action((asked: Shell | undefined, options: { readonly json?: true }) => {
      const shell = asked ?? yourShell();
      const script = SCRIPTS[shell];
      context.terminal.data(options.json ? JSON.stringify({ shell, script }) : script);
    });
}

function yourShell(): Shell {
  const yours = basename(process.env['SHELL'] ?? '');
  const shell = SHELLS.find(known => known === yours);
  if (shell !== undefined) return shell;
  throw badInput('which shell is yours is not known here', `lab completion ${SHELLS.join('|')}`);
}

/** Each asks `lab __complete` with the words so far, the one at the cursor last; files where it has nothing to say. */
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_lab() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done \\
    < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _lab lab`,
  zsh: `#compdef lab
_lab() {
  local -a candidates
  candidates=("\${(@f)$(lab __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$candidates" ]]; then compadd -a candidates; else _files; fi
}
if [[ "$funcstack[1]" = "_lab" ]]; then _lab; else compdef _lab lab; fi`,
  fish: `function __lab_complete
  set -l words (commandline -opc)
  lab __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c lab -a '(__lab_complete)'`,
};
