/**
 * POSIX ustar archives of regular files, and nothing else: no links, no devices, no folders, no extended headers. What other programs
 * write with those is refused by what it is called, not passed over.
 *
 *     0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1 | … |
 *     257 "ustar\0" "00" | … | 345 prefix 155 | 500 padding 12, then the octets, padded to 512; two zero blocks at the end.
 */
export interface TarFile {
  /** Relative, with slashes; ASCII. */
  readonly name: string;
  readonly octets: Uint8Array;
}

export interface TarLimits {
  readonly files: number;
  /** Of one name. */
  readonly nameOctets: number;
}

const BLOCK = 512;

/** Throws for a name of more than 100 octets. Owner, time and mode are always the same: the same files make the same octets. */
export function encodeTar(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap(({ name, octets }) => [headerOf(name, octets.length), octets, padding(octets.length)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The files in their order; a sentence that says what is wrong. The octets are views of the archive's. */
export function decodeTar(archive: Uint8Array, limits: TarLimits): TarFile[] | string {
  const files: TarFile[] = [];
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every(octet => octet === 0)) return files;
    const read = readHeader(header);
    if (typeof read === 'string') return read;
    if (files.length >= limits.files) return `it has more than ${limits.files} files`;
    if (read.name.length > limits.nameOctets) return 'a name in it is too long';
    const begin = at + BLOCK;
    if (begin + read.size > archive.length) return `it ends in the middle of ${read.name}`;
    files.push({ name: read.name, octets: archive.subarray(begin, begin + read.size) });
    at = begin + Math.ceil(read.size / BLOCK) * BLOCK;
  }
  return 'it ends too early';
}

function headerOf(name: string, size: number): Uint8Array {
  if (Buffer.byteLength(name) > 100) throw new Error(`a name of more than 100 octets: ${name}`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'latin1');
  header.write('0000600\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write(`${'0'.padStart(11, '0')}\0`, 136, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

const padding = (size: number): Uint8Array => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

function readHeader(header: Uint8Array): { readonly name: string; readonly size: number } | string {
  const block = Buffer.from(header);
  if (block.toString('latin1', 257, 262) !== 'ustar') return 'it is no tar archive';
  if (numberAt(block, 148, 8) !== checksumOf(block)) return 'a header in it is damaged';
  const prefix = textAt(block, 345, 155);
  const name = prefix === '' ? textAt(block, 0, 100) : `${prefix}/${textAt(block, 0, 100)}`;
  const type = block.toString('latin1', 156, 157);
  if (type !== '0' && type !== '\0') return `${JSON.stringify(name)} in it is no regular file`;
  const size = numberAt(block, 124, 12);
  return size === null ? 'a size in it is no number' : { name, size };
}

/** The sum of all octets of the header, those of the checksum itself taken as spaces. */
function checksumOf(header: Uint8Array): number {
  let sum = 0;
  for (const [at, octet] of header.entries()) sum += at >= 148 && at < 156 ? 32 : octet;
  return sum;
}

const textAt = (block: Buffer, at: number, length: number): string =>
  block.toString('latin1', at, at + length).replace(/\0.*$/s, '');

/** Octal digits; null for anything else, the binary sizes of GNU among it. */
function numberAt(block: Buffer, at: number, length: number): number | null {
  const text = textAt(block, at, length).trim();
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : null;
}
