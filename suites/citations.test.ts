import { expect, test } from 'vitest';
import type { CapturedPacket } from '../lab/capture/packet.ts';
import { citationsOf, INSIDE } from './tester/citations.ts';
import { udp } from './tester/ip.ts';

const ETHERNET = Uint8Array.from([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]);
const packet = (text: string): CapturedPacket => ({
  link: 'wan',
  from: 'alice:net0',
  at: 0n,
  octets: Buffer.concat([
    ETHERNET,
    udp({ source: '1.2.3.4', destination: '5.6.7.8', payload: new TextEncoder().encode(text) }),
  ]),
});

test('evidence stands in the order of the capture, with the place of the first field that its frame has', () => {
  const captured = [packet('ONE'), packet('TWO'), packet('THREE')];
  const citations = citationsOf(captured);
  const [one, two, three] = captured;
  if (one === undefined || two === undefined || three === undefined) throw new Error('no packets');
  citations.cite(three, 'its source', ...INSIDE, 'Source Address', 'Data');
  citations.cite(two, 'no such field', 'Sequence Number');
  citations.cite(one, 'none is named');
  citations.cite(packet('ONE'), 'of no capture', 'Data');
  expect(citations.evidence()).toEqual([
    { frame: null, link: '', line: '', says: 'of no capture' },
    { frame: 1, link: 'wan', line: expect.stringContaining('1.2.3.4 > 5.6.7.8'), says: 'none is named' },
    { frame: 2, link: 'wan', line: expect.stringContaining('1.2.3.4 > 5.6.7.8'), says: 'no such field' },
    {
      frame: 3,
      link: 'wan',
      line: expect.stringContaining('1.2.3.4 > 5.6.7.8'),
      says: 'its source',
      field: { name: 'Source Address', offset: 26, end: 30 },
    },
  ]);
  expect(citations.comments().get(2)).toBe('its source');
});
