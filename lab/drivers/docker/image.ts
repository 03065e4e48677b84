import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { MachineObstacle } from '../machine-obstacle.ts';
import { obstacleOf, statusOf } from './daemon.ts';
import { imageName, packageContent } from './image-content.ts';
import { BUILD_LABEL } from './labels.ts';
import { fillRootFolder } from './root-folder.ts';

const MIB = 2 ** 20;

/** The name of the image that this build's nodes run in. Rejects with a `MachineObstacle` where there is none. */
export async function requireImage(docker: Docker): Promise<string> {
  const name = imageName();
  try {
    await docker.getImage(name).inspect();
    return name;
  } catch (error) {
    if (statusOf(error) !== 404) throw obstacleOf(error, `the daemon does not tell of ${name}`);
    throw new MachineObstacle(`there is no image of nodes for this build of ipsec-lab (${name})`, 'lab image build');
  }
}

export interface BuiltImage {
  readonly name: string;
  readonly octets: number;
}

/** Makes the image out of what this machine has: no registry, no network. One of the same name is replaced. */
export async function buildImage(docker: Docker, onProgress: (text: string) => void): Promise<BuiltImage> {
  const content = packageContent();
  const name = imageName(content.build);
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-image-'));
  try {
    onProgress('collecting programs and their libraries');
    await fillRootFolder(folder, content);
    const [repo, tag] = name.split(':');
    const answer = await docker.importImage(
      tarOf(folder, octets => onProgress(`${Math.round(octets / MIB)} MB sent`)),
      {
        repo,
        tag,
        changes: `LABEL ${BUILD_LABEL}=${content.build}`,
      },
    );
    await endOf(docker, answer);
    return { name, octets: (await docker.getImage(name).inspect()).Size };
  } catch (error) {
    throw obstacleOf(error, 'the image of nodes cannot be built');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the images of all builds that no container uses; their names. */
export async function removeImages(docker: Docker): Promise<readonly string[]> {
  const images = await docker.listImages({ filters: { label: [BUILD_LABEL] } });
  const removed: string[] = [];
  for (const { Id, RepoTags } of images) {
    try {
      await docker.getImage(Id).remove({ force: false });
      removed.push(RepoTags?.[0] ?? Id);
    } catch (error) {
      if (statusOf(error) !== 409) throw obstacleOf(error, `the image ${Id} cannot be removed`); // 409: a container has it
    }
  }
  return removed;
}

/** A tar of a folder, owned by root; `onOctets` hears how much of it has been read. */
function tarOf(folder: string, onOctets: (octets: number) => void): NodeJS.ReadableStream {
  const tar = spawn('tar', ['-C', folder, '--owner=0', '--group=0', '--numeric-owner', '-c', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stream = new PassThrough();
  let octets = 0;
  tar.stdout.on('data', (chunk: Buffer) => {
    octets += chunk.length;
    onOctets(octets);
  });
  tar.on('error', error => stream.destroy(error));
  tar.on('close', status => {
    if (status !== 0) stream.destroy(new Error(`tar: status ${status}`));
  });
  tar.stdout.pipe(stream);
  return stream;
}

/** Reads the daemon's answer to its end, which is when the image is there. */
function endOf(docker: Docker, answer: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
