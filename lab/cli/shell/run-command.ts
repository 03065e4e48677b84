import { badInput } from '../../state/failure.ts';
import { encodeExecFrame, ExecFrameReader, ExecFrameType } from '../../supervisor/exec-protocol.ts';
import type { LabClient } from '../client.ts';

/** Where a command's streams go. */
export interface CommandStreams {
  /** All that it reads. null: what `feed` gives, until that says it is over. */
  readonly stdin: Uint8Array | null;
  readonly stdout: (octets: Buffer) => void;
  readonly stderr: (octets: Buffer) => void;
}

/** A command on a node while it runs. */
export interface RunningCommand {
  /** null: the end of its input. */
  feed(octets: Uint8Array | null): void;
  /** As Ctrl-C. */
  interrupt(): void;
  /** Its exit status. */
  readonly ended: Promise<number>;
}

const NONE = new Uint8Array(0);

export async function runCommand(
  client: LabClient,
  node: string,
  argv: readonly string[],
  { stdin, stdout, stderr }: CommandStreams,
): Promise<RunningCommand> {
  const { socket, head } = await client.exec({ node, argv, stdin: true });
  const send = (type: ExecFrameType, octets: Uint8Array) => {
    if (!socket.destroyed) socket.write(encodeExecFrame(type, octets));
  };
  const feed = (octets: Uint8Array | null) =>
    octets === null ? send(ExecFrameType.STDIN_END, NONE) : send(ExecFrameType.STDIN, octets);
  const ended = new Promise<number>((resolve, reject) => {
    const reader = new ExecFrameReader();
    let exit: number | null = null;
    const take = (chunk: Buffer): void => {
      for (const { type, payload } of reader.push(chunk)) {
        if (type === ExecFrameType.STDOUT) stdout(Buffer.from(payload));
        else if (type === ExecFrameType.STDERR) stderr(Buffer.from(payload));
        else if (type === ExecFrameType.EXIT) exit = payload[0] ?? 0;
      }
      if (exit !== null) socket.destroy();
    };
    socket.on('data', take);
    socket.on('error', () => undefined);
    socket.on('close', () =>
      exit === null ? reject(badInput('the lab ended while the command ran', 'lab status')) : resolve(exit),
    );
    take(head);
  });
  if (stdin !== null) {
    if (stdin.length > 0) feed(stdin);
    feed(null);
  }
  return { feed, interrupt: () => send(ExecFrameType.INTERRUPT, NONE), ended };
}
