import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
export const hasCryptography = spawnSync('/usr/bin/python3', ['-c', 'import cryptography']).status === 0;

/** Runs `openssl` in a folder with those files; its exit status and all that it said. */
export function openssl(
  files: Readonly<Record<string, Uint8Array | string>>,
  ...argv: readonly string[]
): { readonly status: number; readonly output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-pki-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = spawnSync('openssl', argv, { cwd: folder, encoding: 'utf8' });
    return { status: status ?? -1, output: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** What a script of python cryptography prints; `input` is on its standard input. */
export function cryptography(script: string, input = ''): string {
  return execFileSync('/usr/bin/python3', ['-c', script], { input, encoding: 'utf8', maxBuffer: 1 << 26 });
}

/** Runs `openssl` in a folder with those files, and reads some of those that it leaves. Throws with its words when it fails. */
export function opensslFiles(
  wanted: readonly string[],
  files: Readonly<Record<string, Uint8Array | string>>,
  argv: readonly string[],
): Buffer[] {
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-pki-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stderr } = spawnSync('openssl', argv, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${argv.join(' ')}: ${stderr}`);
    return wanted.map(name => readFileSync(join(folder, name)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
