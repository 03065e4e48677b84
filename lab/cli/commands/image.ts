import type { Command } from 'commander';
import { openDaemon, requireDaemon } from '../../drivers/docker/daemon.ts';
import { buildImage, removeImages } from '../../drivers/docker/image.ts';
import { imageName } from '../../drivers/docker/image-content.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';

const DESCRIPTION = `The image that the nodes of lab up --driver docker run. It is made of programs of this machine, this Node.js and this build of
the engine, without a registry or a network. Another build needs another image: its name tells which it is of.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .configureHelp({ showGlobalOptions: true })
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab image build',
        'docker build -t "$(lab image name)" -f lab/drivers/docker/Dockerfile .   # from a registry instead',
        'lab image remove',
      ]),
    );
  const isJson = (): boolean => command.opts<{ json?: true }>().json === true;
  command
    .command('build')
    .description('Build the image of this build of ipsec-lab.')
    .action(() => build(isJson(), context));
  command
    .command('name')
    .description('Print the name that the image has, or would have.')
    .action(() => {
      const name = imageName();
      context.terminal.data(isJson() ? JSON.stringify({ name }) : name);
    });
  command
    .command('remove')
    .description('Remove the images of all builds that no container uses.')
    .action(() => remove(isJson(), context));
}

const MB = 1e6;

async function build(json: boolean, { terminal }: CommandContext): Promise<void> {
  const began = performance.now();
  const docker = openDaemon();
  await requireDaemon(docker);
  const { name, octets } = await buildImage(docker, text => terminal.progress(`image: ${text} …`));
  terminal.progress(null);
  const seconds = (performance.now() - began) / 1000;
  if (json) return terminal.data(JSON.stringify({ name, octets, seconds: Number(seconds.toFixed(3)) }));
  terminal.data(`${name} is built (${Math.round(octets / MB)} MB, ${seconds.toFixed(1)} s)`);
}

async function remove(json: boolean, { terminal }: CommandContext): Promise<void> {
  const docker = openDaemon();
  await requireDaemon(docker);
  const removed = await removeImages(docker);
  if (json) return terminal.data(JSON.stringify({ removed }));
  for (const name of removed) terminal.data(`${name} removed`);
  if (removed.length === 0) terminal.data('nothing to remove');
}
