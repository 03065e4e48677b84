/**
 * The step of `npm run build` after the compiler: joins what each program of a lab needs into few files, under dist/bundle. A lab
 * starts several processes, and each of them would spend more time on finding hundreds of modules than on anything else. The tree
 * under dist stays what it is, and is what runs where it is newer than the bundle (engine/host/program.ts).
 */
import { readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const dist = join(import.meta.dirname, '../dist');
const target = join(dist, 'bundle');

/** Programs, and modules that programs load by path: these share their parts with them. */
const ENTRIES = [
  'lab/cli/main',
  'lab/supervisor/main',
  'lab/drivers/netns/http-main',
  'lab/drivers/netns/errand-main',
  'lab/drivers/swarm/agent-main',
  'lab/drivers/netns/middle-main',
  'lab/bench/profiles/main',
  'lab/subjects/all-subjects',
  'engine/host/main',
  'engine/host/ike-worker',
];
/** A lab that runs while it is built anew may still want parts of the build before. */
const KEPT_MS = 10 * 60_000;

const began = Date.now();
const [ofEngine, ofCommand] = await Promise.all([modulesOf('engine/host/main'), modulesOf('lab/cli/main')]);
const build = await rolldown({
  input: Object.fromEntries(ENTRIES.map(entry => [entry, join(dist, `${entry}.js`)])),
  platform: 'node',
  // Loaded only by who asks a Docker daemon something, and too intertwined with itself to be joined.
  external: ['dockerode'],
});
const { output } = await build.write({
  dir: target,
  chunkFileNames: 'part/[name]-[hash].js',
  // What an engine loads is one part: a large lab starts a hundred of them. What `lab --help` needs as well stays apart.
  codeSplitting: { groups: [{ name: 'engine', test: id => ofEngine.has(id) && !ofCommand.has(id) }] },
});
await build.close();

const written = new Set(output.map(({ fileName }) => fileName));
for (const name of readdirSync(join(target, 'part'))) {
  const file = join(target, 'part', name);
  if (!written.has(`part/${name}`) && statSync(file).mtimeMs < began - KEPT_MS) rmSync(file);
}
// As new as what it was made of, or newer: this is how it is known to be.
utimesSync(target, new Date(), new Date());

/** The modules that a program loads when it starts, itself not among them: whoever shares them must not run it. */
async function modulesOf(entry) {
  const alone = await rolldown({ input: join(dist, `${entry}.js`), platform: 'node', external: ['dockerode'] });
  const { output } = await alone.generate();
  await alone.close();
  const chunks = new Map(output.map(chunk => [chunk.fileName, chunk]));
  const found = new Set();
  const visited = new Set();
  const visit = name => {
    const chunk = chunks.get(name);
    if (chunk === undefined || visited.has(name)) return;
    visited.add(name);
    for (const id of chunk.moduleIds) found.add(id);
    chunk.imports.forEach(visit);
  };
  visit(output.find(({ isEntry }) => isEntry).fileName);
  found.delete(join(dist, `${entry}.js`));
  return found;
}
