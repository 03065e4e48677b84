import type { Authentication, InteropCase } from './case.ts';

interface Place {
  readonly alice: string;
  readonly bob: string;
  /** The next hop of each towards the other. */
  readonly viaOfAlice: string;
  readonly viaOfBob: string;
  readonly length: 24 | 64;
}

const PLACES: Readonly<Record<InteropCase['path'], Place>> = {
  v4: { alice: '192.0.2.1', bob: '192.0.2.2', viaOfAlice: '192.0.2.2', viaOfBob: '192.0.2.1', length: 24 },
  v6: { alice: '2001:db8::1', bob: '2001:db8::2', viaOfAlice: '2001:db8::2', viaOfBob: '2001:db8::1', length: 64 },
  'alice behind a NAT': {
    alice: '192.0.2.1',
    bob: '198.51.100.2',
    viaOfAlice: '192.0.2.254',
    viaOfBob: '198.51.100.1',
    length: 24,
  },
  'bob behind a NAT': {
    alice: '198.51.100.2',
    bob: '192.0.2.2',
    viaOfAlice: '198.51.100.1',
    viaOfBob: '192.0.2.254',
    length: 24,
  },
};

/** The topology of one case: alice is the engine, bob the other implementation; a host in each network behind them. */
export function topologyText(one: InteropCase): string {
  const { alice, bob, viaOfAlice, viaOfBob, length } = PLACES[one.path];
  const inside = one.path === 'bob behind a NAT' ? 'bob' : 'alice';
  const outside = inside === 'alice' ? 'bob' : 'alice';
  const hasNat = one.path.endsWith('NAT');
  const gateway = (node: 'alice' | 'bob', via: string) => (hasNat && node === inside ? `, gateway: ${via}` : '');
  return [
    'name: interop',
    'title: One case of interoperation',
    `description: ${JSON.stringify(one.name)}`,
    'secrets: { both: "a secret of the two", other: "another one", ppk: "what no quantum computer has heard of" }',
    ...pkiLines(one.authentication),
    'nodes:',
    '  alice:',
    '    kind: gateway',
    '    interfaces:',
    `      net0: { addresses: ["${alice}/${length}"]${gateway('alice', viaOfAlice)} }`,
    ...one.networks.map(({ alice }, index) => `      net${index + 1}: { addresses: [${hostOf(alice, 1)}/24] }`),
    `    ike: { ${ikeText(one, 'alice')} }`,
    ...routeLines(one, viaOfAlice),
    '    policy:',
    ...policyLines(one, 'alice'),
    '  bob:',
    '    kind: peer',
    `    implementation: ${one.other}`,
    '    interfaces:',
    `      net0: { addresses: ["${bob}/${length}"]${gateway('bob', viaOfBob)} }`,
    ...one.networks.map(({ bob }, index) => `      net${index + 1}: { addresses: [${hostOf(bob, 1)}/24] }`),
    `    ike: { ${ikeText(one, 'bob')} }`,
    '    policy:',
    ...policyLines(one, 'bob'),
    ...(hasNat
      ? [
          '  nat:',
          '    kind: nat',
          '    interfaces: { in0: { addresses: [192.0.2.254/24] }, out0: { addresses: [198.51.100.1/24] } }',
          '    nat: { outside: out0 }',
        ]
      : []),
    ...one.networks.flatMap(({ alice, bob }, index) => [
      hostLine(`a${index + 1}`, alice),
      hostLine(`b${index + 1}`, bob),
    ]),
    'links:',
    ...(hasNat
      ? [
          `  inside: { endpoints: ["${inside}:net0", "nat:in0"] }`,
          `  wan: { endpoints: ["nat:out0", "${outside}:net0"] }`,
        ]
      : ['  wan: { endpoints: ["alice:net0", "bob:net0"] }']),
    ...one.networks.flatMap((_, index) => [
      `  lan-a${index + 1}: { endpoints: ["a${index + 1}:eth0", "alice:net${index + 1}"] }`,
      `  lan-b${index + 1}: { endpoints: ["b${index + 1}:eth0", "bob:net${index + 1}"] }`,
    ]),
    // For links that can be cut one way, the lab stands in between: it has to be announced.
    ...(one.play === 'cookie of bob' ? ['faults: [{ at: 1h, partition: { link: wan, from: bob } }]'] : []),
    '',
  ].join('\n');
}

const hostOf = (network: string, host: number): string => network.replace(/\d+\/\d+$/, String(host));

const hostLine = (name: string, network: string): string =>
  `  ${name}: { kind: host, interfaces: { eth0: { addresses: [${hostOf(network, 2)}/24], gateway: ${hostOf(network, 1)} } } }`;

/** What is to be protected has to have somewhere to go, by which the policy is found. */
function routeLines({ networks, path, play }: InteropCase, via: string): string[] {
  const remote = [...networks.map(({ bob }) => bob), ...(play === 'address for bob' ? ['10.9.0.0/24'] : [])];
  const way = path === 'v6' ? 'interface: net0' : `via: "${via}"`;
  return ['    routes:', ...remote.map(to => `      - { to: ${to}, ${way} }`)];
}

function policyLines(one: InteropCase, node: 'alice' | 'bob'): string[] {
  const peer = node === 'alice' ? 'bob' : 'alice';
  const asks = one.play === `address for ${node}`;
  const gives = one.play === `address for ${peer}`;
  return [
    ...one.networks.map((networks, index) => {
      const [local, remote] =
        node === 'alice' ? [networks.alice, networks.aliceSays] : [networks.bob, networks.bobSays];
      const sides = [...(asks ? [] : [`local: ${local}`]), gives ? 'remote: 10.9.0.0/24' : `remote: ${remote}`].join(
        ', ',
      );
      return `      - { name: sites${index === 0 ? '' : index + 1}, ${sides}, protect: { ${protectText(one, gives ? 'visitor' : peer)} } }`;
    }),
    '      - { bypass: true }',
  ];
}

function ikeText(one: InteropCase, node: 'alice' | 'bob'): string {
  const peer = node === 'alice' ? 'bob' : 'alice';
  const isInitiator = (node === 'alice') === (one.initiator === 'engine') && one.play !== 'cookie of bob';
  const { authentication, play } = one;
  const revocation = authentication.kind === 'revoked' && authentication.whose !== node ? 'strict' : 'relaxed';
  const auth = authText(authentication, node);
  return [
    `id: ${node}.lab`,
    `auth: { ${auth} }`,
    ...(auth.startsWith('certificate') ? [`remote: { revocation: ${revocation} }`] : []),
    `proposals: [${one.ike[node]}]`,
    'legacy: true',
    `start: ${isInitiator ? 'start' : 'none'}`,
    ...(play === `address for ${node}` ? ['request: v4'] : []),
    ...(play === `address for ${peer}`
      ? [
          'address-pools: { visitors: { addresses: 10.9.0.0/24 } }',
          `peers: { visitor: { remote: { id: ${peer}.lab, auth: psk }, pools: visitors } }`,
        ]
      : []),
    ...one[node],
  ].join(', ');
}

function authText(authentication: Authentication, node: 'alice' | 'bob'): string {
  switch (authentication.kind) {
    case 'psk':
      return 'psk: "${secrets.both}"';
    case 'wrong psk':
      return `psk: "\${secrets.${node === 'alice' ? 'both' : 'other'}}"`;
    case 'raw':
      return `raw: ${node}`;
    case 'certificate':
    case 'revoked':
      return `certificate: ${node}`;
  }
}

function protectText({ esp, pfs }: InteropCase, peer: string): string {
  return `mode: tunnel, peer: ${peer}, esp: [${esp}], legacy: true${pfs === null ? '' : `, pfs: ${pfs}`}`;
}

function pkiLines(authentication: Authentication): string[] {
  if (authentication.kind === 'psk' || authentication.kind === 'wrong psk') return [];
  if (authentication.kind === 'raw') {
    return ['pki:', '  keys:', ...['alice', 'bob'].map(node => `    ${node}: { key: ${authentication.key} }`)];
  }
  const { key } = authentication;
  const chain = authentication.kind === 'certificate' ? authentication.chain : 'root';
  const issuer = { root: 'lab-root', intermediate: 'lab-issuing', 'self-signed': null }[chain];
  const authorities = [
    ...(issuer === null ? [] : [`    lab-root: { subject: "CN=Lab Root, O=ipsec-lab", key: ${key} }`]),
    ...(chain === 'intermediate'
      ? [`    lab-issuing: { subject: "CN=Lab Issuing, O=ipsec-lab", key: ${key}, issuer: lab-root }`]
      : []),
  ];
  const certificates = ['alice', 'bob'].map(node => {
    const isRevoked = authentication.kind === 'revoked' && authentication.whose === node;
    const more = [...(issuer === null ? [] : [`issuer: ${issuer}`]), ...(isRevoked ? ['revoked: key-compromise'] : [])];
    return `    ${node}: { ${[`subject: "CN=${node}, O=ipsec-lab"`, `key: ${key}`, ...more].join(', ')} }`;
  });
  return [
    'pki:',
    ...(authorities.length === 0 ? [] : ['  authorities:', ...authorities]),
    '  certificates:',
    ...certificates,
  ];
}
