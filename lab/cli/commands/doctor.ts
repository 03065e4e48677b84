import type { Command } from 'commander';
import { ExitCode } from '../../state/failure.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { examineMachine } from '../machine/all-capabilities.ts';
import type { MachineCapability } from '../machine/capability.ts';
import type { Style } from '../terminal.ts';

const DESCRIPTION = `What this machine can do: each capability, and the command that brings what is missing.
Exit status 3 when no driver works.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab doctor', 'lab doctor --json | jq .drivers']))
    .action((options: { readonly json?: true }) => doctor(options, context));
}

async function doctor(options: { readonly json?: true }, { terminal, exit }: CommandContext): Promise<void> {
  terminal.progress('looking at this machine …');
  const report = await examineMachine();
  terminal.progress(null);
  const works = Object.values(report.drivers).some(Boolean);
  if (!works) exit(ExitCode.MACHINE_CANNOT);
  if (options.json) return terminal.data(JSON.stringify({ version: 1, ...report }));
  const groups = [
    ['all labs need', 'everything'],
    ['live labs (netns) need', 'netns'],
    ['labs in containers (docker) need what netns does, and', 'docker'],
    ['labs on a Docker Swarm (swarm) need what docker does, and', 'swarm'],
    ['labs in Mininet (mininet) need what netns does, and', 'mininet'],
    ['good to have', 'comfort'],
  ] as const;
  for (const [title, neededFor] of groups) {
    const found = report.capabilities.filter(capability => capability.neededFor === neededFor);
    if (found.length === 0) continue;
    terminal.data(terminal.style.bold(title));
    for (const line of found.flatMap(capability => capabilityLines(capability, terminal.style))) terminal.data(line);
    terminal.data('');
  }
  for (const [driver, ok] of Object.entries(report.drivers)) {
    terminal.data(
      `--driver ${driver.padEnd(7)} ${ok ? terminal.style.good('works') : terminal.style.bad('does not work')}`,
    );
  }
}

function capabilityLines(capability: MachineCapability, style: Style): string[] {
  const mark = capability.ok ? style.good('ok     ') : style.bad('missing');
  const line = `  ${mark}  ${capability.name.padEnd(16)} ${capability.detail}`;
  return capability.fix === null ? [line] : [line, `           fix: ${capability.fix}`];
}
