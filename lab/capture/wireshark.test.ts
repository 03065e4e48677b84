import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { addressOf } from '../../engine/wire/testing/must.ts';
import { encodeUdp } from '../../engine/wire/udp.ts';
import { withNonEspMarker } from '../../engine/wire/udp-encapsulation.ts';
import { espAlgorithm } from './esp-algorithm.ts';
import { ikev1Table, ikev2Table } from './wireshark-ike.ts';
import { isakmpKeysFor, SealedIsakmp } from './testing/seal-isakmp.ts';
import { ikeHeader, ikeKeysFor, ikePacket, sealedIke } from './testing/seal-ike.ts';
import type { IsakmpPayload } from '../../engine/wire/isakmp/payload.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import type { EspSaKeys, IkeSaKeys } from './key-log.ts';
import type { CapturedPacket } from './packet.ts';
import { writePcapng } from './pcapng-file.ts';
import { captured, echo, frame, ip, saFor, seal, sealedTunnel, SUITES } from './testing/seal.ts';
import { espSaTable, writeWiresharkFolder } from './wireshark.ts';

const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-wireshark-'));
afterAll(() => rmSync(folder, { recursive: true }));
const hasTshark = spawnSync('tshark', ['--version']).status === 0;

test('one line an SA, in the words of Wireshark', () => {
  const gcm = saFor('aes128gcm16', { encryptionKey: '00'.repeat(20), spi: 0xabc });
  const cbc = saFor('aes256-sha384', {
    source: '2001:db8::1',
    destination: '2001:db8::2',
    encryptionKey: '11'.repeat(32),
    integrityKey: '22'.repeat(48),
  });
  expect(espSaTable([gcm, cbc]).split('\n')).toEqual([
    `"IPv4","1.2.3.4","5.6.7.8","0x00000abc","AES-GCM with 16 octet ICV [RFC4106]","0x${'00'.repeat(20)}","NULL",""`,
    `"IPv6","2001:db8::1","2001:db8::2","0x10000001","AES-CBC [RFC3602]","0x${'11'.repeat(32)}","HMAC-SHA-384-192 [RFC4868]","0x${'22'.repeat(48)}"`,
    '',
  ]);
});

test('what Wireshark cannot decrypt is a comment without keys', () => {
  const sa = saFor('chacha20poly1305');
  expect(espSaTable([sa])).toMatch(/^# .*chacha20poly1305\n$/);
  expect(espSaTable([sa])).not.toContain(sa.encryptionKey);
});

test('AH needs no key to be read, and no line', () => {
  const sa = saFor('aes128gcm16', {
    protocol: 'ah',
    suite: 'sha256',
    encryptionKey: '',
    integrityKey: '33'.repeat(32),
  });
  expect(espSaTable([sa])).toBe('');
});

test('the folder is private, also when it was there before', () => {
  const path = join(folder, 'was-open');
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, 'esp_sa'), 'old', { mode: 0o644 });
  writeWiresharkFolder(path, [saFor('aes128gcm16')]);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readdirSync(path).map(name => [name, statSync(join(path, name)).mode & 0o777])).toEqual([
    ['esp_sa', 0o600],
    ['ikev1_decryption_table', 0o600],
    ['ikev2_decryption_table', 0o600],
    ['preferences', 0o600],
  ]);
});

test.skipIf(!hasTshark)(
  'tshark decrypts every suite that it knows, ICV good (needs tshark: apt-get install tshark)',
  () => {
    const relics = ['blowfish-sha256', 'cast-sha1'].filter(suite => espAlgorithm(suite) !== null);
    const sas = [...SUITES, ...relics].flatMap((suite, i) => [
      saFor(suite, { spi: 0x1000 + i }),
      saFor(suite, { spi: 0x2000 + i, source: '2001:db8::1', destination: '2001:db8::2' }),
    ]);
    const packets = sas.map((sa, i) =>
      captured(frame(sealedTunnel(sa, 5n, echo('10.0.0.2', '10.0.1.2'))), { at: BigInt(i) }),
    );
    const lines = tshark(sas, packets, ['esp.spi', 'esp.sequence', 'esp.icv_good', 'icmp.type']);
    const expected = sas.map(sa => {
      const names = espAlgorithm(sa.suite)?.wireshark ?? null;
      if (names === null) return `${sa.suite} ${formatSpi(sa.spi)} 5`;
      // What it does not check it shows as wrong.
      return `${sa.suite} ${formatSpi(sa.spi)} 5 ${names.authentication.includes('no checking') ? 0 : 1} 8`;
    });
    expect(lines.map((line, i) => `${sas[i]?.suite} ${line}`.trimEnd())).toEqual(expected);
  },
);

test.skipIf(!hasTshark)('tshark finds ESP in UDP, and what is beside it (needs tshark: apt-get install tshark)', () => {
  const sas = [saFor('aes256gcm16'), saFor('aes128-sha512', { source: '2001:db8::1', destination: '2001:db8::2' })];
  const packets = sas.flatMap(sa => {
    const { source, destination } = sa;
    const esp = seal(sa, 5n, IpProtocol.IPV4, echo('10.0.0.2', '10.0.1.2'));
    const payloads = [esp, Uint8Array.of(0xff), withNonEspMarker(new Uint8Array(28))];
    return payloads.map(payload => {
      const ends = [addressOf(source), addressOf(destination)] as const;
      const datagram = encodeUdp({ sourcePort: 61234, destinationPort: 4500, payload }, ...ends);
      return captured(frame(ip(source, destination, IpProtocol.UDP, datagram)));
    });
  });
  const fields = ['esp.spi', 'esp.icv_good', 'icmp.type', 'udpencap.nat_keepalive', 'udpencap.non_esp_marker'];
  const perSa = ['0x10000001 1 8  ', '   1 ', '    1'];
  expect(tshark(sas, packets, fields)).toEqual([...perSa, ...perSa]);
});

const IKE_SUITES: readonly (readonly [string, string | null])[] = [
  ...['gcm', 'ccm'].flatMap(mode =>
    [128, 192, 256].flatMap(bits => [8, 12, 16].map(icv => [`aes${bits}${mode}${icv}`, null] as const)),
  ),
  ...['aes128', 'aes192', 'aes256', 'aes256ctr', '3des', 'null'].map(name => [name, 'sha256'] as const),
  ...['md5', 'md5_128', 'sha1', 'sha1_160', 'sha256_96', 'sha384', 'sha512', 'aesxcbc', 'aescmac'].map(
    name => ['aes128', name] as const,
  ),
  ['chacha20poly1305', null],
  ['camellia128', 'sha256'],
];

test.skipIf(!hasTshark)(
  'tshark decrypts IKE_AUTH of every suite that it knows, both ways (needs tshark: apt-get install tshark)',
  () => {
    const sas = IKE_SUITES.map(([encryption, integrity], i) =>
      ikeKeysFor(encryption, integrity, { initiatorSpi: i.toString(16).padStart(16, 'a') }),
    );
    const payloads: Payload[] = [
      { type: 'IDi', idType: 2, data: new TextEncoder().encode('alice.lab') },
      { type: 'AUTH', method: 2, data: new Uint8Array(32).fill(3) },
    ];
    const packets = sas.flatMap(sa =>
      [true, false].map(isInitiator => {
        const message = sealedIke(sa, ikeHeader(sa, { isInitiator, isResponse: !isInitiator }), payloads);
        return captured(frame(ikePacket('1.2.3.4', '5.6.7.8', message, isInitiator ? 500 : 4500)));
      }),
    );
    const fields = ['isakmp.id.data.fqdn', 'isakmp.auth.method', '_ws.malformed', '_ws.expert.message'];
    const expected = IKE_SUITES.flatMap(([encryption, integrity]) => {
      const isKnown = !encryption.startsWith('c');
      const said = `${encryption} ${integrity}: ${isKnown ? 'alice.lab 2' : ''}`.trimEnd();
      return [said, said];
    });
    const lines = tshark([], packets, fields, sas);
    expect(lines.map((line, i) => `${IKE_SUITES[i >> 1]?.[0]} ${IKE_SUITES[i >> 1]?.[1]}: ${line}`.trimEnd())).toEqual(
      expected,
    );
  },
);

test('IKE SAs that Wireshark cannot decrypt are comments without keys, and of the others it gets the newest keys', () => {
  const sa = ikeKeysFor('chacha20poly1305', null);
  expect(ikev2Table([sa])).toBe(
    '# 0123456789abcdef fedcba9876543210: Wireshark does not decrypt IKE with chacha20poly1305\n',
  );
  const old = ikeKeysFor('aes128', 'sha256');
  expect(
    ikev2Table([old, { ...old, skEi: '77'.repeat(16) }, { ...old, version: 1, initiatorSpi: '0000000000000001' }]),
  ).toBe(
    `0123456789abcdef,fedcba9876543210,${'77'.repeat(16)},${old.skEr},"AES-CBC-128 [RFC3602]",${old.skAi},${old.skAr},"HMAC_SHA2_256_128 [RFC4868]"\n`,
  );
});

const ISAKMP_SUITES = [
  ['aes128', 'sha1'],
  ['aes192', 'sha256'],
  ['aes256', 'sha384'],
  ['3des', 'sha512'],
  ['des', 'md5'],
  ['camellia128', 'sha1'],
] as const;

test.skipIf(!hasTshark)(
  'tshark decrypts both phases of IKEv1 with every cipher that it knows (needs tshark: apt-get install tshark)',
  () => {
    const name: IsakmpPayload = { type: 'ID', idType: 2, protocol: 0, port: 0, data: Buffer.from('alice.lab') };
    const client: IsakmpPayload = {
      type: 'ID',
      idType: 4,
      protocol: 6,
      port: 80,
      data: Uint8Array.of(10, 0, 0, 0, 255, 255, 255, 0),
    };
    const sas = ISAKMP_SUITES.map(([encryption, hash], i) =>
      isakmpKeysFor(encryption, hash, { initiatorSpi: i.toString(16).padStart(16, 'b') }),
    );
    const packets = sas.flatMap(sa => {
      const sealed = new SealedIsakmp(sa);
      const phase1 = [...sealed.mainModeInClear(), sealed.sealed({}, [name]), sealed.sealed({}, [name])];
      const messages = [...phase1, ...sealed.quickMode(0x1234_5678, [client, client])];
      return messages.map((message, i) =>
        captured(
          frame(i % 2 === 0 ? ikePacket('1.2.3.4', '5.6.7.8', message) : ikePacket('5.6.7.8', '1.2.3.4', message)),
        ),
      );
    });
    const fields = ['isakmp.id.data.fqdn', 'isakmp.id.data.ipv4_subnet', '_ws.malformed', '_ws.expert.message'];
    const lines = tshark([], packets, fields, sas);
    const expected = ISAKMP_SUITES.flatMap(([encryption]) =>
      encryption === 'camellia128'
        ? Array.from({ length: 9 }, () => '')
        : ['', '', '', '', 'alice.lab', 'alice.lab', '255.255.255.0,255.255.255.0', '255.255.255.0,255.255.255.0', ''],
    );
    expect(lines.map(line => line.trim())).toEqual(expected);
  },
);

test('ISAKMP SAs have lines of their own', () => {
  const sa = isakmpKeysFor('aes128', 'sha1');
  const other = isakmpKeysFor('camellia256', 'sha1', { initiatorSpi: '0000000000000001' });
  expect(ikev1Table([sa, other, ikeKeysFor('aes128', 'sha256')])).toBe(
    `0123456789abcdef,${sa.skEi}\n# 0000000000000001 fedcba9876543210: Wireshark does not decrypt IKEv1 with camellia256\n`,
  );
});

/** One line a packet, its fields with blanks between them. */
function tshark(
  sas: readonly EspSaKeys[],
  packets: readonly CapturedPacket[],
  fields: readonly string[],
  ikeSas: readonly IkeSaKeys[] = [],
): string[] {
  const config = join(folder, 'keys');
  writeWiresharkFolder(config, sas, ikeSas);
  const file = join(folder, 'all.pcapng');
  writeFileSync(file, writePcapng(packets));
  const output = ['-T', 'fields', '-E', 'separator= ', ...fields.flatMap(name => ['-e', name])];
  const done = spawnSync('tshark', ['-r', file, ...output], {
    encoding: 'utf8',
    env: { ...process.env, WIRESHARK_CONFIG_DIR: config },
  });
  expect(done.stderr.replace(/^Running as user "root".*\n/, '')).toBe('');
  return done.stdout.split('\n').slice(0, -1);
}
