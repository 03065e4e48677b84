import { spawnSync } from 'node:child_process';

const PYTHON = '/usr/bin/python3';

/** For `skipIf`. */
export const hasScapy = spawnSync(PYTHON, ['-c', 'import scapy.layers.ipsec, cryptography']).status === 0;

/** Integrity algorithms by its names. */
export const SCAPY_INTEGRITY: Readonly<Record<string, string>> = {
  md5: 'HMAC-MD5-96',
  sha1: 'HMAC-SHA1-96',
  sha256: 'SHA2-256-128',
  sha384: 'SHA2-384-192',
  sha512: 'SHA2-512-256',
  aescmac: 'AES-CMAC-96',
};

/** The packets that `program` prints for orders on its standard input (JSON): one line of hexadecimal for each. */
export function packetsOfScapy(program: string, orders: readonly object[]): Uint8Array[] {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', program], { input: JSON.stringify(orders), encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== orders.length) throw new Error(`scapy made ${lines.length} of ${orders.length}: ${stderr}`);
  return lines.map(line => new Uint8Array(Buffer.from(line, 'hex')));
}
