import type { FrameRecord } from '../conformance/frame.ts';
import type { JudgedRun } from '../conformance/judged-run.ts';
import { clausePaths, labelsOf } from '../conformance/report.ts';
import type { ClauseRecord, RunRecord } from '../format.ts';

export const replayed: ClauseRecord = {
  id: 'rfc4303-3.4.3-replay[aes256gcm16]',
  suite: 'rfc4303',
  rfc: 'rfc4303',
  section: '3.4.3',
  level: 'MUST',
  text: 'A packet received twice is delivered once',
  scenario: 'The tester sends a captured packet again.',
  outcome: 'passed',
  reason: '',
  durationMs: 12,
  evidence: [{ frame: 3, link: 'wan', line: 'ESP spi 0x1001 seq 1', says: 'the replayed one' }],
  pcapng: 'pcap/replay.pcapng',
  controls: [{ subject: 'ignores-replays', caught: true, how: 'delivered twice' }],
  replay: "lab test rfc4303 --only 'rfc4303-3.4.3-replay[aes256gcm16]' --seed 7",
};
export const forged: ClauseRecord = {
  ...replayed,
  id: 'rfc4303-2.8-icv',
  section: '2.8',
  text: 'A forged packet is discarded',
  outcome: 'failed',
  reason: 'the ICV of <frame 3> & "others" | does not verify, says @peer\u0000',
  evidence: [],
  pcapng: null,
};
export const unjudged: ClauseRecord = {
  ...replayed,
  id: 'rfc4303-2.10-clear',
  section: '2.10',
  outcome: 'unsupported',
  reason: 'needs inject',
  controls: [],
  evidence: [{ frame: null, link: '', line: 'a window of 1', says: 'refused' }],
  pcapng: null,
};
export const sampleRun: RunRecord = {
  format: 1,
  startedAt: '2026-01-01T00:00:00Z',
  durationMs: 1500,
  dut: 'engine',
  driver: 'sim',
  seed: '7',
  environment: { version: '0.1.0', commit: '', node: '20.19.0', openssl: '3.0.15', platform: 'linux x64' },
  clauses: [replayed, forged, unjudged],
};

const frame = (number: number, from: string, link: string): FrameRecord => ({
  number,
  atUs: number * 1000,
  link,
  from,
  line: `1.2.3.4 > 5.6.7.8: ESP spi 0x00001001 seq ${number}, 120 octets`,
  isChatter: false,
  content: null,
});

export const sequenceNumber = {
  name: 'Sequence Number',
  value: '1',
  offset: 14,
  end: 18,
  words: ['sequence', 'replayed'],
};
export const frames: readonly FrameRecord[] = [
  { ...frame(1, 'inside:eth0', 'lan'), isChatter: true },
  frame(2, 'alice:net1', 'lan'),
  {
    ...frame(3, 'outside:eth0', 'wan'),
    content: {
      octets: Uint8Array.from({ length: 40 }, (_, i) => i),
      fields: [{ ...sequenceNumber, name: 'SPI', offset: 10, end: 14, words: ['spi'] }, sequenceNumber],
    },
  },
  frame(4, 'alice:net0', 'wan'),
];

/** Runs as the pages take them, each with the same capture. */
export function judgedRuns(...runs: readonly RunRecord[]): JudgedRun[] {
  const labels = labelsOf(runs);
  return runs.map((run, i) => {
    const label = labels[i] ?? '';
    const captures = clausePaths(run, { folder: 'pcap', label, ending: '.pcapng' });
    return {
      label,
      run,
      pageOf: clausePaths(run, { folder: 'clauses', label, ending: '.html' }),
      captureOf: new Map([...captures].filter(([{ pcapng }]) => pcapng !== null)),
      framesOf: ({ pcapng }) => (pcapng === null ? null : frames),
    };
  });
}
