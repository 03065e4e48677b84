import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from './diagnostic.ts';
import { connectionsFor, type NegotiatedPolicy } from './key-connections.ts';
import type { KeyRules } from './key-rules.ts';
import { readPskFile } from './psk-file.ts';
import { readRacoon } from './racoon.ts';

const PSK = `# comments and empty lines

10.160.94.3     mekmitasdigoat and blanks
172.16.1.133    0x12345678
3ffe:501:410:ffff:200:86ff:fe05:80fa\tmekmitasdigoat
foo@kame.net    mekmitasdigoat
carol           swordfish of carol
`;

function read(text: string, psk = PSK): KeyRules {
  const { secrets } = readPskFile('psk.txt', psk);
  const { stated, diagnostics } = readRacoon('racoon.conf', text, { legacy: true, secrets: secrets ?? [] });
  if (stated === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return stated;
}

/** `spdadd LOCAL REMOTE any -P out ipsec esp/transport//use;`. */
function spd(local: string, remote: string, protocol: 'esp' | 'ah' = 'esp'): NegotiatedPolicy {
  return {
    name: `setkey.conf:${remote}`,
    local: [local],
    remote: [remote],
    protocol: 'any',
    localPort: 'any',
    remotePort: 'any',
    sharing: 'shared',
    transforms: [{ protocol, mode: 'transport', requestId: null, suites: [], ends: [{ local, remote }] }],
  };
}

const NOTHING = { own: [], peers: [], authorities: [] };

/** A mesh whose machines have certificates of one authority each. */
const MESH = `log info;
path certificate "/var/vcap/jobs/racoon/etc/certs";
path pidfile "/var/vcap/sys/run/racoon/racoon.pid";
listen { isakmp 192.168.33.11 [500]; strict_address; }
timer { counter 3; interval 2 sec; persend 1; phase1 30 sec; phase2 15 sec; }
padding { maximum_length 20; randomize off; strict_check off; exclusive_tail off; }
remote anonymous {
  exchange_mode main;
  certificate_type x509 "alice.pem" "alice.key";
  ca_type x509 "ca.crt";
  my_identifier asn1dn;
  peers_identifier asn1dn;
  verify_cert on;
  proposal_check obey;
  dpd_delay 10;
  lifetime time 24 hour;
  proposal {
    encryption_algorithm aes 256;
    hash_algorithm sha256;
    authentication_method rsasig;
    dh_group modp2048;
  }
}
sainfo anonymous {
  pfs_group 14;
  lifetime time 1 hour;
  encryption_algorithm aes 256;
  authentication_algorithm hmac_sha256;
  compression_algorithm deflate;
}
`;

describe('the configuration of a mesh with certificates', () => {
  const rules = read(MESH);
  const policies = [spd('192.168.33.11', '192.168.33.12'), spd('192.168.33.11', '192.168.33.14', 'ah')];
  const subject = 'CN=alice,O=Lab';
  const own = [{ name: 'alice', subject, issuer: 'CN=ca', names: [], slot: null }];
  const { connections, unserved, problems } = connectionsFor(rules, policies, { own, peers: own, authorities: [] });

  test('is a connection of IKEv1 for each peer that a policy names', () => {
    expect([unserved, problems]).toEqual([[], []]);
    expect(connections.map(({ name, local, remote }) => [name, local, remote])).toEqual([
      ['anonymous-192.168.33.12', ['192.168.33.11'], ['192.168.33.12']],
      ['anonymous-192.168.33.14', ['192.168.33.11'], ['192.168.33.14']],
    ]);
    expect(connections[0]).toMatchObject({
      version: 1,
      v1: {
        mode: 'main',
        accepts: ['main'],
        lifetimeCheck: 'obey',
        nonceOctets: 16,
        natTraversal: 'no',
        livenessTimeoutSeconds: 25,
      },
      proposals: [{ encryption: ['aes256'], integrity: ['sha256'], prf: [], keyExchange: ['modp2048'] }],
      rekeySeconds: 86_400,
      livenessSeconds: 10,
      retransmission: { firstMs: 2000, factor: 1, longestMs: 2000, sends: 4 },
      authentication: {
        local: { method: 'signature', key: { file: 'alice' }, identity: subject },
        remote: { methods: ['signature'], identity: '%any', authorities: ['ca'], revocation: 'relaxed' },
      },
    });
    expect(rules.limits).toEqual({ halfOpenSeconds: 30 });
  });

  test('algorithms are those of the sainfo, protocols those of the policy', () => {
    expect(connections.map(({ children }) => children[0]?.proposals)).toEqual([
      [
        {
          protocol: 'esp',
          encryption: ['aes256'],
          integrity: ['sha256'],
          keyExchange: ['modp2048'],
          additionalKeyExchanges: [],
          esn: ['no'],
        },
      ],
      [expect.objectContaining({ protocol: 'ah', encryption: [], integrity: ['sha256'] })],
    ]);
    expect(connections[0]?.children[0]).toMatchObject({
      policy: 'setkey.conf:192.168.33.12',
      mode: 'transport',
      local: [{ addresses: '192.168.33.11', protocol: 'any', ports: 'any' }],
      rekey: { seconds: 3600 },
      over: 0.25,
    });
  });
});

const PROPOSAL =
  'proposal { encryption_algorithm 3des; hash_algorithm sha1; authentication_method pre_shared_key; dh_group 2; }';
const SAINFO = 'sainfo anonymous { encryption_algorithm aes; authentication_algorithm hmac_sha1; }';
const one = (statement: string) => read(`remote anonymous { ${statement} ${PROPOSAL} } ${SAINFO}`).rules[0];

describe('preshared keys', () => {
  test('a remote inherits what it does not say; 0.0.0.0 is only there to be inherited', () => {
    const rules = read(`remote 0.0.0.0 { exchange_mode main; dpd_delay 10; ${PROPOSAL} }
      remote 10.244.0.1 inherit 0.0.0.0 {}
      remote 10.244.0.2 inherit 0.0.0.0 { dpd_delay 0; exchange_mode aggressive, main, base; } ${SAINFO}`);
    expect(rules.rules.map(({ name, options }) => [name, options.livenessSeconds, options.v1?.accepts])).toEqual([
      ['10.244.0.1', 10, ['main']],
      ['10.244.0.2', 0, ['aggressive', 'main']],
    ]);
    const { connections } = connectionsFor(rules, [spd('10.244.0.9', '10.244.0.1')], NOTHING);
    expect(connections.map(({ name, children }) => [name, children.length])).toEqual([['10.244.0.1', 1]]);
  });

  test('who is named comes before who is not', () => {
    const rules = read(`remote anonymous { ${PROPOSAL} } remote 10.0.0.2 { ${PROPOSAL} } ${SAINFO}`);
    const { connections } = connectionsFor(rules, [spd('10.0.0.1', '10.0.0.2')], NOTHING);
    expect(connections[0]).toMatchObject({ name: '10.0.0.2', authentication: { local: { identity: '10.0.0.1' } } });
  });

  test('a sainfo for one network comes before that for all', () => {
    const rules = read(`remote anonymous { ${PROPOSAL} ph1id 0; } ${SAINFO}
      sainfo address 10.0.0.1 any address 10.0.0.2 [any] any { encryption_algorithm aes 256, blowfish 448, twofish;
        authentication_algorithm hmac_sha1, hmac_md5; pfs_group modp1024; lifetime byte 10 MB; }`);
    const { connections } = connectionsFor(rules, [spd('10.0.0.1', '10.0.0.2'), spd('10.0.0.1', '10.0.0.3')], NOTHING);
    expect(connections.map(({ children }) => children[0]?.proposals[0])).toMatchObject([
      { encryption: ['aes256', 'blowfish448'], integrity: ['sha1', 'md5'], keyExchange: ['modp1024'] },
      { encryption: ['aes128'], integrity: ['sha1'], keyExchange: [] },
    ]);
    expect(connections[0]?.children[0]?.rekey).toEqual({ seconds: 28_800, octets: 10 * 1024 ** 2, packets: null });
  });

  test('identities of all kinds', () => {
    expect(one('my_identifier fqdn "a.lab";')?.own).toMatchObject({ identity: 'a.lab' });
    expect(one('my_identifier user_fqdn "a@lab";')?.own).toMatchObject({ identity: 'a@lab' });
    expect(one('my_identifier keyid tag "ab";')?.own).toMatchObject({ identity: 'keyid:6162' });
    expect(one('my_identifier asn1dn "C=DE, CN=a";')?.own).toMatchObject({ identity: 'CN=a,C=DE' });
    expect(one('my_identifier address 10.0.0.1;')?.own).toMatchObject({ identity: '10.0.0.1' });
    expect(one('peers_identifier fqdn "b.lab"; verify_identifier on;')?.peer).toMatchObject({ identities: ['b.lab'] });
    expect(one('peers_identifier fqdn "b.lab";')?.peer).toMatchObject({ identities: ['%any'] });
  });

  test('XAuth and mode config: passwords are in psk.txt', () => {
    const old = PROPOSAL.replace('pre_shared_key', 'xauth_psk_client');
    const user = read(
      `remote 10.0.0.9 { exchange_mode aggressive; mode_cfg on; xauth_login "carol"; ${old} } ${SAINFO}`,
    );
    expect(user.rules[0]?.options).toMatchObject({
      requestAddresses: ['0.0.0.0'],
      v1: {
        mode: 'aggressive',
        modeConfig: 'pull',
        xauth: { side: 'user', user: 'carol', password: 'swordfish of carol' },
      },
    });
    const gateway =
      read(`remote anonymous { passive on; ${PROPOSAL.replace('pre_shared_key', 'xauth_psk_server')} } ${SAINFO}
      mode_cfg { network4 10.9.0.1; pool_size 20; netmask4 255.255.255.0; dns4 10.0.0.53; split_network include 10.0.0.0/24; auth_source system; }`);
    expect(gateway.pools).toEqual([
      { name: 'mode_cfg', addresses: ['10.9.0.1-10.9.0.20'], dns: ['10.0.0.53'], subnets: ['10.0.0.0/24'] },
    ]);
    expect(gateway.rules[0]).toMatchObject({
      isPassive: true,
      options: {
        pools: ['mode_cfg'],
        v1: { xauth: { side: 'gateway', users: [{ user: 'foo@kame.net' }, { user: 'carol' }] } },
      },
    });
  });
});

describe('psk.txt', () => {
  test('names, blanks, and keys as text or digits', () => {
    expect(readPskFile('psk.txt', PSK).secrets).toMatchObject([
      { identities: ['10.160.94.3'], secret: Buffer.from('mekmitasdigoat and blanks').toString('hex') },
      { identities: ['172.16.1.133'], secret: '12345678' },
      { identities: ['3ffe:501:410:ffff:200:86ff:fe05:80fa'] },
      { identities: ['foo@kame.net'] },
      { identities: ['carol'] },
    ]);
  });

  test('what is wrong is told without the key', () => {
    const { secrets, diagnostics } = readPskFile(
      'psk.txt',
      '10.0.0.1 0xswordfish\nswordfish\n*.lab swordfish\n10.0.0.2 a\n10.0.0.2 b\n',
    );
    expect(secrets).toBeNull();
    expect(diagnostics.map(({ line }) => line)).toEqual([1, 2, 3, 5]);
    expect(JSON.stringify(diagnostics)).not.toContain('swordfish');
  });
});
