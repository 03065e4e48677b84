import { describe, expect, test } from 'vitest';
import type { KnownCertificate } from './certificate-selector.ts';
import { formatDiagnostic } from './diagnostic.ts';
import { readIkePreshared } from './ike-preshared.ts';
import { connectionsFor, type NegotiatedPolicy } from './key-connections.ts';
import type { KeyRules } from './key-rules.ts';
import { readSolarisIke } from './solaris-ike.ts';
import { GUIDE_KEY, GUIDE_PRESHARED, GUIDE_PSK_CONFIG, GUIDE_RSA_CONFIG } from './testing/seed-smartos.ts';

function read(text: string): KeyRules {
  const { stated, diagnostics } = readSolarisIke('config', text, { legacy: true });
  if (stated === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return stated;
}

/** `{tunnel v4_bob0 negotiate tunnel} ipsec {encr_algs aes encr_auth_algs sha512 sa shared}`. */
const TUNNEL: NegotiatedPolicy = {
  name: 'ipsecinit.conf:1',
  local: 'any',
  remote: 'any',
  protocol: 'any',
  localPort: 'any',
  remotePort: 'any',
  sharing: 'shared',
  transforms: [
    {
      protocol: 'esp',
      mode: 'tunnel',
      requestId: null,
      suites: ['aes256-sha512', 'aes128-sha512'],
      ends: [{ local: '1.2.3.4', remote: '5.6.7.8' }],
    },
  ],
};
const to = (local: string, remote: string): NegotiatedPolicy => ({
  ...TUNNEL,
  transforms: TUNNEL.transforms.map(each => ({ ...each, ends: [{ local, remote }] })),
});
const NOTHING = { own: [], peers: [], authorities: [] };
const ALICE = 'CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US';
const BOB = 'CN=BobDesign VPN,OU=Network Security,O=BobDesign Ltd.,C=US';
const CHARLES = "CN=Charles' Certificate Authority DN,C=US";
const known = (name: string, subject: string, issuer = subject, names: string[] = []): KnownCertificate => ({
  name,
  subject,
  issuer,
  names,
  slot: 0,
});

describe('the guide’s configuration for a preshared key', () => {
  const rules = read(GUIDE_PSK_CONFIG);
  const { connections, unserved, problems } = connectionsFor(rules, [TUNNEL], NOTHING);
  const [connection] = connections;

  test('is one connection of IKEv1, by Main Mode, with the lifetimes and nonces of the file', () => {
    expect([connections.length, unserved, problems]).toEqual([1, [], []]);
    expect(connection).toMatchObject({
      name: 'v4_bob0',
      version: 1,
      local: ['1.2.3.4'],
      remote: ['5.6.7.8'],
      rekeySeconds: 7200,
      v1: { mode: 'main', accepts: ['main'], nonceOctets: 40 },
      retransmission: { firstMs: 500, factor: 2, longestMs: 30_000, sends: 6 },
      authentication: {
        local: { method: 'psk', identity: '1.2.3.4' },
        remote: { methods: ['psk'], identity: '5.6.7.8' },
      },
    });
  });

  test('a transform is one proposal: aes is AES of any key length, sha512 its hash', () => {
    const proposal = {
      encryption: ['aes256', 'aes192', 'aes128'],
      integrity: ['sha512'],
      prf: [],
      keyExchange: ['modp1536'],
      additionalKeyExchanges: [],
    };
    expect(connection?.proposals).toEqual([proposal]);
  });

  test('the rule’s own group of perfect forward secrecy counts, not the one before it', () => {
    expect(connection?.children).toMatchObject([
      {
        policy: 'ipsecinit.conf:1',
        mode: 'tunnel',
        proposals: [
          { encryption: ['aes256'], integrity: ['sha512'], keyExchange: ['modp1536'] },
          { encryption: ['aes128'], integrity: ['sha512'], keyExchange: ['modp1536'] },
        ],
        rekey: { seconds: 28_800, octets: null },
        start: 'trap',
      },
    ]);
    expect(connection?.children[0]?.over).toBeCloseTo(1 / 0.9 - 1, 5);
  });

  test('its key belongs to the two addresses', () => {
    expect(readIkePreshared('ike.preshared', GUIDE_PRESHARED)).toEqual({
      secrets: [{ identities: ['1.2.3.4', '5.6.7.8'], secret: GUIDE_KEY }],
      diagnostics: [],
    });
  });
});

describe('the guide’s configuration for public keys', () => {
  const rules = read(GUIDE_RSA_CONFIG);
  const authorities = [known('charles', CHARLES)];

  test('self-signed: each is trusted as it is, and says its subject', () => {
    const certificates = {
      own: [known('alice', ALICE)],
      peers: [known('alice', ALICE), known('bob', BOB)],
      authorities,
    };
    const { connections, problems } = connectionsFor(rules, [TUNNEL], certificates);
    expect(problems).toEqual([]);
    expect(connections[0]).toMatchObject({
      v1: { ignoresRevocation: true },
      authentication: {
        local: { method: 'signature', identity: ALICE, key: { file: 'alice' }, sends: 'always' },
        remote: { methods: ['signature'], identity: BOB, authorities: ['charles'], certificates: ['alice', 'bob'] },
      },
    });
  });

  test('signed by Charles: his certificate is the root', () => {
    const certificates = { own: [known('alice', ALICE, CHARLES)], peers: [], authorities };
    const { connections } = connectionsFor(rules, [TUNNEL], certificates);
    expect(connections[0]?.authentication.remote).toMatchObject({ authorities: ['charles'], certificates: [] });
  });

  test('without the certificates that it names there is nothing to negotiate, and each is told', () => {
    const { connections, problems } = connectionsFor(rules, [TUNNEL], NOTHING);
    expect(connections).toEqual([]);
    expect(problems.map(({ place, message }) => [place.line, message.slice(0, 40)])).toEqual([
      [30, 'this node has no certificate with a key '],
      [7, 'there is no certificate "C=US, CN=Charle'],
      [26, 'nothing says whose certificates are beli'],
    ]);
  });
});

describe('the manual’s sample file', () => {
  test('rules inherit, are for networks, have several transforms and comments of both kinds', () => {
    const rules = read(SAMPLE);
    expect(rules.rules.map(({ name, local, remote }) => [name, local, remote])).toEqual([
      ['simple inheritor', ['10.1.1.1'], ['10.1.1.2']],
      ['simple inheritor IPv6', ['fe80::a00:20ff:fe7d:6'], ['fe80::a00:20ff:fefb:3780']],
      ['default rule', ['0.0.0.0/0'], ['0.0.0.0/0']],
      ['host to .80 subnet', ['10.1.86.51'], ['10.1.80.0/24']],
      ['punchin-point', ['0.0.0.0/0'], ['10.5.5.128']],
    ]);
    expect(rules.rules[0]?.options).toMatchObject({ rekeySeconds: 14_400, v1: { nonceOctets: 20 } });
    expect(rules.rules[2]?.options.proposals.map(({ encryption }) => encryption)).toEqual([['blowfish'], ['3des']]);
    expect(rules.rules[3]?.peer).toMatchObject({ method: 'signature', identities: [] });
    expect(rules.rules[4]).toMatchObject({
      own: { idKind: 'email' },
      peer: { identities: [{ kind: 'name', value: '10.5.5.128' }] },
    });
    expect(rules.trust.roots).toMatchObject([{ value: 'CN=Sun CA,O=Sun Microsystems\\, Inc.,C=US' }]);
    expect(rules.trust.peers.map(({ value }) => value)).toEqual(['root@domain.org']);
    expect(rules.children.map(({ groups }) => groups)).toEqual([
      ['modp1024'],
      ['modp1024'],
      ['modp1536'],
      ['modp1024'],
      ['modp1024'],
    ]);
  });

  test('of two rules for the same ends the first is used; ends of nobody are told of', () => {
    const rules = read(SAMPLE);
    const names = (policy: NegotiatedPolicy) =>
      connectionsFor(rules, [policy], NOTHING).connections.find(({ children }) => children.length > 0)?.name;
    expect(names(to('10.1.1.1', '10.1.1.2'))).toBe('simple inheritor');
    expect(names(to('10.1.1.1', '10.1.1.3'))).toBe('default rule');
    expect(connectionsFor(rules, [to('2001:db8::1', '2001:db8::2')], NOTHING).unserved).toEqual([
      { policy: 'ipsecinit.conf:1', local: '2001:db8::1', remote: '2001:db8::2' },
    ]);
  });
});

describe('single statements', () => {
  const RULE = 'label "x" local_addr 192.0.2.1 remote_addr 192.0.2.2';
  const XFORM =
    'p1_xform { auth_method preshared oakley_group 0x0e auth_alg sha encr_alg aes (128..192) p1_lifetime_secs 600 }';

  test('lifetimes, hard and soft, in seconds and kilobytes', () => {
    const [rule] = read(`${XFORM}
      p2_lifetime_secs 1000 p2_softlife_secs 800 p2_lifetime_kb 2048 p2_pfs 0
      expire_timer 60 retry_limit 3 retry_timer_init .25 retry_timer_max 4
      { ${RULE} }`).children;
    expect(rule).toMatchObject({ rekey: { seconds: 1000, octets: 2048 * 1024 }, over: 0.25, groups: [] });
  });

  test('numbers as in C, key lengths, and a lifetime of its own', () => {
    const [rule] = read(`${XFORM} { ${RULE} }`).rules;
    expect(rule?.options).toMatchObject({
      rekeySeconds: 600,
      proposals: [{ encryption: ['aes192', 'aes128'], integrity: ['sha1'], keyExchange: ['modp2048'] }],
    });
  });

  test('addresses: a mask, a range, and blanks around their signs', () => {
    const [rule] = read(`${XFORM} { label x local_addr 10.1.2.0/255.255.255.0 local_addr 10.2.0.0 / 16
      remote_addr 10.3.0.1 - 10.3.0.9 // behind two slashes
      }`).rules;
    expect(rule).toMatchObject({ local: ['10.1.2.0/24', '10.2.0.0/16'], remote: ['10.3.0.1-10.3.0.9'] });
  });

  test('what has no effect is said', () => {
    const text = `ldap_server "ldap1" use_http proxy "http://p" p2_softlife_secs 5 ${XFORM} { ${RULE} p2_idletime_secs 9 }`;
    const { notes, diagnostics } = readSolarisIke('config', text, { legacy: false });
    expect(diagnostics).toEqual([]);
    expect(notes.map(({ message }) => message.split(' ')[0])).toEqual([
      'ldap_server',
      'use_http',
      'proxy',
      'p2_idletime_secs',
      'p2_softlife_secs',
    ]);
  });
});

const SAMPLE = `### BEGINNING OF FILE
cert_root    "C=US, O=Sun Microsystems\\\\, Inc., CN=Sun CA"
cert_trust    "EMAIL=root@domain.org"
ldap_server        "ldap1.domain.org,ldap2.domain.org:389"
p1_lifetime_secs 14400
p1_nonce_len 20
p1_xform { auth_method preshared oakley_group 5 auth_alg sha
          encr_alg 3des }
p2_pfs 2
{
   label "simple inheritor"
   local_id_type ip
   local_addr 10.1.1.1
   remote_addr 10.1.1.2
}
{
   label "simple inheritor IPv6"
   local_id_type ipv6
   local_addr fe80::a00:20ff:fe7d:6
   remote_addr fe80::a00:20ff:fefb:3780
}
{
   # an index-only rule.
   label "default rule"
   local_id_type ipv4
   local_addr 0.0.0.0/0
   remote_addr 0.0.0.0/0
   p2_pfs 5
   p1_xform
   {auth_method preshared  oakley_group 5  auth_alg md5  encr_alg \\
    blowfish }   p1_xform
   {auth_method preshared  oakley_group 5  auth_alg md5  encr_alg 3des }
}
{
   label "host to .80 subnet"
   local_id_type ip
   local_id "10.1.86.51"
   remote_id ""    # Take any, use remote_addr for access control.
   local_addr 10.1.86.51
   remote_addr 10.1.80.0/24
   p1_xform
   { auth_method rsa_sig  oakley_group 5  auth_alg md5  encr_alg 3des }
   p1_xform
   { auth_method rsa_sig  oakley_group 5  auth_alg sha1  encr_alg \\
     blowfish }
}
{
    label "punchin-point"
    local_id_type mbox
    local_id "ipsec-wizard@domain.org"
    remote_id "10.5.5.128"
    local_addr 0.0.0.0/0
    remote_addr 10.5.5.128
    p1_xform
    { auth_method rsa_sig oakley_group 5 auth_alg md5 encr_alg \\
      blowfish }
}
`;
