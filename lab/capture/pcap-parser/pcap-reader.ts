import { ByteQueue } from './byte-queue.ts';
import {
  type CaptureItem,
  type CaptureProblem,
  type CaptureReader,
  DEFAULT_LIMITS,
  NS_PER_SECOND,
  type ReaderLimits,
} from './capture-item.ts';

const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;

/** By the first four octets, read big-endian. */
const MAGICS: Readonly<Record<number, { readonly littleEndian: boolean; readonly nsPerUnit: bigint }>> = {
  0xa1b2c3d4: { littleEndian: false, nsPerUnit: 1000n },
  0xd4c3b2a1: { littleEndian: true, nsPerUnit: 1000n },
  0xa1b23c4d: { littleEndian: false, nsPerUnit: 1n },
  0x4d3cb2a1: { littleEndian: true, nsPerUnit: 1n },
};

/** Reads classic pcap, draft-ietf-opsawg-pcap: microseconds or nanoseconds, either byte order. */
export class PcapReader implements CaptureReader {
  readonly #queue = new ByteQueue();
  readonly #limits: ReaderLimits;
  #littleEndian = false;
  /** null: the file header has not come yet. */
  #nsPerUnit: bigint | null = null;
  #stopped = false;

  constructor(limits: ReaderLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): CaptureItem[] {
    if (this.#stopped) return [];
    this.#queue.push(chunk);
    const items: CaptureItem[] = [];
    if (this.#nsPerUnit === null && !this.#readFileHeader(items)) return items;
    while (this.#readRecord(items));
    return items;
  }

  end(): CaptureItem[] {
    if (this.#stopped) return [];
    this.#stopped = true;
    const { length, offset } = this.#queue;
    if (length === 0 && this.#nsPerUnit !== null) return [];
    const where = this.#nsPerUnit === null ? 'the file header' : 'a packet record';
    return [
      { kind: 'problem', problem: { kind: 'truncated', offset, why: `the file ends ${length} octets into ${where}` } },
    ];
  }

  #readFileHeader(items: CaptureItem[]): boolean {
    const header = this.#queue.peek(FILE_HEADER_OCTETS);
    if (header === null) return false;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    const magic = MAGICS[view.getUint32(0)];
    if (!magic) return this.#stop(items, 'notACapture', 'no magic number of classic pcap');
    const major = view.getUint16(4, magic.littleEndian);
    if (major !== 2) return this.#stop(items, 'corrupt', `pcap version ${major}; version 2 is known`);
    this.#littleEndian = magic.littleEndian;
    this.#nsPerUnit = magic.nsPerUnit;
    items.push({ kind: 'section', format: 'pcap', application: null, comments: [] });
    // The upper bits say how long an FCS at the end of each packet is; nobody writes them.
    const linkType = view.getUint32(20, this.#littleEndian) & 0xffff;
    const snapLength = view.getUint32(16, this.#littleEndian);
    items.push({ kind: 'interface', interface: { id: 0, linkType, snapLength, name: null, description: null } });
    this.#queue.discard(FILE_HEADER_OCTETS);
    return true;
  }

  /** false: more octets are needed, or nothing more can be read. */
  #readRecord(items: CaptureItem[]): boolean {
    const header = this.#queue.peek(RECORD_HEADER_OCTETS);
    if (header === null || this.#nsPerUnit === null) return false;
    const view = new DataView(header.buffer, header.byteOffset, header.length);
    const captured = view.getUint32(8, this.#littleEndian);
    // Nothing repeats the length in this format: a wild one means that the place in the file is lost.
    if (captured > this.#limits.maxRecordOctets) {
      return this.#stop(
        items,
        'tooLarge',
        `a packet of ${captured} octets; at most ${this.#limits.maxRecordOctets} are read`,
      );
    }
    const record = this.#queue.peek(RECORD_HEADER_OCTETS + captured);
    if (record === null) return false;
    const seconds = BigInt(view.getUint32(0, this.#littleEndian));
    const fraction = BigInt(view.getUint32(4, this.#littleEndian));
    items.push({
      kind: 'packet',
      packet: {
        interfaceId: 0,
        at: seconds * NS_PER_SECOND + fraction * this.#nsPerUnit,
        octets: record.slice(RECORD_HEADER_OCTETS),
        originalLength: view.getUint32(12, this.#littleEndian),
        comments: [],
        direction: null,
      },
    });
    this.#queue.discard(record.length);
    return true;
  }

  #stop(items: CaptureItem[], kind: CaptureProblem['kind'], why: string): false {
    this.#stopped = true;
    items.push({
      kind: 'problem',
      problem: { kind, offset: this.#queue.offset, why: `${why}; nothing after it was read` },
    });
    return false;
  }
}
