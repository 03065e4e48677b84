/** Two gateways that negotiate again and again, in a live lab. */
export interface LivePlan {
  /** `x25519`, `modp2048`: of the key exchange, and of nothing else. */
  readonly group: string;
  /** `psk`, or the kind of key in the certificates of both. */
  readonly authentication: string;
  /** Who begins, and who answers. */
  readonly initiator: Implementation;
  readonly responder: Implementation;
}

export type Implementation = 'engine' | 'strongswan';

/** What it took, by the capture of the link between them. */
export interface LiveHandshake {
  /** From the first datagram of IKE_SA_INIT to the last of IKE_AUTH, milliseconds; median and extremes. */
  readonly ms: number;
  readonly leastMs: number;
  readonly mostMs: number;
  readonly rounds: number;
}

const WAYS: readonly Pick<LivePlan, 'initiator' | 'responder'>[] = [
  { initiator: 'engine', responder: 'engine' },
  { initiator: 'engine', responder: 'strongswan' },
  { initiator: 'strongswan', responder: 'engine' },
  { initiator: 'strongswan', responder: 'strongswan' },
];

const SUBJECTS: readonly (readonly [string, string])[] = [
  ['x25519', 'psk'],
  ['ecp256', 'psk'],
  ['ecp384', 'psk'],
  ['modp2048', 'psk'],
  ['modp3072', 'psk'],
  ['modp4096', 'psk'],
  ['x25519', 'rsa2048'],
  ['x25519', 'rsa4096'],
  ['x25519', 'ecdsa256'],
  ['x25519', 'ed25519'],
];

/** Each subject in all four ways, next to each other: what disturbs the machine disturbs them alike. */
export function livePlans(): LivePlan[] {
  return SUBJECTS.flatMap(([group, authentication]) => WAYS.map(way => ({ group, authentication, ...way })));
}

export const CHILD = 'sites';

/** alice begins, bob answers. Both say `encapsulation: always`: strongSwan's own ESP knows no other. */
export function liveTopologyText({ group, authentication, initiator, responder }: LivePlan): string {
  const isPsk = authentication === 'psk';
  const node = (name: 'alice' | 'bob', peer: string, addresses: readonly string[], implementation: Implementation) => [
    `  ${name}:`,
    ...(implementation === 'engine' ? ['    kind: gateway'] : ['    kind: peer', '    implementation: strongswan']),
    `    interfaces: { net0: { addresses: [${addresses[0]}/24] }, net1: { addresses: [${addresses[1]}/24] } }`,
    '    ike:',
    `      id: ${name}.lab`,
    `      auth: { ${isPsk ? 'psk: "${secrets.both}"' : `certificate: ${name}`} }`,
    `      proposals: [aes256gcm16-prfsha384-${group}]`,
    '      encapsulation: always',
    '      start: none',
    '    policy:',
    `      - { name: ${CHILD}, local: ${addresses[2]}, remote: ${addresses[3]}, protect: { mode: tunnel, peer: ${peer}, esp: [aes256gcm16] } }`,
    '      - { bypass: true }',
  ];
  return [
    'name: handshake',
    'title: Two gateways that negotiate again and again',
    'description: For the benchmark of handshakes.',
    ...(isPsk ? ['secrets: { both: "a secret of the two" }'] : pkiLines(authentication)),
    'nodes:',
    ...node('alice', 'bob', ['192.0.2.1', '10.0.0.1', '10.0.0.0/24', '10.0.1.0/24'], initiator),
    ...node('bob', 'alice', ['192.0.2.2', '10.0.1.1', '10.0.1.0/24', '10.0.0.0/24'], responder),
    '  a1: { kind: host, interfaces: { eth0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }',
    '  b1: { kind: host, interfaces: { eth0: { addresses: [10.0.1.2/24], gateway: 10.0.1.1 } } }',
    'links:',
    '  wan: { endpoints: ["alice:net0", "bob:net0"] }',
    '  lan-a: { endpoints: ["a1:eth0", "alice:net1"] }',
    '  lan-b: { endpoints: ["b1:eth0", "bob:net1"] }',
    '',
  ].join('\n');
}

function pkiLines(key: string): string[] {
  return [
    'pki:',
    `  authorities: { lab-ca: { subject: "CN=Lab CA, O=ipsec-lab", key: ${key} } }`,
    '  certificates:',
    ...['alice', 'bob'].map(name => `    ${name}: { subject: "CN=${name}, O=ipsec-lab", key: ${key}, issuer: lab-ca }`),
  ];
}
