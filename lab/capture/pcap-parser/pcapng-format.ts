/** Numbers of the pcapng format, draft-ietf-opsawg-pcapng. */
export const BlockType = {
  SECTION_HEADER: 0x0a0d0d0a,
  INTERFACE: 1,
  /** Obsolete, still read. */
  PACKET: 2,
  SIMPLE_PACKET: 3,
  ENHANCED_PACKET: 6,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OptionCode = {
  END: 0,
  COMMENT: 1,
  SHB_USERAPPL: 4,
  IF_NAME: 2,
  IF_DESCRIPTION: 3,
  IF_TSRESOL: 9,
  IF_TSOFFSET: 14,
  EPB_FLAGS: 2,
} as const;

/** Block type, block total length, and the total length again at the end. */
export const BLOCK_OVERHEAD = 12;

/** Bodies and options are padded to 32 bits. */
export const padded = (length: number): number => (length + 3) & ~3;

export interface BlockOption {
  readonly code: number;
  readonly value: Uint8Array;
}
