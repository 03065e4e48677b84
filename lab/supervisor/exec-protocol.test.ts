import { expect, test } from 'vitest';
import { encodeExecFrame, ExecFrameReader, ExecFrameType } from './exec-protocol.ts';

test('frames come out of any cutting as they went in', () => {
  const frames = [
    { type: ExecFrameType.STDIN, payload: Buffer.from('hello') },
    { type: ExecFrameType.STDIN_END, payload: Buffer.alloc(0) },
    { type: ExecFrameType.STDOUT, payload: Buffer.alloc(70_000, 7) },
    { type: ExecFrameType.EXIT, payload: Buffer.of(130) },
  ];
  const whole = Buffer.concat(frames.map(frame => encodeExecFrame(frame.type, frame.payload)));
  for (const size of [1, 3, 4096, whole.length]) {
    const reader = new ExecFrameReader();
    const read = [];
    for (let at = 0; at < whole.length; at += size) read.push(...reader.push(whole.subarray(at, at + size)));
    expect(read.map(({ type, payload }) => [type, Buffer.from(payload).toString('hex')])).toEqual(
      frames.map(({ type, payload }) => [type, payload.toString('hex')]),
    );
  }
});

test('what is too long for a frame is sent in several', () => {
  const payload = Buffer.alloc(5_000_000, 7);
  const read = new ExecFrameReader().push(encodeExecFrame(ExecFrameType.STDERR, payload));
  expect(read.map(({ type }) => type)).toEqual([4, 4, 4, 4, 4]);
  expect(Buffer.concat(read.map(frame => frame.payload)).equals(payload)).toBe(true);
});

test('a length that nobody would send is refused before anything is kept for it', () => {
  expect(() => new ExecFrameReader().push(Buffer.of(0, 0xff, 0xff, 0xff, 0xff))).toThrow(/4294967295/);
});
