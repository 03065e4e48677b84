import type { ProcessorRecord } from '../../reports/bench-format.ts';

/** What makes ciphers and hashes fast, and the vectors that ChaCha20 uses, as /proc/cpuinfo names them. */
const X86 = 'adx aes avx avx2 avx512f avx512ifma bmi2 gfni pclmulqdq sha512 sha_ni ssse3 vaes vpclmulqdq'.split(' ');
const ARM64 = 'aes asimd pmull sha1 sha2 sha3 sha512 sve sve2'.split(' ');
const CRYPTO_INSTRUCTIONS: ReadonlySet<string> = new Set([...X86, ...ARM64]);

/** Reads the text of /proc/cpuinfo. Of processors that differ only instructions that all of them have are told, and the first one's name. */
export function readCpuInfo(text: string): ProcessorRecord {
  const processors = text
    .split(/\n\s*\n/)
    .map(fieldsOf)
    .filter(fields => fields.has('processor'));
  const words = processors.map(fields => new Set((fields.get('flags') ?? fields.get('Features') ?? '').split(/\s+/)));
  const [first] = words;
  const shared = [...(first ?? [])].filter(word => words.every(others => others.has(word)));
  return {
    model: modelOf(processors[0] ?? new Map()),
    processors: processors.length,
    cryptoInstructions: shared.filter(word => CRYPTO_INSTRUCTIONS.has(word)).sort(),
    virtual: shared.includes('hypervisor'),
  };
}

function fieldsOf(block: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** arm64 has numbers in place of a name. */
function modelOf(fields: ReadonlyMap<string, string>): string {
  const name = fields.get('model name');
  if (name !== undefined && name !== '') return name;
  const [implementer, part] = [fields.get('CPU implementer'), fields.get('CPU part')];
  return implementer === undefined || part === undefined ? 'unknown' : `implementer ${implementer} part ${part}`;
}
