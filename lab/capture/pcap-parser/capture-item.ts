/**
 * What a capture file holds, whichever format it has. All octets are copies: the receiver owns them.
 * Times are nanoseconds since the Unix epoch.
 */
export interface CaptureInterface {
  /** Counts from 0 in its section: what packets refer to. */
  readonly id: number;
  /** A LINKTYPE_ number; 1 is Ethernet. */
  readonly linkType: number;
  /** Octets kept of a packet at most; 0: unlimited. */
  readonly snapLength: number;
  readonly name: string | null;
  readonly description: string | null;
}

export interface CapturePacket {
  readonly interfaceId: number;
  /** null: the file does not say (a simple packet block). Finer resolutions are rounded down to the nanosecond. */
  readonly at: bigint | null;
  readonly octets: Uint8Array;
  /** Octets that the packet had on the wire; more than `octets.length` when the capture cut it. */
  readonly originalLength: number;
  readonly comments: readonly string[];
  readonly direction: 'inbound' | 'outbound' | null;
}

export interface CaptureProblem {
  /**
   * `truncated`: the file ends inside a record. `corrupt`: a record contradicts itself. `tooLarge`: a record beyond the
   * reader's bound, skipped. `notACapture`: no magic number that is known here.
   */
  readonly kind: 'truncated' | 'corrupt' | 'tooLarge' | 'notACapture';
  /** Octets from the start of the file to the record. */
  readonly offset: number;
  readonly why: string;
}

export type CaptureItem =
  /** A new section: packets after it refer to the interfaces after it. A classic file has one. */
  | {
      readonly kind: 'section';
      readonly format: 'pcapng' | 'pcap';
      readonly application: string | null;
      readonly comments: readonly string[];
    }
  | { readonly kind: 'interface'; readonly interface: CaptureInterface }
  | { readonly kind: 'packet'; readonly packet: CapturePacket }
  /** A block that this reader has no use for. */
  | { readonly kind: 'skipped'; readonly blockType: number; readonly octets: number }
  | { readonly kind: 'problem'; readonly problem: CaptureProblem };

/** Takes a file in pieces of any size. Throws nothing, whatever the octets are. */
export interface CaptureReader {
  /** All that is complete so far. `chunk` is copied. */
  push(chunk: Uint8Array): CaptureItem[];
  /** Tells that the file ends here: an unfinished record becomes a problem. */
  end(): CaptureItem[];
}

export interface ReaderLimits {
  /** Octets of one record (block) at most; larger ones are reported and, where the format allows, skipped. */
  readonly maxRecordOctets: number;
}

/** Four times what libpcap calls its largest packet. */
export const DEFAULT_LIMITS: ReaderLimits = { maxRecordOctets: 1 << 20 };

export const LinkType = { ETHERNET: 1, RAW_IP: 101, IPV4: 228, IPV6: 229 } as const;

export const NS_PER_SECOND = 1_000_000_000n;
