import { spawnSync } from 'node:child_process';

/** Ciphers that OpenSSL keeps in its legacy provider. */
export type RelicCipher = 'bf-cbc' | 'cast5-cbc';

/**
 * CBC without padding, computed by another process of this Node, which loads the legacy provider: tens of milliseconds each time, for
 * relics that nobody should meet often. The key goes by standard input: others see command lines.
 */
export function relicCbc(
  direction: 'encrypt' | 'decrypt',
  cipher: RelicCipher,
  { key, iv, text }: { readonly key: Uint8Array; readonly iv: Uint8Array; readonly text: Uint8Array },
): Uint8Array {
  const answer = run({ direction, cipher, key: hex(key), iv: hex(iv), text: hex(text) });
  if (answer === null) throw new Error(`this Node cannot compute ${cipher}`);
  return Uint8Array.from(Buffer.from(answer, 'hex'));
}

/** Whether this Node has a legacy provider to load. Asked once. */
export function hasRelics(): boolean {
  known ??=
    run({ direction: 'encrypt', cipher: 'bf-cbc', key: '00'.repeat(16), iv: '00'.repeat(8), text: '' }) !== null;
  return known;
}

let known: boolean | null = null;

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const SCRIPT = `
const { createCipheriv, createDecipheriv } = require('node:crypto');
const input = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const [key, iv, text] = [input.key, input.iv, input.text].map(each => Buffer.from(each, 'hex'));
const make = input.direction === 'encrypt' ? createCipheriv : createDecipheriv;
const cipher = make(input.cipher, key, iv).setAutoPadding(false);
process.stdout.write(cipher.update(text, undefined, 'hex') + cipher.final('hex') + '.');
`;

/** null: it failed. */
function run(input: Readonly<Record<string, string>>): string | null {
  const options = { input: JSON.stringify(input), encoding: 'utf8', maxBuffer: 1 << 22 } as const;
  const { status, stdout } = spawnSync(process.execPath, ['--openssl-legacy-provider', '-e', SCRIPT], options);
  return status === 0 && stdout.endsWith('.') ? stdout.slice(0, -1) : null;
}
