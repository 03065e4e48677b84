import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Has the user edit a text with $VISUAL, $EDITOR or vi, in a file of their own; null: nothing has changed. */
export async function editText(path: string, text: string): Promise<string | null> {
  const directory = mkdtempSync(join(tmpdir(), 'ipsec-lab-'));
  const file = join(directory, basename(path));
  try {
    writeFileSync(file, text, { mode: 0o600 });
    const editor = process.env.VISUAL || process.env.EDITOR || 'vi'; // an empty one is none
    const [program = 'vi', ...options] = editor.split(/\s+/).filter(word => word !== '');
    const child = spawn(program, [...options, file], { stdio: 'inherit' });
    const status = await new Promise<number>(resolve => {
      child.on('error', () => resolve(-1));
      child.on('close', code => resolve(code ?? 1));
    });
    if (status < 0) {
      process.stderr.write(`${program} cannot be run: say which editor is to be used in EDITOR\n`);
      return null;
    }
    const edited = readFileSync(file, 'utf8');
    return edited === text ? null : edited;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
