/**
 * The last step of `npm run build`: makes `npx lab` mean this checkout. npm would rather install a package's own command
 * into its cache first: that builds everything a second time, fails in a checkout that belongs to another user, and
 * stays broken when a build fails meanwhile. A command in node_modules/.bin it just runs; for that package.json must not
 * claim the same name (a global installation is called by the package's, `ipsec-lab`).
 */
import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../node_modules/.bin');
const link = join(folder, 'lab');
const target = '../../bin/lab.js';

if (!isLinked()) {
  mkdirSync(folder, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

function isLinked() {
  return lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === target;
}
