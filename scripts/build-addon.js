/**
 * npm's `install` step: builds the native addon where the machine can. Without it the simulator works and live labs do
 * not, so a machine without a compiler is told what to install, and the installation goes on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const root = dirname(import.meta.dirname ?? new URL('.', import.meta.url).pathname);

const PACKAGES = [
  { command: process.env.CXX ?? 'g++', package: 'g++' },
  { command: process.env.MAKE ?? 'make', package: 'make' },
  { command: process.env.PYTHON ?? 'python3', package: 'python3' },
];

/** Where the shell would find a command; null: nowhere. */
function find(command) {
  if (command.includes('/')) return existsSync(command) ? command : null;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (existsSync(join(folder, command))) return join(folder, command);
  }
  return null;
}

/** npm brings node-gyp: it names it to its scripts, and keeps it beside itself. */
function findNodeGyp() {
  const named = process.env.npm_config_node_gyp;
  if (named && existsSync(named)) return named;
  const npm = find('npm');
  const candidates = [join(root, 'node_modules/node-gyp/bin/node-gyp.js')];
  if (npm) candidates.push(join(dirname(dirname(realpathSync(npm))), 'node_modules/node-gyp/bin/node-gyp.js'));
  return candidates.find(existsSync) ?? null;
}

/** The headers that came with this node binary, so that nothing is downloaded; else node-gyp fetches them. */
function headerArguments() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

/** null: built. Otherwise the reason why not. */
function build() {
  if (process.platform !== 'linux') return 'live labs need Linux';
  const missing = PACKAGES.filter(({ command }) => find(command) === null).map(entry => entry.package);
  if (missing.length > 0)
    return `missing: ${missing.join(', ')}\n  fix: apt-get install ${missing.join(' ')}, then npm rebuild`;
  const gyp = findNodeGyp();
  if (gyp === null) return 'node-gyp was not found\n  fix: run this through npm (npm rebuild), which brings it';
  for (const step of ['configure', 'build']) {
    const run = spawnSync(process.execPath, [gyp, step, ...headerArguments()], { cwd: root, encoding: 'utf8' });
    if (run.status !== 0) {
      const said = `${run.stdout ?? ''}${run.stderr ?? ''}`.trimEnd().split('\n').slice(-20).join('\n');
      return `node-gyp ${step} failed:\n${said}\n  fix: apt-get install g++ make python3, then npm rebuild`;
    }
  }
  return readdirSync(join(root, 'build/Release')).includes('ipsec_lab.node') ? null : 'node-gyp left no ipsec_lab.node';
}

const reason = build();
if (reason !== null) {
  console.warn(
    `ipsec-lab: the native addon was not built, so only simulated labs will run (lab doctor tells more).\n${reason}`,
  );
}
