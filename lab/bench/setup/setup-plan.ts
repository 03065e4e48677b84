import { otherSite, type Site, sitesText } from '../live/sites.ts';

/** Two gateways that negotiate again and again. */
export interface SetupCase {
  /** `x25519`, `modp2048`: of the key exchange. */
  readonly group: string;
  /** `psk`, or the kind of key in the certificates of both. */
  readonly authentication: string;
}

export type Implementation = 'engine' | 'strongswan';

/** Who begins, and who answers. */
export interface SetupEnds {
  readonly initiator: Implementation;
  readonly responder: Implementation;
}

/** The case that all else of a turn is measured with. */
export const USUAL_CASE: SetupCase = { group: 'x25519', authentication: 'psk' };

export const QUICK_CASES: readonly SetupCase[] = [
  USUAL_CASE,
  { group: 'modp2048', authentication: 'psk' },
  { group: 'x25519', authentication: 'ecdsa256' },
];

export const ALL_CASES: readonly SetupCase[] = [
  USUAL_CASE,
  ...['ecp256', 'ecp384', 'modp2048', 'modp3072', 'modp4096'].map(group => ({ group, authentication: 'psk' })),
  ...['ecdsa256', 'ed25519', 'rsa2048', 'rsa4096'].map(authentication => ({ group: 'x25519', authentication })),
];

/** The child that is asked for, and the connections, which are called as their peers are. */
export const CHILD = 'sites';
export const CONNECTION = 'bob';

/** alice begins when she is told to, and not before; bob answers. Both say ESP in UDP: strongSwan's own ESP knows no other. */
export function setupText({ group, authentication }: SetupCase, { initiator, responder }: SetupEnds): string {
  const isPsk = authentication === 'psk';
  const gateway = (site: Site): readonly string[] => {
    const other = otherSite(site);
    const ends = `local: ${site.network[4]}, remote: ${other.network[4]}`;
    const isEngine = (site.gateway === 'alice' ? initiator : responder) === 'engine';
    return [
      // strongSwan makes a route for what it protects; the engine looks for one before it looks for a policy.
      ...(isEngine
        ? ['kind: gateway', `routes: [{ to: ${other.network[4]}, via: ${other.wan[4]} }]`]
        : ['kind: peer', 'implementation: strongswan']),
      'ike:',
      `  id: ${site.gateway}.lab`,
      `  auth: { ${isPsk ? 'psk: "${secrets.both}"' : `certificate: ${site.gateway}`} }`,
      `  proposals: [aes256gcm16-prfsha384-${group}]`,
      '  encapsulation: always',
      '  fragment-size: 1280', // strongSwan's own; as the RFC would have it both would send twice as many datagrams
      '  start: none',
      'policy:',
      `  - { name: ${CHILD}, ${ends}, protect: { mode: tunnel, peer: ${other.gateway}, esp: [aes256gcm16] } }`,
      '  - { name: rest, bypass: true }',
    ];
  };
  return sitesText(gateway, isPsk ? ['secrets: { both: "a secret of the two" }'] : pkiLines(authentication));
}

function pkiLines(key: string): string[] {
  return [
    'pki:',
    `  authorities: { lab-ca: { subject: "CN=Lab CA, O=ipsec-lab", key: ${key} } }`,
    '  certificates:',
    ...['alice', 'bob'].map(name => `    ${name}: { subject: "CN=${name}, O=ipsec-lab", key: ${key}, issuer: lab-ca }`),
  ];
}
