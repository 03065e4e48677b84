import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { encodeExecFrame, ExecFrameReader, ExecFrameType } from '../supervisor/exec-protocol.ts';
import type { LabClient } from './client.ts';
import { execThroughSocket } from './exec-socket.ts';

test.each(['while the lab answers', 'afterwards'])(
  'a Ctrl-C %s stops the command, which says what it has to',
  async when => {
    const [toLab, fromLab] = [new PassThrough(), new PassThrough()];
    const socket = Object.assign(fromLab, { write: (frame: Uint8Array) => toLab.write(frame) });
    const reader = new ExecFrameReader();
    toLab.on('data', (chunk: Buffer) => {
      for (const { type } of reader.push(chunk)) {
        if (type !== ExecFrameType.INTERRUPT) continue;
        fromLab.push(encodeExecFrame(ExecFrameType.STDOUT, Buffer.from('statistics\n')));
        fromLab.push(encodeExecFrame(ExecFrameType.EXIT, Uint8Array.of(0)));
      }
    });
    const listeners = process.listenerCount('SIGINT');
    const client: Pick<LabClient, 'exec'> = {
      exec: async () => {
        if (when === 'while the lab answers') process.emit('SIGINT');
        else setImmediate(() => process.emit('SIGINT'));
        return { socket, head: Buffer.alloc(0) };
      },
    };
    const result = await execThroughSocket(client, { node: 'a1', argv: ['ping'], stdin: true }, true);
    expect({ ...result, stdout: result.stdout.toString() }).toMatchObject({ status: 0, stdout: 'statistics\n' });
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  },
);
