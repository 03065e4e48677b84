import { createSimDriver } from '../lab/drivers/sim/sim-driver.ts';
import { loadTopology } from '../lab/topology/load.ts';
import { heapOctets } from './soak/heap.ts';

/** A hub and so many spokes in the simulator, all of which call at once. */
export interface HubRate {
  readonly gateways: number;
  /** From the first message until every spoke has its IKE SA and its child: of the simulation, and of this machine. */
  readonly virtualMs: number;
  readonly realMs: number;
  /** Of the whole simulation, for each gateway. */
  readonly heapOctetsPerGateway: number;
}

const STEP_MS = 250;
const PATIENCE_MS = 600_000;

/** Spokes authenticate with a shared secret; each has 10 ms to the hub. Throws when one of them does not get through. */
export async function measureHub(spokes: number): Promise<HubRate> {
  const { topology, diagnostics } = loadTopology('hub.yaml', hubTopology(spokes));
  if (topology === null)
    throw new Error(
      diagnostics
        .map(({ message }) => message)
        .slice(0, 3)
        .join('; '),
    );
  const before = heapOctets();
  const began = process.hrtime.bigint();
  const lab = await createSimDriver({ pace: 'virtual' }).up(topology, {
    runId: 'bench',
    seed: 'bench',
    onPacket: () => undefined,
    onEvent: () => undefined,
  });
  const startedAt = lab.now();
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    await lab.sleep(STEP_MS);
    const connected = await connectedSpokes(lab);
    if (connected === spokes) break;
    if (waitedMs > PATIENCE_MS) throw new Error(`${connected} of ${spokes} spokes are connected`);
  }
  const realMs = Number(process.hrtime.bigint() - began) / 1e6;
  const virtualMs = Number(lab.now() - startedAt) / 1e6;
  const heapOctetsPerGateway = (heapOctets() - before) / (spokes + 1);
  await lab.down();
  return { gateways: spokes + 1, virtualMs, realMs, heapOctetsPerGateway };
}

async function connectedSpokes(lab: Awaited<ReturnType<ReturnType<typeof createSimDriver>['up']>>): Promise<number> {
  const hub = (await lab.ike()).find(({ node }) => node === 'hub');
  const sas = hub?.status.sas ?? [];
  return sas.filter(({ state, children }) => state === 'established' && children.length > 0).length;
}

/** As many as `count` of a topology goes up to. */
const GROUP = 200;

/** Spoke n of group g is 203.g.n.1, and 10.g.n.0/24 is behind it; each group has a router, which knows no more neighbours. */
function hubTopology(spokes: number): string {
  const groups = Array.from({ length: Math.ceil(spokes / GROUP) }, (_, i) => ({
    g: i + 1,
    count: Math.min(GROUP, spokes - i * GROUP),
  }));
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
  wan: { endpoints: ["hub:net0", "internet:hub"], impair: { delay: 5ms } }
${each(({ g }) => `  core${g}: { endpoints: ["r${g}:core", "internet:r${g}"] }`)}
${each(({ g, count }) => `  w${g}-$n: { count: ${count}, endpoints: ["s${g}-$n:net0", "r${g}:s${g}-$n"], impair: { delay: 5ms } }`)}
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
