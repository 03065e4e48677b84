import type { SubjectParameters } from './subject.ts';

/**
 * The two sites that every live benchmark measures between:
 *
 *     a1 ---- alice ---- bob ---- b1
 *        lan-a      wan      lan-b
 *
 * What is between the hosts is never cut into fragments, whatever it is wrapped in: the LANs have an MTU below the WAN's by more than
 * any of the protocols adds, so that all subjects carry the same packets.
 */
export interface Site {
  readonly gateway: 'alice' | 'bob';
  readonly host: 'a1' | 'b1';
  /** Addresses of the gateway on the WAN. */
  readonly wan: Families;
  /** Addresses of the gateway on its LAN. */
  readonly lan: Families;
  /** Addresses of the host. */
  readonly hostAddress: Families;
  /** The LAN. */
  readonly network: Families;
}

export interface Families {
  readonly 4: string;
  readonly 6: string;
}

export const LAN_MTU = 1420;
export const WAN_MTU = 1600;

export const ALICE: Site = {
  gateway: 'alice',
  host: 'a1',
  wan: { 4: '192.0.2.1', 6: '2001:db8::1' },
  lan: { 4: '10.0.0.1', 6: '2001:db8:a::1' },
  hostAddress: { 4: '10.0.0.2', 6: '2001:db8:a::2' },
  network: { 4: '10.0.0.0/24', 6: '2001:db8:a::/64' },
};

export const BOB: Site = {
  gateway: 'bob',
  host: 'b1',
  wan: { 4: '192.0.2.2', 6: '2001:db8::2' },
  lan: { 4: '10.0.1.1', 6: '2001:db8:b::1' },
  hostAddress: { 4: '10.0.1.2', 6: '2001:db8:b::2' },
  network: { 4: '10.0.1.0/24', 6: '2001:db8:b::/64' },
};

export const otherSite = (site: Site): Site => (site === ALICE ? BOB : ALICE);

/** The interface of a gateway on the WAN. */
export const WAN_INTERFACE = 'net0';

/**
 * The topology, with what a subject says of its gateways: lines of YAML below the node, `kind` first, without indentation and without
 * `interfaces`. `head` are lines at the top level, such as secrets.
 */
export function sitesText(gateway: (site: Site) => readonly string[], head: readonly string[] = []): string {
  return [
    'name: bench',
    'title: Two sites, measured',
    'description: What carries the packets between them is what is compared.',
    ...head,
    'nodes:',
    ...[ALICE, BOB].flatMap(site => [...gatewayLines(site, gateway(site)), ...hostLines(site)]),
    'links:',
    `  wan: { endpoints: ["alice:${WAN_INTERFACE}", "bob:${WAN_INTERFACE}"], mtu: ${WAN_MTU} }`,
    `  lan-a: { endpoints: ["a1:eth0", "alice:net1"], mtu: ${LAN_MTU} }`,
    `  lan-b: { endpoints: ["b1:eth0", "bob:net1"], mtu: ${LAN_MTU} }`,
    '',
  ].join('\n');
}

const gatewayLines = ({ gateway, wan, lan }: Site, lines: readonly string[]): readonly string[] => [
  `  ${gateway}:`,
  '    interfaces:',
  `      ${WAN_INTERFACE}: { addresses: [${wan[4]}/24, "${wan[6]}/64"] }`,
  `      net1: { addresses: [${lan[4]}/24, "${lan[6]}/64"] }`,
  ...lines.map(line => `    ${line}`),
];

const hostLines = ({ host, hostAddress, lan }: Site): readonly string[] => [
  `  ${host}:`,
  '    kind: host',
  `    interfaces: { eth0: { addresses: [${hostAddress[4]}/24, "${hostAddress[6]}/64"], gateway: [${lan[4]}, "${lan[6]}"] } }`,
];

/** Of an IP packet of `innerOctets` in an IP header of the outer family: IP in IP. */
export const wrappedOctets = ({ outer }: Pick<SubjectParameters, 'outer'>, innerOctets: number): number =>
  innerOctets + (outer === 4 ? 20 : 40);
