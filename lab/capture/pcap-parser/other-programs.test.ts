import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { encodePcapng } from './pcapng-writer.ts';
import { readCapture } from './read-capture.ts';

/** Files that go to or come from the programs everybody uses. */
const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-pcap-'));
afterAll(() => rmSync(folder, { recursive: true }));

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const hasTshark = has('tshark');
const hasEditcap = has('editcap');
const hasTcpdump = has('tcpdump');

const AT = 1_767_225_600_123_456_789n;
/** Ethernet, IPv4, UDP 4500 -> 9, checksums right or absent. */
const FRAME = Buffer.from(
  '0200000000020200000000010800450000200001000040117cc6c0000201c000020211940009000c000000000000abcd',
  'hex',
);
const frames = [FRAME, FRAME.subarray(0, 46), Buffer.concat([FRAME, Buffer.alloc(13)])].map(
  frame => new Uint8Array(frame),
);

const ours = encodePcapng({
  application: 'ipsec-lab',
  interfaces: [
    { linkType: 1, snapLength: 0, name: 'wan', description: 'from alice:net0' },
    { linkType: 1, snapLength: 0, name: 'lan-a', description: 'from a1:eth0' },
  ],
  packets: frames.map((octets, i) => ({
    interfaceId: i % 2,
    at: AT + BigInt(i),
    octets,
    comments: i === 0 ? ['why this frame matters: ä'] : [],
    direction: i === 1 ? ('inbound' as const) : null,
  })),
});

function run(program: string, args: string[], input?: Uint8Array): string {
  const done = spawnSync(program, args, { ...(input ? { input } : {}), encoding: 'buffer', maxBuffer: 1 << 24 });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

function onDisk(name: string, octets?: Uint8Array): string {
  const path = join(folder, name);
  if (octets) writeFileSync(path, octets);
  return path;
}

const sent = (nsPerUnit: bigint) =>
  frames.map((octets, i) => ({ at: ((AT + BigInt(i)) / nsPerUnit) * nsPerUnit, octets }));
const back = (path: string) => {
  const file = readCapture(readFileSync(path));
  return { problems: file.problems, packets: file.packets.map(({ at, octets }) => ({ at, octets })) };
};

describe('others read ours', () => {
  test.skipIf(!hasTshark)('tshark sees every field (needs tshark: apt-get install tshark)', () => {
    const fields = [
      'frame.time_epoch',
      'frame.len',
      'frame.interface_name',
      'frame.interface_description',
      'frame.comment',
      'frame.packet_flags_direction',
      'udp.srcport',
    ];
    const out = run('tshark', [
      '-r',
      onDisk('ours.pcapng', ours),
      '-T',
      'fields',
      '-E',
      'separator=|',
      ...fields.flatMap(f => ['-e', f]),
    ]);
    expect(out.trimEnd().split('\n')).toEqual([
      '1767225600.123456789|48|wan|from alice:net0|why this frame matters: ä||4500',
      '1767225600.123456790|46|lan-a|from a1:eth0||0x00000001|4500',
      '1767225600.123456791|61|wan|from alice:net0|||4500',
    ]);
  });

  test.skipIf(!hasTcpdump)('tcpdump reads it (needs tcpdump: apt-get install tcpdump)', () => {
    const out = run('tcpdump', ['-nr', onDisk('ours-tcpdump.pcapng', ours), '--nano', '-tt']);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(out).toContain('1767225600.123456791 IP 192.0.2.1.4500 > 192.0.2.2.9');
  });
});

describe('we read others', () => {
  test.skipIf(!hasEditcap).each([
    ['pcap', 1000n],
    ['nsecpcap', 1n],
    ['pcapng', 1n],
  ])('%s by editcap (needs editcap: apt-get install wireshark-common)', (format, nsPerUnit) => {
    const path = onDisk(`editcap.${format}`);
    run('editcap', ['-F', format, onDisk('ours.pcapng', ours), path]);
    expect(back(path)).toEqual({ problems: [], packets: sent(nsPerUnit) });
  });

  test.skipIf(!hasEditcap)(
    'names, comments and directions by editcap (needs editcap: apt-get install wireshark-common)',
    () => {
      const path = onDisk('editcap-options.pcapng');
      run('editcap', [onDisk('ours.pcapng', ours), path]);
      const file = readCapture(readFileSync(path));
      expect(file.interfaces.map(i => [i.name, i.description])).toEqual([
        ['wan', 'from alice:net0'],
        ['lan-a', 'from a1:eth0'],
      ]);
      expect(file.packets.map(p => [p.comments, p.direction])).toEqual([
        [['why this frame matters: ä'], null],
        [[], 'inbound'],
        [[], null],
      ]);
    },
  );

  test.skipIf(!hasTshark)('pcapng by tshark (needs tshark: apt-get install tshark)', () => {
    const path = onDisk('tshark.pcapng');
    run('tshark', ['-r', onDisk('ours.pcapng', ours), '-w', path]);
    expect(back(path)).toEqual({ problems: [], packets: sent(1n) });
  });

  test.skipIf(!hasTcpdump).each([
    ['micro', 1000n],
    ['nano', 1n],
  ])('pcap by tcpdump, %s (needs tcpdump: apt-get install tcpdump)', (precision, nsPerUnit) => {
    const path = onDisk(`tcpdump-${precision}.pcap`);
    run('tcpdump', ['-r', onDisk('ours.pcapng', ours), `--${precision}`, '-w', path]);
    expect(back(path)).toEqual({ problems: [], packets: sent(nsPerUnit) });
  });
});
