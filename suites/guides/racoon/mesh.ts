import { expect } from 'vitest';
import type { Walk } from '../walk.ts';

/** The five machines of topologies/racoon-mesh.yaml. */
export const MACHINES = ['consul', 'nats', 'api', 'cell', 'uaa'] as const;
export type Machine = (typeof MACHINES)[number];

export const ADDRESS: Readonly<Record<Machine, string>> = {
  consul: '10.244.0.11',
  nats: '10.244.0.13',
  api: '10.244.0.15',
  cell: '10.244.0.17',
  uaa: '10.244.0.19',
};

export const others = (machine: Machine): readonly Machine[] => MACHINES.filter(each => each !== machine);

/** Each two of them, once. */
export const PAIRS: readonly (readonly [Machine, Machine])[] = MACHINES.flatMap((from, i) =>
  MACHINES.slice(i + 1).map(to => [from, to] as const),
);

const SETKEY_CONF = '/etc/racoon/setkey.conf';

/**
 * The machine's policies by setkey, at that level. SAs stay: their policies keep the names that their lines have given them, so a new
 * level is no new negotiation.
 */
export async function setLevel(walk: Walk, machine: Machine, level: 'use' | 'require'): Promise<void> {
  const own = ADDRESS[machine];
  const lines = others(machine).flatMap(other => [
    `# ${other}`,
    `spdadd ${own} ${ADDRESS[other]} any -P out ipsec esp/transport//${level};`,
    `spdadd ${ADDRESS[other]} ${own} any -P in ipsec esp/transport//${level};`,
  ]);
  await walk.write(machine, SETKEY_CONF, `${['# racoon negotiates', 'spdflush;', ...lines].join('\n')}\n`);
  await walk.does(machine, `setkey -f ${SETKEY_CONF}`);
  expect(await walk.does(machine, 'setkey -DP')).toContain(`esp/transport//${level}`);
}

export async function switchOff(walk: Walk, machine: Machine): Promise<void> {
  await walk.does(machine, 'setkey -FP');
  expect(await walk.does(machine, 'setkey -DP')).toBe('No SPD entries.\n');
}

/** One machine after the other, as a deployment does it. */
export async function onEach(walk: Walk, step: (walk: Walk, machine: Machine) => Promise<void>): Promise<void> {
  for (const machine of MACHINES) {
    await step(walk, machine);
    await walk.lab.sleep(200);
  }
}

/** Every machine has an ISAKMP SA and a pair of SAs with every other one. */
export async function expectMeshed(walk: Walk): Promise<void> {
  await walk.until(async () => {
    const status = await walk.lab.status();
    return MACHINES.every(machine => {
      const sas = status.find(({ name }) => name === machine)?.sas ?? [];
      const peers = new Set(sas.filter(({ direction }) => direction === 'outbound').map(sa => sa.destination));
      return others(machine).every(other => peers.has(ADDRESS[other]));
    });
  }, 60_000);
}
