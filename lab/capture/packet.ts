/** One packet as a wire shows it: superframes split, checksums finished, without FCS. */
export interface CapturedPacket {
  readonly link: string;
  /** The end that sent it, `node:interface`. */
  readonly from: string;
  /** Nanoseconds since the Unix epoch, on the lab's clock. */
  readonly at: bigint;
  readonly octets: Uint8Array;
}
