import { randomBytes } from 'node:crypto';
import { enrol } from '../../../lab/drivers/enrolment.ts';
import { ikeConfig } from '../../../lab/topology/ike-config.ts';
import type { Topology } from '../../../lab/topology/model.ts';
import type { Walk } from '../walk.ts';
import { type Machine, MACHINES, others } from './mesh.ts';

/** Certificates of another authority, for every machine. */
export interface RenewedMesh {
  /** As racoon is restarted with other files: what was proven with the old certificate is over. */
  readonly deploy: (walk: Walk, machine: Machine) => Promise<void>;
}

export async function renewedMesh(walk: Walk): Promise<RenewedMesh> {
  const { topology } = walk.lab;
  const random = { bytes: (octets: number) => new Uint8Array(randomBytes(octets)) };
  const now = Number(walk.lab.now() / 1_000_000_000n);
  const renewed = withAuthority(topology, 'CN=IPsec CA 2, O=ipsec-lab');
  const enrolment = await enrol(renewed, now, () => random);
  return {
    deploy: async (_, machine) => {
      const config = ikeConfig(renewed, machine, enrolment.credentials(machine));
      if (config === null) throw new Error(`${machine} has no IKE`);
      await walk.lab.ikeCommand(machine, { kind: 'configure', config });
      for (const other of others(machine)) await walk.lab.ikeCommand(machine, { kind: 'terminate', ike: other });
    },
  };
}

/**
 * Between every two machines there is an ISAKMP SA that is younger than that: who was deployed since believes in the new authority
 * alone. `since`: the lab's clock.
 */
export async function expectAllAnew(walk: Walk, since: bigint): Promise<void> {
  await walk.until(async () => {
    const seconds = Number(walk.lab.now() - since) / 1e9;
    const all = await walk.lab.ike();
    return MACHINES.every(machine => {
      const sas = all.find(({ node }) => node === machine)?.status.sas ?? [];
      const fresh = sas.filter(({ state, ageSeconds }) => state === 'established' && ageSeconds < seconds);
      return others(machine).every(other => fresh.some(({ connection }) => connection === other));
    });
  }, 120_000);
}

function withAuthority(topology: Topology, subject: string): Topology {
  const { pki } = topology;
  if (pki === null) throw new Error(`${topology.name} has no certificates`);
  return { ...topology, pki: { ...pki, authorities: pki.authorities.map(each => ({ ...each, subject })) } };
}
