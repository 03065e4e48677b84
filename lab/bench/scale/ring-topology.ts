/**
 * A topology of so many sites in a ring, in YAML: a gateway and a router each, the routers joined to a ring, and a protected tunnel
 * from each gateway to those beside it. Keys are manual or, with `keys: 'ike'`, negotiated. `clear`: the same without policies.
 */
export interface RingPlan {
  /** 3 to 200. */
  readonly sites: number;
  readonly keys: 'manual' | 'ike' | 'clear';
}

export function ringTopology({ sites, keys }: RingPlan): string {
  const all = Array.from({ length: sites }, (_, index) => index + 1);
  const next = (site: number): number => (site % sites) + 1;
  const previous = (site: number): number => ((site + sites - 2) % sites) + 1;
  return [
    'name: ring',
    `title: ${sites} sites in a ring`,
    'secrets: { ring: "a secret of this bench alone" }',
    'nodes:',
    ...all.flatMap(site => [
      ...gatewayLines(
        site,
        [
          { tunnel: site, peer: next(site) },
          { tunnel: previous(site), peer: previous(site) },
        ],
        keys,
      ),
      ...routerLines(site, previous(site)),
    ]),
    'links:',
    ...all.flatMap(site => [
      `  access${site}: { endpoints: ["site${site}:net0", "router${site}:site"] }`,
      `  ring${site}: { endpoints: ["router${site}:next", "router${next(site)}:previous"] }`,
    ]),
    'checks:',
    ...all.map(site => `  - { reach: { from: site${site}, to: 10.${next(site)}.0.1, with: icmp } }`),
    ...(keys === 'clear' ? [] : ['  - { encrypted: { link: ring1, flow: "10.1.0.0/24 <-> 10.2.0.0/24" } }']),
    '',
  ].join('\n');
}

interface Neighbour {
  readonly peer: number;
  /** The number that the two have given their tunnel. */
  readonly tunnel: number;
}

/** Its network is behind an interface on no link; each tunnel leads to the one beside it. */
function gatewayLines(site: number, neighbours: readonly Neighbour[], keys: RingPlan['keys']): string[] {
  const protect = keys === 'manual' ? '{ esp: aes256gcm16, key: "${secrets.ring}" }' : '{ esp: aes256gcm16 }';
  return [
    `  site${site}:`,
    '    kind: gateway',
    '    interfaces:',
    `      net0: { addresses: [100.64.${site}.1/24], gateway: 100.64.${site}.2 }`,
    `      net1: { addresses: [10.${site}.0.1/24] }`,
    '    tunnels:',
    ...neighbours.map(
      ({ peer, tunnel }) =>
        `      v4_ring${tunnel}: { remote: site${peer}, addresses: [10.${site}.0.1/32], routes: [10.${peer}.0.0/24] }`,
    ),
    ...(keys === 'ike'
      ? ['    ike: { auth: { psk: "${secrets.ring}" }, proposals: [aes256gcm16-prfsha384-x25519] }']
      : []),
    ...(keys === 'clear'
      ? []
      : [
          '    policy:',
          ...neighbours.map(({ tunnel }) => `      - { tunnel: v4_ring${tunnel}, protect: ${protect} }`),
        ]),
  ];
}

/** Packets go round the ring by default, and straight to the site before. */
function routerLines(site: number, previous: number): string[] {
  return [
    `  router${site}:`,
    '    kind: router',
    '    interfaces:',
    `      site: { addresses: [100.64.${site}.2/24] }`,
    `      next: { addresses: [100.65.${site}.1/24], gateway: 100.65.${site}.2 }`,
    `      previous: { addresses: [100.65.${previous}.2/24] }`,
    `    routes: [{ to: 100.64.${previous}.0/24, via: 100.65.${previous}.1 }]`,
  ];
}
