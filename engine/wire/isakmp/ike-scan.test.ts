import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { must, toHex } from '../testing/must.ts';
import { attributeOf, numberOf } from './attribute.ts';
import { decodeIsakmpMessage, encodeIsakmpMessage } from './codec.ts';
import type { IsakmpMessage } from './message.ts';
import type { IsakmpAttribute, IsakmpPayloadOf } from './payload.ts';
import { VendorId } from './vendor-id.ts';

const hasIkeScan = spawnSync('ike-scan', ['--version']).status === 0;
const COOKIE = '0123456789abcdef';

/** Runs it on files instead of the network: what it would send, or what it says of an answer. */
function ikeScan(args: readonly string[], answer: Uint8Array | null = null): { sent: Uint8Array; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-ike-scan-'));
  try {
    const file = join(folder, 'message');
    if (answer !== null) writeFileSync(file, answer);
    const place = answer === null ? `--writepkttofile=${file}` : `--readpktfromfile=${file}`;
    const pace = ['--sport=0', '--retry=1', '--timeout=20', `--cookie=${COOKIE}`];
    const run = spawnSync('ike-scan', [place, ...pace, ...args, '127.0.0.1'], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return { sent: new Uint8Array(readFileSync(file)), said: run.stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const saOf = (message: IsakmpMessage): IsakmpPayloadOf<'SA'> =>
  must(message.payloads.find(payload => payload.type === 'SA'));

describe.skipIf(!hasIkeScan)('ike-scan (needs ike-scan: apt-get install ike-scan)', () => {
  test('what it sends in Main Mode is read, and written as it was', () => {
    const { sent } = ikeScan([
      '--trans=(1=7,14=128,2=4,3=1,4=14,11=1,12=0x00015180)',
      '--trans=(1=5,2=2,3=3,4=2)',
      '--vendor=afcad71368a1f1c96b8696fc77570100',
    ]);
    const message = decodeIsakmpMessage(sent);
    expect(message).toMatchObject({ initiatorCookie: COOKIE, exchangeType: 2, isEncrypted: false });
    const [first, second] = must(saOf(message).proposals[0]).transforms;
    const values = must(first).attributes.map(attribute => [attribute.type, numberOf(attribute)]);
    expect(Object.fromEntries(values)).toEqual({ 1: 7, 14: 128, 2: 4, 3: 1, 4: 14, 11: 1, 12: 86_400 });
    expect(must(second).attributes).toContainEqual({ type: 3, value: 3 });
    expect(message.payloads.at(-1)).toEqual({ type: 'VID', data: VendorId['Dead Peer Detection'] });
    expect(toHex(encodeIsakmpMessage(message))).toBe(toHex(sent));
  });

  test('what it sends in Aggressive Mode, with a key exchange, a nonce and a name', () => {
    const { sent } = ikeScan(['-A', '--dhgroup=2', '--id=moon', '--idtype=11', '--nonce=20']);
    const message = decodeIsakmpMessage(sent);
    expect(message.payloads.map(({ type }) => type)).toEqual(['SA', 'KE', 'NONCE', 'ID']);
    expect(message.payloads.at(-1)).toMatchObject({ idType: 11, data: new TextEncoder().encode('moon') });
    expect(message.payloads[1]).toMatchObject({ data: { length: 128 } });
    expect(toHex(encodeIsakmpMessage(message))).toBe(toHex(sent));
  });

  const header = {
    initiatorCookie: COOKIE,
    responderCookie: 'fedcba9876543210',
    majorVersion: 1,
    minorVersion: 0,
    isEncrypted: false,
    isCommit: false,
    isAuthenticationOnly: false,
    messageId: 0,
    body: null,
  } as const;

  test('it reads our answer to Main Mode', () => {
    const attributes: IsakmpAttribute[] = [
      { type: 1, value: 7 },
      { type: 14, value: 256 },
      { type: 2, value: 4 },
      { type: 3, value: 1 },
      { type: 4, value: 14 },
      { type: 11, value: 1 },
      attributeOf(12, 86_400),
    ];
    const transforms = [{ number: 1, id: 1, attributes }];
    const proposals = [{ number: 1, protocolId: 1, spi: new Uint8Array(0), transforms }];
    const { said } = ikeScan(
      ['-M'],
      encodeIsakmpMessage({
        ...header,
        exchangeType: 2,
        payloads: [
          { type: 'SA', doi: 1, situation: 1, proposals },
          { type: 'VID', data: VendorId.XAUTH },
          { type: 'VID', data: VendorId['Dead Peer Detection'] },
          { type: 'VID', data: VendorId['RFC 3947'] },
        ],
      }),
    );
    expect(said).toContain('Main Mode Handshake returned');
    expect(said).toContain('HDR=(CKY-R=fedcba9876543210)');
    expect(said).toMatch(
      /SA=\(Enc=AES KeyLength=256 Hash=SHA2-256 Auth=PSK Group=14:modp2048 LifeType=Seconds LifeDuration(\(4\))?=(0x00015180|86400)\)/,
    );
    expect(said).toContain('VID=09002689dfd6b712 (XAUTH)');
    expect(said).toContain('(Dead Peer Detection v1.0)');
    expect(said).toContain('(RFC 3947 NAT-T)');
  });

  test('it reads our refusal', () => {
    const { said } = ikeScan(
      ['-M'],
      encodeIsakmpMessage({
        ...header,
        exchangeType: 5,
        payloads: [
          { type: 'N', doi: 1, protocolId: 1, spi: new Uint8Array(0), notifyType: 14, data: new Uint8Array(0) },
        ],
      }),
    );
    expect(said).toContain('Notify message 14 (NO-PROPOSAL-CHOSEN)');
  });
});
