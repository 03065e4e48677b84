/** What a command on a node left; its streams went to ours, or were kept for `--json`. */
export interface ExecResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export class Kept {
  readonly #chunks: Buffer[] = [];
  push(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
  }
  octets(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
