import type { InteropCase } from './cases.ts';

/** The topology of one case: alice is the engine, bob the other implementation; a host behind each. */
export function topologyText(one: InteropCase): string {
  const [alice, bob, nat] =
    one.outer === 4 ? ['192.0.2.1', '192.0.2.2', '198.51.100.1'] : ['2001:db8::1', '2001:db8::2', ''];
  const length = one.outer === 4 ? 24 : 64;
  const outside = one.isBehindNat ? `198.51.100.2` : bob;
  return `name: interop
title: One case of interoperation
description: ${JSON.stringify(one.name)}
secrets: { both: "a secret of the two" }
${pkiText(one)}
nodes:
  alice:
    kind: gateway
    interfaces:
      net0: { addresses: ["${alice}/${length}"]${one.isBehindNat ? ', gateway: 192.0.2.254' : ''} }
      net1: { addresses: [10.0.0.1/24] }
    routes: [{ to: 10.0.1.0/24, via: "${one.isBehindNat ? '192.0.2.254' : bob}" }]
    ike: { ${ikeText(one, 'alice')} }
    policy:
      - { name: sites, local: 10.0.0.0/24, remote: ${one.isNarrowed ? '10.0.0.0/16' : '10.0.1.0/24'}, protect: { ${protectText(one, 'bob')} } }
      - { bypass: true }
  bob:
    kind: peer
    implementation: strongswan
    interfaces:
      net0: { addresses: ["${outside}/${length}"] }
      net1: { addresses: [10.0.1.1/24] }
    ike: { ${ikeText(one, 'bob')} }
    policy:
      - { name: sites, local: 10.0.1.0/24, remote: 10.0.0.0/24, protect: { ${protectText(one, 'alice')} } }
      - { bypass: true }
${one.isBehindNat ? `  nat: { kind: nat, interfaces: { in0: { addresses: [192.0.2.254/24] }, out0: { addresses: [${nat}/24] } }, nat: { outside: out0 } }\n` : ''}  a1: { kind: host, interfaces: { eth0: { addresses: [10.0.0.2/24], gateway: 10.0.0.1 } } }
  b1: { kind: host, interfaces: { eth0: { addresses: [10.0.1.2/24], gateway: 10.0.1.1 } } }
links:
  lan-a: { endpoints: ["a1:eth0", "alice:net1"] }
${one.isBehindNat ? '  inside: { endpoints: ["alice:net0", "nat:in0"] }\n  wan: { endpoints: ["nat:out0", "bob:net0"] }' : '  wan: { endpoints: ["alice:net0", "bob:net0"] }'}
  lan-b: { endpoints: ["bob:net1", "b1:eth0"] }
`;
}

function ikeText(one: InteropCase, node: 'alice' | 'bob'): string {
  const isInitiator = (node === 'alice') === (one.initiator === 'engine');
  const { authentication } = one;
  const auth = authentication.kind === 'psk' ? 'psk: "${secrets.both}"' : `certificate: ${node}`;
  const revocation = authentication.kind === 'revoked' && authentication.whose !== node ? 'strict' : 'relaxed';
  const id = `${node}.lab`;
  return [
    `id: ${id}`,
    `auth: { ${auth} }`,
    ...(authentication.kind === 'psk' ? [] : [`remote: { revocation: ${revocation} }`]),
    `proposals: [${one.ike}]`,
    'legacy: true',
    `fragmentation: ${one.fragmentation}`,
    ...(one.fragmentation === 'always' ? ['fragment-size: 600'] : []),
    `start: ${isInitiator ? 'start' : 'none'}`,
  ].join(', ');
}

function protectText({ esp, pfs }: InteropCase, peer: string): string {
  return `mode: tunnel, peer: ${peer}, esp: [${esp}], legacy: true${pfs === null ? '' : `, pfs: ${pfs}`}`;
}

function pkiText({ authentication }: InteropCase): string {
  if (authentication.kind === 'psk') return '';
  const key = authentication.kind === 'certificate' ? authentication.key : 'ecdsa256';
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
  ].join('\n');
}
