import { expect, test } from 'vitest';
import { plutoSuite } from './pluto-suite.ts';
import { ikeStatusOf } from './whack-status.ts';

/** What libreswan 4.10 printed of an ISAKMP SA and an IKE SA, each with a Child SA. */
const STATES = `000 #1: "alice.sites":500 STATE_MAIN_R3 (IKE SA established); REPLACE in 14219s; newest; lastdpd=-1s(seq in:0 out:0); idle;
000 #2: "alice.sites":500 STATE_QUICK_R2 (IPsec SA established); REPLACE in 3419s; newest; eroute owner; ISAKMP SA #1; idle;
000 #2: "alice.sites" esp.2771a5bd@192.0.2.1 esp.fbbe3519@192.0.2.2 tun.0@192.0.2.1 tun.0@192.0.2.2 Traffic: ESPin=0B ESPmax=2^63B
000 #3: "carol.sites"[1] 192.0.2.1:4500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 14578s; REPLACE in 14758s; newest; idle;
000 #4: "carol.sites"[1] 192.0.2.1:4500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); LIVENESS in 28s; REKEY in 3778s; newest; eroute owner; IKE SA #3; idle;
000 #4: "carol.sites"[1] 192.0.2.1 esp.83bd32e3@192.0.2.1 esp.12061eb0@192.0.2.2 tun.0@192.0.2.1 tun.0@192.0.2.2 Traffic: ESPin=0B
000 #5: "dave.sites":500 STATE_MAIN_I1 (sent Main Mode request); RETRANSMIT in 0s; nodpd; idle;
000 #5: pending Phase 2 for "dave.sites"
`;
const LOG = `Nov 22 16:03:46.3: "alice.sites" #1: IKE SA established {auth=PRESHARED_KEY cipher=AES_CBC_128 integ=HMAC_SHA2_256 group=MODP2048}
Nov 22 16:03:46.3: "alice.sites" #2: IPsec SA established tunnel mode {ESP=>0x2771a5bd <0xfbbe3519 xfrm=AES_CBC_128-HMAC_SHA2_256_128 DPD=active}
Nov 22 16:03:55.7: "carol.sites"[1] 192.0.2.1 #3: initiating IKEv2 connection
Nov 22 16:03:55.7: "carol.sites"[1] 192.0.2.1 #4: initiator established Child SA using #3; IPsec tunnel {ESPinUDP/ESN=>0x83bd32e3 <0x12061eb0 xfrm=AES_GCM_16_256-NONE NATD=192.0.2.1:4500}
`;
const conn = (connection: string, start: 'none') => {
  const ends = { local: '10.0.1.0/24', remote: '10.0.0.0/24' };
  return { name: `${connection}.sites`, connection, child: 'sites', start, ...ends };
};
const CONNS = ['alice', 'carol', 'dave'].map(name => conn(name, 'none'));
const ENDS = { local: '192.0.2.2', remote: '192.0.2.1' };

test('SAs of both versions, as whack prints them', () => {
  const { sas, halfOpen } = ikeStatusOf({ states: STATES, log: LOG, conns: CONNS, ends: ENDS });
  expect(sas).toMatchObject([
    {
      id: 1,
      connection: 'alice',
      version: 1,
      role: 'responder',
      state: 'established',
      suite: 'aes128-sha256-modp2048',
    },
    { id: 3, connection: 'carol', version: 2, role: 'initiator', state: 'established', remote: '192.0.2.1:4500' },
    { id: 5, connection: 'dave', version: 1, role: 'initiator', state: 'connecting', children: [] },
  ]);
  expect(sas.map(({ children }) => children)).toMatchObject([
    [{ name: 'sites', state: 'installed', spiOut: 0x2771a5bd, spiIn: 0xfbbe3519, suite: 'aes128-sha256' }],
    [{ name: 'sites', spiOut: 0x83bd32e3, suite: 'aes256gcm16', encapsulated: true, esn: true, rekeySeconds: 3778 }],
    [],
  ]);
  expect(halfOpen).toBe(1);
});

test('lines that are none, or are cut short, are read as far as they go', () => {
  for (let length = 0; length < STATES.length; length += 7) {
    const cut = { states: STATES.slice(0, length), log: LOG.slice(0, length) };
    expect(ikeStatusOf({ ...cut, conns: CONNS, ends: ENDS }).sas.length).toBeLessThanOrEqual(3);
  }
});

test.each([
  ['{cipher=AES_CBC_256 integ=HMAC_SHA2_512_256 prf=HMAC_SHA2_512 group=DH20}', 'aes256-sha512-prfsha512-ecp384'],
  ['{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_384 group=DH31}', 'aes256gcm16-prfsha384-x25519'],
  ['{auth=RSA_SIG cipher=3DES_CBC_192 integ=HMAC_SHA1 group=MODP1536}', '3des-sha1-modp1536'],
] as const)('a suite in our tokens: %s', (said, tokens) => {
  expect(plutoSuite(said)).toBe(tokens);
});
