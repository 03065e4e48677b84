import { basename } from 'node:path';
import { loadTopology } from '../topology/load.ts';
import type { Topology } from '../topology/model.ts';
import type { ReadBeside } from '../topology/resolve/native-files.ts';
import { topologyText } from '../topology/shipped.ts';
import type { Bundle } from './bundle.ts';
import { isBundleName } from './bundle.ts';
import type { TarFile } from './tar.ts';

const FOLDER = 'topology';

export interface TopologyFiles {
  /** That of the YAML, in a bundle. */
  readonly name: string;
  readonly files: readonly TarFile[];
  /** What they come to now. */
  readonly topology: Topology;
}

/** A topology's own file and all that it names beside it; a sentence where that cannot be bundled. */
export function collectTopology(file: string): TopologyFiles | string {
  const source = topologyText(file);
  if (source === null) return `${file} cannot be read any more`;
  const beside = new Map<string, string>();
  const read: ReadBeside = path => {
    const answer = source.read(path);
    if (answer.kind === 'text') beside.set(path, answer.text);
    return answer;
  };
  const { topology } = loadTopology(file, source.text, read);
  if (topology === null) return `${file} has errors by now (lab validate ${file})`;
  const own = basename(file);
  const texts = [[own, source.text] as const, ...beside];
  const files = texts.map(([path, text]) => ({ name: `${FOLDER}/${path}`, octets: Buffer.from(text) }));
  const odd = files.find(({ name }) => !isBundleName(name));
  if (odd !== undefined) return `"${odd.name.slice(FOLDER.length + 1)}" cannot be the name of a file in a bundle`;
  return { name: `${FOLDER}/${own}`, files, topology };
}

/** As `loadTopology` reads it from a bundle alone. */
export function topologyIn({ files }: Bundle, name: string): ReturnType<typeof loadTopology> {
  const textOf = (path: string): string | null => {
    const octets = files.get(path);
    return octets === undefined ? null : new TextDecoder().decode(octets);
  };
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  return loadTopology(name, textOf(name) ?? '', path => {
    const text = textOf(`${folder}${path}`);
    return text === null ? { kind: 'failed', why: 'is not in the bundle' } : { kind: 'text', text };
  });
}
