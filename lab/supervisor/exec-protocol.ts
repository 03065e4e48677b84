/**
 * What flows on a connection after `POST /exec` was upgraded, both ways:
 *
 *     | type, 1 octet | length, 4 octets, big-endian | payload |
 */
export const ExecFrameType = {
  /** Client to lab: octets for the command's standard input. */
  STDIN: 0,
  /** Client to lab: standard input has ended. */
  STDIN_END: 1,
  /** Client to lab: stop the command as Ctrl-C would. */
  INTERRUPT: 2,
  /** Lab to client. */
  STDOUT: 3,
  STDERR: 4,
  /** Lab to client, the last frame: one octet, the exit status. */
  EXIT: 5,
} as const;
export type ExecFrameType = (typeof ExecFrameType)[keyof typeof ExecFrameType];

export interface ExecFrame {
  readonly type: number;
  readonly payload: Buffer;
}

const HEAD_OCTETS = 5;
/** More than any pipe delivers at once. */
const PAYLOAD_OCTETS_MAX = 1 << 20;

/** A frame, or as many as it takes for what is longer than one. */
export function encodeExecFrame(type: ExecFrameType, payload: Uint8Array): Buffer {
  const frames: Buffer[] = [];
  let at = 0;
  do {
    const part = payload.subarray(at, at + PAYLOAD_OCTETS_MAX);
    const head = Buffer.alloc(HEAD_OCTETS);
    head.writeUInt8(type, 0);
    head.writeUInt32BE(part.length, 1);
    frames.push(head, Buffer.from(part.buffer, part.byteOffset, part.length));
    at += part.length;
  } while (at < payload.length);
  return Buffer.concat(frames);
}

/** Cuts a stream of chunks into frames. Throws on a frame that no end of this protocol would send. */
export class ExecFrameReader {
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): ExecFrame[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: ExecFrame[] = [];
    while (this.#pending.length >= HEAD_OCTETS) {
      const length = this.#pending.readUInt32BE(1);
      if (length > PAYLOAD_OCTETS_MAX) throw new Error(`a frame of ${length} octets on an exec connection`);
      if (this.#pending.length < HEAD_OCTETS + length) break;
      const payload = this.#pending.subarray(HEAD_OCTETS, HEAD_OCTETS + length);
      frames.push({ type: this.#pending.readUInt8(0), payload });
      this.#pending = this.#pending.subarray(HEAD_OCTETS + length);
    }
    return frames;
  }
}
