import { expect, test } from 'vitest';
import { DEFAULT_V1 } from '../ike/v1-config.ts';
import { type ConnectionConfig, DEFAULT_LIMITS, type IkeConfig, NO_CONNECTIONS } from '../ike/config.ts';
import { writeLibreswan } from './libreswan-write.ts';

const CONNECTION: ConnectionConfig = {
  name: 'bob',
  version: 2,
  local: ['192.0.2.1'],
  remote: ['192.0.2.2'],
  port: 500,
  natPort: 4500,
  proposals: [
    {
      encryption: ['aes256gcm16', 'chacha20poly1305'],
      integrity: [],
      prf: ['prfsha384'],
      keyExchange: ['x25519'],
      additionalKeyExchanges: [],
    },
    {
      encryption: ['aes128'],
      integrity: ['sha256'],
      prf: ['prfsha256', 'prfsha512'],
      keyExchange: ['modp2048', 'modp1024'],
      additionalKeyExchanges: [],
    },
  ],
  authentication: {
    local: { method: 'psk', identity: 'alice.lab' },
    remote: { methods: ['psk'], identity: 'CN=bob, O=Lab', authorities: [], schemes: [], revocation: 'relaxed' },
  },
  ppk: null,
  requestAddresses: [],
  addressInterface: null,
  pools: [],
  unique: 'no',
  fragmentation: 'yes',
  fragmentOctets: null,
  mobike: false,
  forceEncapsulation: false,
  childless: 'allow',
  resumption: false,
  quickCrashDetection: false,
  redirectTo: null,
  followsRedirects: false,
  livenessSeconds: 0,
  rekeySeconds: 0,
  reauthenticateSeconds: 0,
  makeBeforeBreak: false,
  overSeconds: 0,
  lifetimeJitter: 0,
  retransmission: { firstMs: 500, factor: 2, longestMs: 4000, sends: 4 },
  windowSize: 1,
  attempts: 1,
  children: [
    {
      name: 'net',
      policy: 'net',
      transform: 0,
      mode: 'tunnel',
      proposals: [
        {
          protocol: 'esp',
          encryption: ['aes128'],
          integrity: ['sha256', 'sha1'],
          keyExchange: [],
          additionalKeyExchanges: [],
          esn: ['no'],
        },
      ],
      local: [{ addresses: '10.0.0.0/24', protocol: 'any', ports: 'any' }],
      remote: [
        { addresses: '10.0.1.0/24', protocol: 'any', ports: 'any' },
        { addresses: '10.0.2.9', protocol: 17, ports: [53, 53] },
      ],
      start: 'none',
      onClose: 'none',
      onDeath: 'clear',
      rekey: { seconds: 3600, octets: null, packets: null },
      over: 0.1,
      requestId: null,
      windowPackets: 64,
      outer: {},
      trafficFlow: null,
    },
  ],
};

const config = (changes: Partial<ConnectionConfig> = {}): IkeConfig => ({
  ...NO_CONNECTIONS,
  limits: DEFAULT_LIMITS,
  connections: [{ ...CONNECTION, ...changes }],
  secrets: [{ identities: ['alice.lab', 'CN=bob, O=Lab'], secret: '0a0b' }],
});

test('a connection of IKEv2, a conn for each pair of selectors', () => {
  const { conf, secrets, conns, missing, impossible } = writeLibreswan(config());
  expect([missing, impossible]).toEqual([[], []]);
  expect(conns.map(({ name }) => name)).toEqual(['bob.net', 'bob.net.2']);
  for (const line of [
    'ikev1-policy=drop',
    'ikev2=yes',
    'left=192.0.2.1',
    'right=192.0.2.2',
    'leftid=@alice.lab',
    'rightid="O=Lab, CN=bob"',
    'authby=secret',
    'leftsubnet=10.0.0.0/24',
    'rightsubnet=10.0.2.9/32',
    'rightprotoport=17/53',
    // What it does not have is left out.
    'ike=aes_gcm_16_256-hmac_sha2_384-dh31,chacha20_poly1305-hmac_sha2_384-dh31,aes128-hmac_sha2_256_128-hmac_sha2_256-dh14,aes128-hmac_sha2_256_128-hmac_sha2_512-dh14',
    'esp=aes128-sha2_256,aes128-sha1',
    'pfs=no',
    'retransmit-timeout=8',
    'salifetime=3960s',
  ]) {
    expect(conf.split('\n').map(text => text.trim())).toContain(line);
  }
  expect(secrets).toBe('@alice.lab "O=Lab, CN=bob" : PSK 0x0a0b\n');
});

test('a connection of IKEv1, in Aggressive Mode', () => {
  const { conf, impossible } = writeLibreswan(
    config({
      version: 1,
      v1: { ...DEFAULT_V1, mode: 'aggressive', accepts: ['aggressive'] },
      proposals: [
        {
          encryption: ['aes256', '3des', 'des'],
          integrity: ['sha512'],
          prf: [],
          keyExchange: ['ecp256'],
          additionalKeyExchanges: [],
        },
      ],
    }),
  );
  expect(impossible).toEqual([]);
  expect(conf).toContain('ikev1-policy=accept');
  expect(conf).toContain('aggressive=yes');
  expect(conf).toContain('ike=aes256-sha2_512-dh19,3des-sha2_512-dh19\n');
});

test('what it cannot be told, and what it does not have', () => {
  const [child] = CONNECTION.children;
  if (child === undefined) throw new Error('no child');
  const only = (group: string) => CONNECTION.proposals.map(one => ({ ...one, keyExchange: [group] }));
  const why = (changes: Partial<ConnectionConfig>) => writeLibreswan(config(changes)).impossible;
  expect(why({ proposals: only('modp1024') })).toEqual(['bob: libreswan has none of the algorithms of the IKE SA']);
  expect(why({ pools: ['visitors'] })).toEqual(['bob: libreswan is not told of virtual addresses']);
  const range = [{ addresses: '10.0.0.1-10.0.0.9', protocol: 'any', ports: 'any' } as const];
  expect(why({ children: [{ ...child, remote: range }] })).toEqual([
    'libreswan has no range of addresses (10.0.0.1-10.0.0.9)',
  ]);
  const { authentication } = CONNECTION;
  const local = { method: 'psk', identity: 'fqdn:a\n  leftupdown=/bin/sh' } as const;
  expect(why({ authentication: { ...authentication, local } })).toEqual(['a name has several lines']);
  expect(writeLibreswan(config({ windowSize: 2 })).missing).toEqual(['bob: libreswan is not told of a window size']);
});
