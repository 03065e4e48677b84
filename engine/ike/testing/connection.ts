import { type ChildConfig, type ConnectionConfig, DEFAULT_LIMITS, type IkeConfig } from '../config.ts';

/** For tests: a child between two prefixes, AES-GCM, nothing starts by itself. */
export function childConfig(given: Partial<ChildConfig> = {}): ChildConfig {
  return {
    name: 'net',
    policy: 'net',
    transform: 0,
    mode: 'tunnel',
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16'],
        integrity: [],
        keyExchange: [],
        additionalKeyExchanges: [],
        esn: ['no'],
      },
    ],
    local: [{ addresses: '10.0.0.0/24', protocol: 'any', ports: 'any' }],
    remote: [{ addresses: '10.0.1.0/24', protocol: 'any', ports: 'any' }],
    start: 'none',
    onClose: 'none',
    onDeath: 'clear',
    rekey: { seconds: 3600, octets: null, packets: null },
    over: 0.1,
    requestId: null,
    windowPackets: 64,
    outer: {},
    trafficFlow: null,
    ...given,
  };
}

/** For tests: a connection by PSK. */
export function connectionConfig(given: Partial<ConnectionConfig> = {}): ConnectionConfig {
  return {
    name: 'peer',
    version: 2,
    local: [],
    remote: [],
    port: 500,
    natPort: 4500,
    proposals: [
      {
        encryption: ['aes256gcm16'],
        integrity: [],
        prf: ['prfsha384'],
        keyExchange: ['x25519'],
        additionalKeyExchanges: [],
      },
    ],
    authentication: {
      local: { method: 'psk', identity: '%any' },
      remote: { methods: ['psk'], identity: '%any', authorities: [], schemes: [], revocation: 'relaxed' },
    },
    ppk: null,
    requestAddresses: [],
    addressInterface: null,
    pools: [],
    unique: 'replace',
    fragmentation: 'yes',
    fragmentOctets: null,
    mobike: false,
    forceEncapsulation: false,
    childless: 'allow',
    resumption: false,
    quickCrashDetection: false,
    redirectTo: null,
    followsRedirects: true,
    livenessSeconds: 30,
    rekeySeconds: 14_400,
    reauthenticateSeconds: 0,
    makeBeforeBreak: true,
    overSeconds: 600,
    lifetimeJitter: 0.1,
    retransmission: { firstMs: 500, factor: 1.8, longestMs: 20_000, sends: 6 },
    windowSize: 1,
    attempts: null,
    children: [childConfig()],
    ...given,
  };
}

export function ikeConfig(given: Partial<IkeConfig> = {}): IkeConfig {
  return {
    connections: [],
    secrets: [{ identities: [], secret: '736563726574' }],
    ppks: [],
    credentials: { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] },
    pools: [],
    limits: DEFAULT_LIMITS,
    revealsSecrets: true,
    ...given,
  };
}

/** Two gateways and what is between their networks: Alice calls. `given` is the same for both. */
export function pair(given: Partial<ConnectionConfig> = {}): { readonly alice: IkeConfig; readonly bob: IkeConfig } {
  const [own = childConfig()] = given.children ?? [];
  const alice = connectionConfig({
    name: 'bob',
    local: ['192.0.2.1'],
    remote: ['192.0.2.2'],
    authentication: bySecret('alice.lab', 'bob.lab'),
    ...given,
    children: (given.children ?? [childConfig({ start: 'start' })]).map(child => ({ ...child })),
  });
  const bob = connectionConfig({
    name: 'alice',
    local: ['192.0.2.2'],
    remote: ['192.0.2.1'],
    authentication: bySecret('bob.lab', 'alice.lab'),
    ...given,
    children: (given.children ?? [own]).map(child => ({
      ...child,
      local: child.remote,
      remote: child.local,
      start: 'none',
    })),
  });
  return { alice: ikeConfig({ connections: [alice] }), bob: ikeConfig({ connections: [bob] }) };
}

function bySecret(name: string, expected: string): ConnectionConfig['authentication'] {
  return {
    local: { method: 'psk', identity: name },
    remote: { methods: ['psk'], identity: expected, authorities: [], schemes: [], revocation: 'relaxed' },
  };
}
