/** Octets that are not what their format says. The sender's fault: whoever decodes on behalf of a node catches it. */
export class WireError extends Error {
  /** The field's name as its RFC has it, with the header's in front: `IPv4 Total Length`. */
  readonly field: string;
  /** Where that field stands, in octets from the start of what was decoded. */
  readonly offset: number;

  constructor(field: string, offset: number, why: string) {
    super(`${field} at octet ${offset}: ${why}`);
    this.name = 'WireError';
    this.field = field;
    this.offset = offset;
  }
}
