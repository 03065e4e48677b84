#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';
import { pathToFileURL } from 'node:url';

const programs = new URL('../dist/engine/host/program.js', import.meta.url);
if (!existsSync(programs)) {
  process.stderr.write('lab: it is not built yet\n  fix: npm ci, or npm run build after a change\n');
  process.exit(3);
}
// Node.js 22.1 and newer keep the compiled code between runs.
module.enableCompileCache?.();
const { programFile } = await import(programs.href);
const { run } = await import(pathToFileURL(programFile('lab/cli/main')).href);
await run();
