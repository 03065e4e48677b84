#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const main = new URL('../dist/lab/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('lab: it is not built yet\n  fix: npm ci, or npm run build after a change\n');
  process.exit(3);
}
// Node.js 22.1 and newer keep the compiled code between runs.
module.enableCompileCache?.();
const { run } = await import(main.href);
await run();
