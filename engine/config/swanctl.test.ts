import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, type IkeConfig } from '../ike/config.ts';
import { DEFAULT_V1 } from '../ike/v1-config.ts';
import { formatDiagnostic } from './diagnostic.ts';
import { readSwanctl } from './swanctl.ts';
import { writeSwanctl } from './swanctl-write.ts';

/** The example of strongSwan's own "net2net-psk", with some more. */
const NET2NET = `
connections {
   gw-gw {
      local_addrs  = 192.168.0.1
      remote_addrs = 192.168.0.2
      local {
         auth = psk
         id = moon.strongswan.org
      }
      remote {
         auth = psk
         id = sun.strongswan.org
      }
      children {
         net-net {
            local_ts  = 10.1.0.0/16
            remote_ts = 10.2.0.0/16
            updown =
            rekey_time = 5400
            rekey_bytes = 500000000
            rekey_packets = 1000000
            esp_proposals = aes128gcm128-x25519
         }
      }
      version = 2
      mobike = no
      reauth_time = 10800
      proposals = aes128-sha256-x25519
   }
}

secrets {
   ike-1 {
      id-moon = moon.strongswan.org
      secret = 0x45a30759df97dc26a15b88ff
   }
   ike-3 {
      id-1 = moon.strongswan.org
      id-2 =sun.strongswan.org
      secret = 0sv+NkxY9LLZvwj4qCC2o/gGrWDF2d21jL
   }
}
`;

function read(text: string) {
  const reading = readSwanctl('swanctl.conf', text, { legacy: false });
  if (reading.ike === null || reading.stated === null)
    throw new Error(reading.diagnostics.map(formatDiagnostic).join('\n'));
  return { ike: reading.ike, policies: reading.stated.policies };
}

describe('swanctl.conf', () => {
  const { ike, policies } = read(NET2NET);

  test('a connection with strongSwan’s defaults', () => {
    const [connection] = ike.connections;
    expect(connection).toMatchObject({
      name: 'gw-gw',
      place: { line: 3, column: 4 },
      version: 2,
      local: ['192.168.0.1'],
      remote: ['192.168.0.2'],
      proposals: [{ encryption: ['aes128'], integrity: ['sha256'], prf: ['prfsha256'], keyExchange: ['x25519'] }],
      authentication: {
        local: { method: 'psk', identity: 'moon.strongswan.org' },
        remote: { methods: ['psk'], identity: 'sun.strongswan.org', revocation: 'relaxed' },
      },
      mobike: false,
      unique: 'no',
      attempts: 1,
      rekeySeconds: 14_400,
      reauthenticateSeconds: 10_800,
      overSeconds: 1440,
      lifetimeJitter: 0.1,
      livenessSeconds: 0,
    });
  });

  test('a child, and the entry of the SPD that it is', () => {
    expect(ike.connections[0]?.children).toMatchObject([
      {
        name: 'net-net',
        policy: 'swanctl.conf:net-net',
        mode: 'tunnel',
        proposals: [{ protocol: 'esp', encryption: ['aes128gcm16'], keyExchange: ['x25519'], esn: ['no'] }],
        local: [{ addresses: '10.1.0.0/16', protocol: 'any', ports: 'any' }],
        start: 'none',
        rekey: { seconds: 5400, octets: 500_000_000, packets: 1_000_000 },
        windowPackets: 32,
      },
    ]);
    expect(policies.map(({ name, isImplied, local, remote }) => [name, isImplied, local, remote])).toEqual([
      ['swanctl.conf:ike', true, 'any', 'any'],
      ['swanctl.conf:net-net', false, ['10.1.0.0/16'], ['10.2.0.0/16']],
      ['swanctl.conf:otherwise', true, 'any', 'any'],
    ]);
    expect(policies[1]?.action).toMatchObject({
      transforms: [{ mode: 'tunnel', suites: ['aes128gcm16'], ends: { local: '192.168.0.1', remote: '192.168.0.2' } }],
    });
  });

  test('secrets as octets', () => {
    expect(ike.secrets).toEqual([
      { identities: ['moon.strongswan.org'], secret: '45a30759df97dc26a15b88ff' },
      {
        identities: ['moon.strongswan.org', 'sun.strongswan.org'],
        secret: Buffer.from('v+NkxY9LLZvwj4qCC2o/gGrWDF2d21jL', 'base64').toString('hex'),
      },
    ]);
  });

  test('certificates are names of files; a distinguished name goes from the root', () => {
    const text = `connections { c {
      remote_addrs = 192.0.2.2
      local { certs = alice.pem
        id = "C=DE, O=Lab, CN=alice" }
      remote { auth = ike:rsa/pss-sha256-ecdsa-sha384
        cacerts = x/lab.crt
        revocation = ifuri }
      send_cert = always
    } }`;
    expect(read(text).ike.connections[0]?.authentication).toMatchObject({
      local: { method: 'signature', key: { file: 'alice' }, identity: 'CN=alice,O=Lab,C=DE', sends: 'always' },
      remote: {
        identity: '%any',
        authorities: ['lab'],
        schemes: ['rsa-pss-sha256', 'ecdsa-sha384'],
        revocation: 'ifUri',
      },
    });
  });

  test('a child of two families is two, shunts go first, what is virtual comes from the pool', () => {
    const text = `connections { c {
      local_addrs = 192.0.2.1
      pools = staff
      local { auth = psk }
      remote { auth = psk
       id = *.lab }
      children {
        net { local_ts = 10.0.0.0/24, 2001:db8::/64
          remote_ts = dynamic, 2001:db8:1::/64 }
        clear { mode = pass
          local_ts = 10.0.0.0/24[icmp]
          remote_ts = 10.3.0.0/24 }
      } } }
      pools { staff { addrs = 10.9.0.0/24
      } }`;
    const found = read(text);
    expect(found.ike.connections[0]?.children.map(({ name, local }) => [name, local.length])).toEqual([
      ['net', 1],
      ['net-v6', 1],
    ]);
    expect(found.policies.map(({ name, remote, action }) => [name, remote, action.kind])).toEqual([
      ['swanctl.conf:ike', 'any', 'bypass'],
      ['swanctl.conf:clear', ['10.3.0.0/24'], 'bypass'],
      ['swanctl.conf:net', ['10.9.0.0/24'], 'protect'],
      ['swanctl.conf:net-v6', ['2001:db8:1::/64'], 'protect'],
      ['swanctl.conf:otherwise', 'any', 'bypass'],
    ]);
    expect(found.policies[1]).toMatchObject({ protocol: 1 });
  });

  test('an empty file asks for nothing', () => {
    expect(read('# nothing\n').ike).toEqual({ connections: [], secrets: [], ppks: [], pools: [] });
  });
});

const oldConf = (inside: string, secrets = '') => `connections { c {
      version = 1
      local_addrs = 192.0.2.1
      remote_addrs = 192.0.2.2
      ${inside}
      local-1 { auth = psk
      }
      remote { auth = psk
        id = bob.lab }
      children { net { esp_proposals = aes256-sha256-modp2048
      } }
    } } ${secrets}`;

describe('version = 1', () => {
  test('Main Mode, with proposals that name hashes', () => {
    expect(read(oldConf('proposals = aes256-sha512-modp2048')).ike.connections[0]).toMatchObject({
      version: 1,
      v1: { mode: 'main', accepts: ['main'], natTraversal: 'yes', livenessTimeoutSeconds: 165, xauth: null },
      proposals: [{ encryption: ['aes256'], integrity: ['sha512'], prf: [], keyExchange: ['modp2048'] }],
    });
  });

  test('Aggressive Mode, XAuth behind it, and addresses that are pushed', () => {
    const inside = `aggressive = yes
      pull = no
      vips = 0.0.0.0
      dpd_timeout = 90s
      send_certreq = no
      local-xauth { auth = xauth
        round = 2
        xauth_id = carol }`;
    const secrets = 'secrets { xauth-1 { id = carol\n secret = "correct horse" } }';
    expect(read(oldConf(inside, secrets)).ike.connections[0]?.v1).toMatchObject({
      mode: 'aggressive',
      accepts: ['aggressive'],
      modeConfig: 'push',
      livenessTimeoutSeconds: 90,
      requestsCertificates: false,
      xauth: { side: 'user', user: 'carol', password: 'correct horse' },
    });
    const gateway = read(oldConf('remote-2 { auth = xauth-generic\n }', secrets)).ike.connections[0];
    expect(gateway?.v1?.xauth).toEqual({ side: 'gateway', users: [{ user: 'carol', password: 'correct horse' }] });
  });
});

describe('what is written', () => {
  const { ike } = read(NET2NET);
  const config: IkeConfig = {
    connections: ike.connections.map(({ place: _place, authentication, ...rest }) => {
      const { certificates: _certificates, keys: _keys, ...remote } = authentication.remote;
      return { ...rest, authentication: { local: { method: 'psk', identity: 'moon.strongswan.org' }, remote } };
    }),
    secrets: ike.secrets,
    ppks: [],
    pools: [{ name: 'staff', addresses: ['10.9.0.0/24', '2001:db8:9::/64'], dns: ['10.0.0.53'], subnets: [] }],
    credentials: {
      keys: [{ pkcs8: '30', chain: ['31', '32'] }],
      anchors: [{ name: 'lab', certificate: '33' }],
      peers: ['34'],
      rawKeys: [],
      crls: [],
    },
    limits: DEFAULT_LIMITS,
    revealsSecrets: false,
  };
  const { files, missing } = writeSwanctl(config);

  test('is read as the same', () => {
    expect(missing).toEqual([]);
    const again = read(files[0]?.text ?? '');
    const [before, after] = [ike.connections[0], again.ike.connections[0]];
    expect(after).toEqual({ ...before, place: { line: 2, column: 3 } });
    expect(again.ike.secrets).toEqual(ike.secrets);
    expect(again.ike.pools).toMatchObject([
      { name: 'staff', addresses: ['10.9.0.0/24'], dns: ['10.0.0.53'] },
      { name: 'staff-2', addresses: ['2001:db8:9::/64'] },
    ]);
  });

  test('has keys and certificates in the folders that strongSwan looks into', () => {
    expect(files.map(({ path, isSecret }) => [path, isSecret])).toEqual([
      ['swanctl.conf', true],
      ['pkcs8/key-0.pem', true],
      ['x509/key-0-0.pem', false],
      ['x509ca/key-0-1.pem', false],
      ['x509ca/lab.pem', false],
      ['x509/peer-0.pem', false],
    ]);
    expect(files[1]?.text).toBe('-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n');
  });

  test('says what strongSwan’s files cannot', () => {
    const [connection] = config.connections;
    if (connection === undefined) throw new Error('no connection');
    const odd = { ...connection, resumption: true, windowSize: 4 };
    expect(writeSwanctl({ ...config, connections: [odd] }).missing).toEqual([
      'gw-gw: strongSwan’s files have no session resumption (RFC 5723)'.replace('’', "'"),
      "gw-gw: strongSwan's files have no window size but 1",
    ]);
  });

  test('of IKEv1 one choice of each kind a proposal, and the user’s round behind the first', () => {
    const [connection] = config.connections;
    if (connection === undefined) throw new Error('no connection');
    const proposal = { encryption: ['aes256', 'aes128'], integrity: ['sha256'], prf: [], additionalKeyExchanges: [] };
    const old: IkeConfig['connections'][number] = {
      ...connection,
      version: 1,
      v1: {
        ...DEFAULT_V1,
        mode: 'aggressive',
        accepts: ['aggressive'],
        commitBit: true,
        xauth: { side: 'user', user: 'carol', password: 'correct horse' },
      },
      proposals: [{ ...proposal, keyExchange: ['modp2048', 'ecp256'] }],
      children: connection.children.map(child => ({
        ...child,
        proposals: child.proposals.map(each => ({ ...each, keyExchange: ['ecp256'] })),
      })),
    };
    const written = writeSwanctl({ ...config, connections: [old] });
    const text = written.files[0]?.text ?? '';
    expect(text).toContain(
      'proposals = aes256-sha256-modp2048,aes256-sha256-ecp256,aes128-sha256-modp2048,aes128-sha256-ecp256',
    );
    expect(text).toContain('aggressive = yes');
    expect(text).toMatch(/auth = xauth\n\s*round = 2\n\s*xauth_id = carol/);
    expect(text).not.toMatch(/mobike|childless/);
    expect(written.missing).toEqual(["gw-gw: strongSwan's files have no commit bit"]);
    const again = read(text).ike.connections[0];
    expect(again).toMatchObject({ version: 1, v1: { ...old.v1, commitBit: false } });
    expect(again?.proposals).toHaveLength(4);
    expect(again?.children).toMatchObject([{ proposals: [{ encryption: ['aes128gcm16'], keyExchange: ['ecp256'] }] }]);
  });
});
