import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For `skipIf`, and for the title of what it skips. */
export const hasTshark = spawnSync('tshark', ['--version']).status === 0;
export const NEEDS_TSHARK = '(needs tshark: apt-get install tshark)';

/** What packets begin with; the numbers are those of the link types of pcap. */
export const PcapLink = { ETHERNET: 1, RAW_IP: 101 } as const;

export interface TsharkOptions {
  /** Ethernet unless told otherwise. */
  readonly link?: number;
  /** Put fragments together: what they make is read with the last of them. */
  readonly reassemble?: boolean;
}

/** What tshark reads, checksums verified: one row a packet, one column a field; several values of a field are joined by commas. */
export function tsharkFields(
  packets: readonly Uint8Array[],
  fields: readonly string[],
  { link = PcapLink.ETHERNET, reassemble = false }: TsharkOptions = {},
): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-tshark-'));
  try {
    const file = join(folder, 'packets.pcap');
    writeFileSync(file, pcap(packets, link));
    const checks = ['ip', 'tcp', 'udp'].flatMap(protocol => ['-o', `${protocol}.check_checksum:TRUE`]);
    const reassembly = ['ip', 'ipv6'].flatMap(protocol => [
      '-o',
      `${protocol}.defragment:${reassemble ? 'TRUE' : 'FALSE'}`,
    ]);
    const output = ['-T', 'fields', '-E', 'separator=|', ...fields.flatMap(field => ['-e', field])];
    const options = { encoding: 'utf8', maxBuffer: 1 << 26 } as const;
    const run = spawnSync('tshark', ['-r', file, '-n', ...checks, ...reassembly, ...output], options);
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout
      .trimEnd()
      .split('\n')
      .map(line => line.split('|'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Classic pcap, microseconds: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html */
function pcap(packets: readonly Uint8Array[], link: number): Buffer {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000000000000', 'hex');
  header.writeUInt32LE(link, 20);
  const records = packets.flatMap(packet => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([header, ...records]);
}
