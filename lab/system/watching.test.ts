import { expect, test } from 'vitest';
import type { IkeSaStatus, IkeStatus } from '../../engine/ike/status.ts';
import { encodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import { ping } from '../../engine/node/testing/packets.ts';
import { planCommand } from './commands.ts';
import { ALICE, EPOCH, TypedNode } from './testing/typed-node.ts';

const CONFIG = `p1_lifetime_secs 7200
{
    label "v4_bob0"
    local_addr 1.2.3.4
    remote_addr 5.6.7.8
    p1_xform { auth_method preshared oakley_group 5 auth_alg sha512 encr_alg aes }
    p2_pfs 5
}
`;
const KEY = '00112233445566778899aabbccddeeff';
const PRESHARED = `{ localidtype IP localid 1.2.3.4 remoteidtype IP remoteid 5.6.7.8 key ${KEY} }\n`;

const SA: IkeSaStatus = {
  id: 7,
  connection: 'v4_bob0',
  version: 1,
  role: 'initiator',
  state: 'established',
  initiatorSpi: '0011223344556677',
  responderSpi: '8899aabbccddeeff',
  local: '1.2.3.4:500',
  remote: '5.6.7.8:500',
  localIdentity: '1.2.3.4',
  remoteIdentity: '5.6.7.8',
  localAuthentication: 'psk',
  remoteAuthentication: 'psk',
  suite: 'aes256-sha512-modp1536',
  nat: 'none',
  extensions: ['dpd'],
  virtualAddresses: [],
  ageSeconds: 60,
  rekeySeconds: 7140,
  reauthenticateSeconds: null,
  sent: 9,
  received: 8,
  retransmitted: 1,
  children: [
    {
      id: 1,
      name: 'ipsecinit.conf:1',
      state: 'installed',
      protocol: 'esp',
      mode: 'tunnel',
      spiIn: 0xc1,
      spiOut: 0xc2,
      suite: 'aes256-sha512-modp1536',
      esn: false,
      encapsulated: false,
      local: ['0.0.0.0/0'],
      remote: ['0.0.0.0/0'],
      ageSeconds: 50,
      rekeySeconds: 3000,
    },
  ],
};
const STATUS: IkeStatus = {
  sas: [SA],
  halfOpen: 0,
  cookies: false,
  counters: { ikeEstablished: 3, authenticationFailed: 1, peerFailed: 2 },
};

function negotiating(): TypedNode {
  const node = new TypedNode(ALICE);
  node.type('tee /etc/inet/ike/config', CONFIG);
  node.type('tee /etc/inet/secret/ike.preshared', PRESHARED);
  expect(node.type('svcadm enable ipsec/ike')).toBe('');
  node.ikeStatus = STATUS;
  return node;
}

test('ikeadm dump p1', () => {
  expect(negotiating().type('ikeadm dump p1')).toBe(`
IKESA: Cookies: Initiator 0x0011223344556677  Responder 0x8899aabbccddeeff
IKESA: The local host is the initiator.
IKESA: ISAKMP version 1.0; rule v4_bob0
IKESA: Current state is ACTIVE
XFORM: Authentication method: pre-shared key
XFORM: Suite: aes256-sha512-modp1536
XFORM: Extensions: dpd
LOCIP: Address (Initiator):
LOCIP: AF_INET: port 500, 1.2.3.4
REMIP: Address (Responder):
REMIP: AF_INET: port 500, 5.6.7.8
LIFTM: Current usage:
LIFTM: SA was created at Nov 22 12:29:00 UTC
LIFTM: SA is rekeyed in 7140 seconds, at Nov 22 14:29:00 UTC
STATS: 1 Quick Mode SAs; 9 datagrams sent, 8 received, 1 retransmitted
QMSA:  ipsecinit.conf:1: esp tunnel aes256-sha512-modp1536, SPI in 0x000000c1, out 0x000000c2, installed
LOCID: Initiator identity, 1.2.3.4
REMID: Responder identity, 5.6.7.8

Completed dump of phase 1 SA info
`);
});

test('ikeadm says who negotiates what, and never a key', () => {
  const node = negotiating();
  expect(node.type('ikeadm dump rule')).toContain("GLOBL: Label 'v4_bob0'\nGLOBL: ike_mode=main mode");
  expect(node.type('ikeadm get rule v4_bob0')).toContain('XF  0: Oakley Group: modp1536');
  const keys = node.type('ikeadm dump preshared');
  expect(keys).toContain('PSKEY: Pre-shared key (16 bytes): <not shown>');
  expect(keys).not.toContain(KEY);
  expect(node.type('ikeadm get stats')).toContain('Current:   initiator:          1   responder:          0');
  expect(node.type('ikeadm', 'get p1 1.2.3.4 5.6.7.8\nexit\ndump rule\n')).toContain('IKESA: Current state is ACTIVE');
});

test('ikeadm deletes and flushes SAs of phase 1', () => {
  const node = negotiating();
  expect(node.type('ikeadm del p1 1.2.3.4 5.6.7.8')).toContain('Successfully deleted');
  expect(node.type('ikeadm del p1 0x0011223344556677 0x8899aabbccddeeff')).toContain('Successfully deleted');
  expect(node.type('ikeadm flush p1')).toBe('');
  expect(node.ikeCommands).toEqual([1, 2, 3].map(() => ({ kind: 'terminate', ike: 7 })));
  expect(node.type('ikeadm del p1 1.2.3.4 5.6.7.9')).toContain('Could not find');
});

test('ikeadm says what in.iked could use, and what it does unless its file says otherwise', () => {
  const node = negotiating();
  expect(node.type('ikeadm dump groups')).toMatch(/^VALUE +DESCRIPTION\n1 +modp768\n[^]*\n14 +modp2048\n/);
  expect(node.type('ikeadm dump encralgs')).toMatch(/\naes-cbc +128 +aes128\n/);
  expect(node.type('ikeadm dump authalgs')).toMatch(/\nhmac-sha256 +sha256\n[^]*Completed dump of authalgs\n$/);
  expect(node.type('ikeadm dump certcache')).toBe('\nCompleted dump of certcache\n');
  const defaults = node.type('ikeadm get defaults');
  expect(defaults).toMatch(
    /\np1_lifetime_secs +default +3600\np1_nonce_len +default +\d+\np2_lifetime_secs +default +28800\n/,
  );
  expect(defaults).toMatch(/\np2_pfs +default +0\nretry_limit +default +5\nretry_timer_init +default +0\.5\n/);
  expect(node.type('ikeadm set priv base')).toContain('Successfully changed');
});

test.each([
  ['ikeadm dmup p1', 'did you mean "dump"?'],
  ['ikeadm dump p2', 'ipseckey dump esp'],
  ['ikeadm add rule { }', 'vi /etc/inet/ike/config, then ikeadm read rule'],
  ['ikeadm del preshared 1.2.3.4 5.6.7.8', 'vi /etc/inet/secret/ike.preshared'],
  ['ikeadm write rule /tmp/rules', 'cp /etc/inet/ike/config FILE'],
  ['ikeadm set priv keymat', 'may only be lowered'],
  ['ikeadm set priv none', "Unrecognized privilege level 'none'"],
  ['ikeadm set debug all', 'lab ike shows'],
  ['ikeadm token login x', 'ikecert certlocal -l'],
  ['in.iked', 'it runs already'],
  ['in.iked -f /tmp/config', 'it reads /etc/inet/ike/config here'],
  ['in.iked -p 7', 'no privilege level'],
  ['in.iked -x', "unrecognized option '-x'"],
])('%s: what is wrong, and what to do', (line, expected) => {
  expect(negotiating().type(line)).toContain(expected);
});

test('ikeadm needs in.iked', () => {
  expect(new TypedNode(ALICE).type('ikeadm dump p1')).toContain('svcadm enable ipsec/ike');
});

function linesOf(line: string, ...packets: readonly Uint8Array[]): readonly (string | null)[] {
  const plan = planCommand(line.split(' '), new TypedNode(ALICE).system, { hasPrograms: false });
  if (plan?.kind !== 'captures') throw new Error('no capture');
  return packets.map(payload => {
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    const octets = encodeEthernet({ destination: mac, source: mac, etherType: EtherType.IPV4, payload });
    return plan.line({ atNs: BigInt(EPOCH) * 1_000_000_000n, interface: 'net0', octets, length: octets.length });
  });
}

test('snoop shows packets a line each, and those alone that are asked for', () => {
  const [there, elsewhere] = [ping('1.2.3.4', '5.6.7.8'), ping('10.0.0.1', '10.0.0.2')];
  expect(linesOf('snoop -t a', there)[0]).toMatch(/^12:30:00\.00000 {9}1\.2\.3\.4 -> 5\.6\.7\.8 {9}ICMP echo request/);
  const seen = (line: string) => linesOf(line, there, elsewhere).map(text => text !== null);
  expect(seen('snoop host 5.6.7.8')).toEqual([true, false]);
  expect(seen('snoop from 10.0.0.1 and icmp')).toEqual([false, true]);
  expect(seen('snoop net 10.0.0.0/8 or port 500')).toEqual([false, true]);
  expect(seen('snoop not ( to 10.0.0.2 )')).toEqual([true, false]);
  expect(seen('snoop esp')).toEqual([false, false]);
});

test.each([
  ['snoop -d net7', 'No such device'],
  ['snoop hots 1.2.3.4', "what is 'hots'?"],
  ['snoop port htpt', "port: 'htpt' is no number, and no service"],
  ['snoop from 1.2.3.4 and proto espp', "proto: 'espp' is no protocol"],
  ['snoop ( esp', "a ')' is missing"],
  ['snoop -o file', 'lab capture LINK --out FILE.pcapng'],
])('%s: what is wrong, and what to do', (line, expected) => {
  expect(new TypedNode(ALICE).type(line.replace('(', "'('"))).toContain(expected);
});
