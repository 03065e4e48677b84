import type { RunningLab } from '../../drivers/driver.ts';

/** How many spokes the hub has an IKE SA and a child with. */
export async function connectedSpokes(lab: RunningLab): Promise<number> {
  const hub = (await lab.ike()).find(({ node }) => node === 'hub');
  const sas = hub?.status.sas ?? [];
  return sas.filter(({ state, children }) => state === 'established' && children.length > 0).length;
}

/** As many as `count` of a topology goes up to. */
const GROUP = 200;

/**
 * A hub and so many spokes, all of which call it at once, with a shared secret. Each is `delayMs` away in one direction, half of it on its
 * own link; 0: no link is impaired. Spoke n of group g is 203.g.n.1, and 10.g.n.0/24 is behind it; each group has a router, which knows no
 * more neighbours.
 */
export function hubTopology(spokes: number, delayMs: number): string {
  const groups = Array.from({ length: Math.ceil(spokes / GROUP) }, (_, i) => ({
    g: i + 1,
    count: Math.min(GROUP, spokes - i * GROUP),
  }));
  const impaired = delayMs === 0 ? '' : `, impair: { delay: ${delayMs / 2}ms }`;
  const each = (text: (group: { readonly g: number; readonly count: number }) => string) => groups.map(text).join('\n');
  return `name: hub
title: A hub
secrets: { hub: "known to everybody who reads the bench" }
nodes:
  hub:
    kind: gateway
    interfaces: { net0: { addresses: [198.51.100.1/24], gateway: 198.51.100.254 } }
    ike: ${ikeSection('none')}
    policy:
${each(({ g, count }) => `      - { count: ${count}, name: s${g}-$n, local: 10.0.0.0/24, remote: 10.${g}.$n.0/24, protect: { mode: tunnel, peer: s${g}-$n, esp: aes256gcm16 } }`)}
      - { bypass: true }
  internet:
    kind: router
    interfaces:
      hub: { addresses: [198.51.100.254/24] }
${each(({ g }) => `      r${g}: { addresses: [192.0.2.${4 * g + 1}/30] }`)}
    routes:
${each(({ g }) => `      - { to: 203.${g}.0.0/16, via: 192.0.2.${4 * g + 2} }`)}
${each(
  ({ g, count }) => `  r${g}:
    kind: router
    interfaces:
      core: { addresses: [192.0.2.${4 * g + 2}/30], gateway: 192.0.2.${4 * g + 1} }
      s${g}-$n: { count: ${count}, addresses: 203.${g}.$n.254/24 }`,
)}
${each(spokeSection)}
links:
  wan: { endpoints: ["hub:net0", "internet:hub"]${impaired} }
${each(({ g }) => `  core${g}: { endpoints: ["r${g}:core", "internet:r${g}"] }`)}
${each(({ g, count }) => `  w${g}-$n: { count: ${count}, endpoints: ["s${g}-$n:net0", "r${g}:s${g}-$n"]${impaired} }`)}
`;
}

function spokeSection({ g, count }: { readonly g: number; readonly count: number }): string {
  return `  s${g}-$n:
    count: ${count}
    kind: gateway
    interfaces: { net0: { addresses: [203.${g}.$n.1/24], gateway: 203.${g}.$n.254 } }
    ike: ${ikeSection('start')}
    policy:
      - { name: hub, local: 10.${g}.$n.0/24, remote: 10.0.0.0/24, protect: { mode: tunnel, peer: hub, esp: aes256gcm16 } }
      - { bypass: true }`;
}

function ikeSection(start: string): string {
  return `{ auth: { psk: "\${secrets.hub}" }, proposals: [aes256gcm16-prfsha384-x25519], start: ${start} }`;
}
