import { ByteQueue } from './byte-queue.ts';
import {
  type CaptureInterface,
  type CaptureItem,
  type CapturePacket,
  type CaptureProblem,
  type CaptureReader,
  DEFAULT_LIMITS,
  NS_PER_SECOND,
  type ReaderLimits,
} from './capture-item.ts';
import { BLOCK_OVERHEAD, BYTE_ORDER_MAGIC, BlockType, OptionCode, padded } from './pcapng-format.ts';
import { flagsOf, optionsFrom, stringsOf, type Options } from './pcapng-options.ts';

const INTERFACES_MAX = 65_536;

interface KnownInterface {
  readonly described: CaptureInterface;
  readonly unitsPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

/** Reads pcapng, draft-ietf-opsawg-pcapng: either byte order in each section, any time resolution, unknown blocks skipped. */
export class PcapngReader implements CaptureReader {
  readonly #queue = new ByteQueue();
  readonly #limits: ReaderLimits;
  #littleEndian = true;
  #interfaces: KnownInterface[] | null = null;
  /** Set when there is no telling where the next block begins. */
  #stopped = false;

  constructor(limits: ReaderLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): CaptureItem[] {
    if (this.#stopped) return [];
    this.#queue.push(chunk);
    const items: CaptureItem[] = [];
    while (!this.#stopped && this.#readBlock(items));
    return items;
  }

  end(): CaptureItem[] {
    if (this.#stopped) return [];
    this.#stopped = true;
    const { length, missing, offset } = this.#queue;
    if (missing > 0)
      return [problem('truncated', offset, `the file ends ${missing} octets before the end of a skipped block`)];
    if (length === 0 && this.#interfaces !== null) return [];
    return [problem('truncated', offset, `the file ends ${length} octets into a block`)];
  }

  /** false: more octets are needed. */
  #readBlock(items: CaptureItem[]): boolean {
    const head = this.#queue.peek(BLOCK_OVERHEAD);
    if (head === null) return false;
    const headView = viewOf(head);
    const type = headView.getUint32(0, this.#littleEndian);
    if (type === BlockType.SECTION_HEADER) {
      const order = headView.getUint32(8, true) === BYTE_ORDER_MAGIC;
      if (!order && headView.getUint32(8, false) !== BYTE_ORDER_MAGIC)
        return this.#stop(items, 'corrupt', 'a section header without the byte-order magic');
      this.#littleEndian = order;
    } else if (this.#interfaces === null) {
      return this.#stop(items, 'notACapture', 'no section header at the start');
    }
    const length = headView.getUint32(4, this.#littleEndian);
    if (length < BLOCK_OVERHEAD || length % 4 !== 0)
      return this.#stop(items, 'corrupt', `a block that claims ${length} octets`);
    if (length > this.#limits.maxRecordOctets) return this.#skipLarge(items, type, length);
    const block = this.#queue.peek(length);
    if (block === null) return false;
    const view = viewOf(block);
    const repeated = view.getUint32(length - 4, this.#littleEndian);
    if (repeated !== length)
      return this.#stop(items, 'corrupt', `a block of ${length} octets whose end says ${repeated}`);
    this.#readBody(items, type, new DataView(view.buffer, view.byteOffset, length - 4));
    this.#queue.discard(length);
    return true;
  }

  #readBody(items: CaptureItem[], type: number, block: DataView): void {
    if (type === BlockType.SECTION_HEADER) return this.#readSection(items, block);
    if (type === BlockType.INTERFACE) return this.#readInterface(items, block);
    if (type === BlockType.ENHANCED_PACKET || type === BlockType.PACKET) return this.#readPacket(items, type, block);
    if (type === BlockType.SIMPLE_PACKET) return this.#readSimplePacket(items, block);
    items.push({ kind: 'skipped', blockType: type, octets: block.byteLength + 4 });
  }

  #readSection(items: CaptureItem[], block: DataView): void {
    if (block.byteLength < 24) return this.#report(items, 'corrupt', 'a section header that is too short', true);
    const major = block.getUint16(12, this.#littleEndian);
    if (major !== 1) return this.#report(items, 'corrupt', `pcapng version ${major}; version 1 is known`, true);
    this.#interfaces = [];
    const options = this.#options(items, block, 24);
    items.push({
      kind: 'section',
      format: 'pcapng',
      application: stringsOf(options, OptionCode.SHB_USERAPPL)[0] ?? null,
      comments: stringsOf(options, OptionCode.COMMENT),
    });
  }

  #readInterface(items: CaptureItem[], block: DataView): void {
    const interfaces = this.#interfaces ?? [];
    // A missing interface would give the next one its number, so nothing after this could be trusted.
    if (block.byteLength < 16) return this.#report(items, 'corrupt', 'an interface block that is too short', true);
    if (interfaces.length === INTERFACES_MAX)
      return this.#report(items, 'tooLarge', `more than ${INTERFACES_MAX} interfaces`, true);
    const options = this.#options(items, block, 16);
    const described: CaptureInterface = {
      id: interfaces.length,
      linkType: block.getUint16(8, this.#littleEndian),
      snapLength: block.getUint32(12, this.#littleEndian),
      name: stringsOf(options, OptionCode.IF_NAME)[0] ?? null,
      description: stringsOf(options, OptionCode.IF_DESCRIPTION)[0] ?? null,
    };
    interfaces.push({
      described,
      unitsPerSecond: resolutionOf(options),
      offsetSeconds: offsetOf(options, this.#littleEndian),
    });
    items.push({ kind: 'interface', interface: described });
  }

  /** The enhanced packet block; the obsolete packet block differs only in its first word. */
  #readPacket(items: CaptureItem[], type: number, block: DataView): void {
    const order = this.#littleEndian;
    if (block.byteLength < 28) return this.#report(items, 'corrupt', 'a packet block that is too short');
    const interfaceId = type === BlockType.PACKET ? block.getUint16(8, order) : block.getUint32(8, order);
    const known = this.#interfaces?.[interfaceId];
    if (!known)
      return this.#report(items, 'corrupt', `a packet of interface ${interfaceId}, which the section does not have`);
    const captured = block.getUint32(20, order);
    if (captured > block.byteLength - 28)
      return this.#report(items, 'corrupt', `a packet block that claims ${captured} octets of packet`);
    const options = this.#options(items, block, 28 + padded(captured));
    const units = (BigInt(block.getUint32(12, order)) << 32n) | BigInt(block.getUint32(16, order));
    pushPacket(items, {
      interfaceId,
      at: (units * NS_PER_SECOND) / known.unitsPerSecond + known.offsetSeconds * NS_PER_SECOND,
      octets: copyOf(block, 28, captured),
      originalLength: block.getUint32(24, order),
      comments: stringsOf(options, OptionCode.COMMENT),
      direction: flagsOf(options, order),
    });
  }

  /** Belongs to interface 0, has no time, and is as long as the interface's snap length allows. */
  #readSimplePacket(items: CaptureItem[], block: DataView): void {
    const known = this.#interfaces?.[0];
    if (!known) return this.#report(items, 'corrupt', 'a simple packet block before any interface');
    if (block.byteLength < 12) return this.#report(items, 'corrupt', 'a simple packet block that is too short');
    const originalLength = block.getUint32(8, this.#littleEndian);
    const snapLength = known.described.snapLength === 0 ? Infinity : known.described.snapLength;
    const captured = Math.min(originalLength, snapLength);
    if (captured > block.byteLength - 12)
      return this.#report(items, 'corrupt', `a simple packet block that claims ${captured} octets of packet`);
    pushPacket(items, {
      interfaceId: 0,
      at: null,
      octets: copyOf(block, 12, captured),
      originalLength,
      comments: [],
      direction: null,
    });
  }

  #options(items: CaptureItem[], block: DataView, start: number): Options {
    const options = optionsFrom(block, start, this.#littleEndian);
    if (options.broken) this.#report(items, 'corrupt', 'an option that is longer than its block');
    return options;
  }

  #skipLarge(items: CaptureItem[], type: number, length: number): true {
    const bound = this.#limits.maxRecordOctets;
    const fatal = type === BlockType.SECTION_HEADER || type === BlockType.INTERFACE;
    this.#report(items, 'tooLarge', `a block of type ${type} with ${length} octets; at most ${bound} are read`, fatal);
    this.#queue.discard(length);
    return true;
  }

  #stop(items: CaptureItem[], kind: CaptureProblem['kind'], why: string): false {
    this.#report(items, kind, why, true);
    return false;
  }

  #report(items: CaptureItem[], kind: CaptureProblem['kind'], why: string, fatal = false): void {
    if (fatal) this.#stopped = true;
    items.push(problem(kind, this.#queue.offset, fatal ? `${why}; nothing after it was read` : why));
  }
}

const problem = (kind: CaptureProblem['kind'], offset: number, why: string): CaptureItem => ({
  kind: 'problem',
  problem: { kind, offset, why },
});

const pushPacket = (items: CaptureItem[], packet: CapturePacket): void => void items.push({ kind: 'packet', packet });

const viewOf = (octets: Uint8Array): DataView => new DataView(octets.buffer, octets.byteOffset, octets.length);

const copyOf = (block: DataView, start: number, length: number): Uint8Array =>
  new Uint8Array(block.buffer, block.byteOffset + start, length).slice();

/** if_tsresol: 10^-n, or 2^-n with the high bit; 10^-6 when absent. */
function resolutionOf(options: Options): bigint {
  const value = options.values.find(option => option.code === OptionCode.IF_TSRESOL)?.value[0];
  if (value === undefined) return 1_000_000n;
  return value & 0x80 ? 1n << BigInt(value & 0x7f) : 10n ** BigInt(value);
}

function offsetOf(options: Options, littleEndian: boolean): bigint {
  const value = options.values.find(option => option.code === OptionCode.IF_TSOFFSET)?.value;
  return value?.length === 8 ? viewOf(value).getBigInt64(0, littleEndian) : 0n;
}
