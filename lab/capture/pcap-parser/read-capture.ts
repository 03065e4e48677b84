import {
  type CaptureInterface,
  type CaptureItem,
  type CapturePacket,
  type CaptureProblem,
  type CaptureReader,
  DEFAULT_LIMITS,
  type ReaderLimits,
} from './capture-item.ts';
import { concatenate } from './pcapng-writer.ts';
import { PcapReader } from './pcap-reader.ts';
import { PcapngReader } from './pcapng-reader.ts';

/** Reads a capture of either format, told apart by its first four octets. */
export function createCaptureReader(limits: ReaderLimits = DEFAULT_LIMITS): CaptureReader {
  let reader: CaptureReader | null = null;
  let start: Uint8Array = new Uint8Array(0);
  return {
    push(chunk) {
      if (reader) return reader.push(chunk);
      start = concatenate([start, chunk]);
      if (start.length < 4) return [];
      reader = hasSectionMagic(start) ? new PcapngReader(limits) : new PcapReader(limits);
      return reader.push(start);
    },
    end() {
      if (reader) return reader.end();
      return [{ kind: 'problem', problem: { kind: 'truncated', offset: 0, why: `a file of ${start.length} octets` } }];
    },
  };
}

export interface CaptureFile {
  readonly format: 'pcapng' | 'pcap' | null;
  readonly packets: readonly (CapturePacket & { readonly interface: CaptureInterface })[];
  /** Of all sections, in file order. */
  readonly interfaces: readonly CaptureInterface[];
  /** Empty for a file without fault. */
  readonly problems: readonly CaptureProblem[];
}

/** A whole file at once. Packets before a problem are kept. */
export function readCapture(octets: Uint8Array, limits: ReaderLimits = DEFAULT_LIMITS): CaptureFile {
  const reader = createCaptureReader(limits);
  let format: CaptureFile['format'] = null;
  const packets: (CapturePacket & { interface: CaptureInterface })[] = [];
  const interfaces: CaptureInterface[] = [];
  const problems: CaptureProblem[] = [];
  let sectionStart = 0;
  for (const item of items(reader, octets)) {
    if (item.kind === 'section') {
      format = item.format;
      sectionStart = interfaces.length;
    } else if (item.kind === 'interface') interfaces.push(item.interface);
    else if (item.kind === 'problem') problems.push(item.problem);
    else if (item.kind === 'packet') {
      const captured = interfaces[sectionStart + item.packet.interfaceId];
      if (!captured) throw new Error(`packet of interface ${item.packet.interfaceId} came before its interface`);
      packets.push({ ...item.packet, interface: captured });
    }
  }
  return { format, packets, interfaces, problems };
}

/** In slices, so that the reader's own copy stays small. */
function* items(reader: CaptureReader, octets: Uint8Array): Generator<CaptureItem> {
  const SLICE_OCTETS = 1 << 16;
  for (let at = 0; at < octets.length; at += SLICE_OCTETS) yield* reader.push(octets.subarray(at, at + SLICE_OCTETS));
  yield* reader.end();
}

/** 0A 0D 0D 0A: the same in either byte order. */
const hasSectionMagic = (octets: Uint8Array): boolean =>
  octets[0] === 0x0a && octets[1] === 0x0d && octets[2] === 0x0d && octets[3] === 0x0a;
