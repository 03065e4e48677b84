import { expect, test } from 'vitest';
import { ikeSasOf } from './list-sas.ts';
import { readRawLine } from './raw-tree.ts';
import { suiteTokens } from './suite-tokens.ts';

/** What swanctl 5.9.8 printed of a Child SA in UDP, and of one with distinguished names. */
const PRINTED =
  'list-sa event {t {uniqueid=1 version=2 state=ESTABLISHED local-host=192.0.2.2 local-port=4500 local-id=C=XX, O=Lab, CN=b.lab remote-host=2001:db8::1 remote-port=4500 remote-id=192.0.2.1 initiator=yes initiator-spi=ff794b1c94c9c007 responder-spi=4c614ef0f797fd14 nat-remote=yes nat-any=yes encr-alg=AES_GCM_16 encr-keysize=256 prf-alg=PRF_HMAC_SHA2_384 dh-group=CURVE_25519 established=1 rekey-time=13357 child-sas {c-1 {name=c uniqueid=1 reqid=1 state=INSTALLED mode=TUNNEL protocol=ESP encap=yes spi-in=f248a428 spi-out=7787818d encr-alg=AES_CBC encr-keysize=128 integ-alg=HMAC_SHA2_256_128 bytes-in=252 packets-in=3 use-in=0 bytes-out=252 packets-out=3 use-out=0 rekey-time=3275 life-time=3959 install-time=1 local-ts=[10.2.0.0/24 2001:db8:2::/64] remote-ts=[10.1.0.0/24]}}}}\nlist-sas reply {}\n';

test('an IKE SA with its child, as swanctl prints them', () => {
  const [sa, ...more] = ikeSasOf(PRINTED);
  expect(more).toEqual([]);
  expect(sa).toMatchObject({
    connection: 't',
    role: 'initiator',
    state: 'established',
    initiatorSpi: 'ff794b1c94c9c007',
    local: '192.0.2.2:4500',
    remote: '[2001:db8::1]:4500',
    localIdentity: 'C=XX, O=Lab, CN=b.lab',
    remoteIdentity: '192.0.2.1',
    suite: 'aes256gcm16-prfsha384-x25519',
    nat: 'remote',
    rekeySeconds: 13357,
    reauthenticateSeconds: null,
  });
  expect(sa?.children).toMatchObject([
    {
      name: 'c',
      state: 'installed',
      spiIn: 0xf248a428,
      spiOut: 0x7787818d,
      suite: 'aes128-sha256',
      encapsulated: true,
      local: ['10.2.0.0/24', '2001:db8:2::/64'],
      remote: ['10.1.0.0/24'],
    },
  ]);
});

test('lines that are none, or are cut short, are read as far as they go', () => {
  expect(readRawLine('nothing')).toBeNull();
  for (let length = 0; length < PRINTED.length; length++) ikeSasOf(PRINTED.slice(0, length));
});

test.each([
  [['AES_CBC', '256', 'HMAC_SHA2_512_256', 'PRF_HMAC_SHA2_512', 'ECP_384_BP'], 'aes256-sha512-prfsha512-ecp384bp'],
  [['CHACHA20_POLY1305', '256', '', 'PRF_AES128_CMAC', 'MODP_3072'], 'chacha20poly1305-prfaescmac-modp3072'],
  [['3DES_CBC', '', 'HMAC_SHA1_96', 'PRF_HMAC_SHA1', 'CURVE_448'], '3des-sha1-prfsha1-x448'],
] as const)('a suite in our tokens: %s', ([encryption, keyBits, integrity, prf, group], tokens) => {
  expect(suiteTokens({ encryption, keyBits, integrity, prf, group })).toBe(tokens);
});
