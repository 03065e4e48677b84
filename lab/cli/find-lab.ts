import { existsSync } from 'node:fs';
import { badInput, type Failure } from '../state/failure.ts';
import { isAlive } from '../state/process.ts';
import { listLabFolders, type LabFolder, type LabRecord } from '../state/record.ts';
import { socketPath, stateRoot } from '../state/root.ts';
import { didYouMean } from '../../engine/config/suggest.ts';
import { printable } from './terminal.ts';

/** A lab whose supervisor lives. */
export interface LiveFolder extends LabFolder {
  readonly record: LabRecord;
}

/** The lab that is meant: by name, or the one that runs. A Failure that lists the choices otherwise. */
export function findLab(name: string | undefined): LiveFolder {
  const folders = listLabFolders(stateRoot());
  if (name !== undefined) return named(folders, name);
  const live = folders.filter(isUp);
  const [only, second] = live;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined) {
    const names = live.map(folder => folder.name).join(', ');
    throw badInput(`several labs run: ${names}`, `say which: --lab ${only.name}`);
  }
  const [dead] = folders;
  if (dead === undefined) throw badInput('no lab is running', 'lab up site-to-site');
  throw notThere(dead);
}

/** Lives, and answers. */
export const isUp = (folder: LabFolder): folder is LiveFolder =>
  isLive(folder) && existsSync(socketPath(folder.directory));

export function isLive(folder: LabFolder): folder is LiveFolder {
  return folder.record !== null && isAlive(folder.record.supervisor);
}

function named(folders: readonly LabFolder[], name: string): LiveFolder {
  const found = folders.find(folder => folder.name === name);
  if (found === undefined) {
    const names = folders.map(folder => folder.name);
    throw badInput(`there is no lab "${printable(name)}"`, didYouMean(name, names, 'lab up site-to-site'));
  }
  if (isUp(found)) return found;
  throw notThere(found);
}

function notThere(folder: LabFolder): Failure {
  if (isLive(folder) || isAlive(folder.record?.creator ?? null)) {
    return badInput(`lab "${folder.name}" is still coming up`, 'wait until its lab up says that it is there');
  }
  return badInput(
    `lab "${folder.name}" was killed and runs no more (its log: ${folder.directory}/supervisor.log)`,
    `lab down ${folder.name} removes what is left of it`,
  );
}

/** The name, when the lab has such a node (or link); a Failure with a did-you-mean otherwise. */
export function checkName(what: 'node' | 'link', name: string, lab: LiveFolder): string {
  const names = what === 'node' ? lab.record.nodes : lab.record.links;
  if (names.includes(name)) return name;
  throw badInput(`lab "${lab.name}" has no ${what} "${printable(name)}"`, didYouMean(name, names, `lab status`));
}
