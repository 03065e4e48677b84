import { GsoType, ReceiveWords, SendWords } from '../native/addon.ts';
import type { Offload } from '../wire/offload.ts';

const KINDS = new Map<number, 'tcp4' | 'tcp6' | 'udp'>([
  [GsoType.TCPV4, 'tcp4'],
  [GsoType.TCPV6, 'tcp6'],
  [GsoType.UDP_L4, 'udp'],
]);
const TYPES = { tcp4: GsoType.TCPV4, tcp6: GsoType.TCPV6, udp: GsoType.UDP_L4 } as const;

/** What a received frame's descriptor, which begins at `words[at]`, leaves to be done; 'unknown' for a superframe of no kind we know. */
export function readOffload(words: Uint32Array, at: number): Offload | null | 'unknown' {
  const type = words[at + ReceiveWords.GSO_TYPE];
  const start = words[at + ReceiveWords.CHECKSUM_START] ?? 0;
  if (type === GsoType.NONE && start === 0) return null;
  const checksum = start === 0 ? null : { start, offset: words[at + ReceiveWords.CHECKSUM_OFFSET] ?? 0 };
  if (type === GsoType.NONE) return { checksum, segments: null };
  const kind = KINDS.get(type ?? 0);
  return kind === undefined
    ? 'unknown'
    : { checksum, segments: { kind, sizeOctets: words[at + ReceiveWords.GSO_SIZE] ?? 0 } };
}

/** Describes frame `index` to the kernel. */
export function writeOffload(words: Uint32Array, index: number, offload: Offload | null): void {
  const at = index * SendWords.COUNT;
  const segments = offload?.segments ?? null;
  const checksum = offload?.checksum ?? null;
  words[at + SendWords.GSO_TYPE] = segments === null ? GsoType.NONE : TYPES[segments.kind];
  words[at + SendWords.GSO_SIZE] = segments?.sizeOctets ?? 0;
  words[at + SendWords.CHECKSUM_START] = checksum?.start ?? 0;
  words[at + SendWords.CHECKSUM_OFFSET] = checksum?.offset ?? 0;
}
