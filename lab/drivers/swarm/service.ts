import type Docker from 'dockerode';
import type { TopologyNode } from '../../topology/model.ts';
import {
  CAPABILITIES,
  type ContainerPlan,
  environmentOf,
  labelsOf,
  MEMORY_OCTETS,
  PIDS_MAX,
  SYSCTLS,
} from '../docker/container.ts';

export interface ServicePlan extends ContainerPlan {
  /** The overlay network of the lab: its id. */
  readonly network: string;
  /** Which machine of the swarm it runs on: that one's id there. */
  readonly machine: string;
}

/**
 * The service of a node: one task, on one machine, that is never started again by the swarm, for links go with a container. It has the
 * rights and limits of a container of `--driver docker`, but for no-new-privileges, which a swarm cannot ask for (a daemon can be
 * started with it). `image` is an id, which no registry is asked for.
 */
export function serviceOptions(node: TopologyNode, plan: ServicePlan): Docker.ServiceSpec {
  return {
    Name: `ipsec-lab-${plan.runId.slice(0, 16)}-${node.name}`,
    Labels: labelsOf(node, plan),
    Mode: { Replicated: { Replicas: 1 } },
    // Virtual addresses would need IPVS, and nobody asks for a node by its service.
    EndpointSpec: { Mode: 'dnsrr' },
    TaskTemplate: {
      ContainerSpec: {
        Image: plan.image,
        Labels: labelsOf(node, plan),
        Hostname: node.name,
        Env: environmentOf(plan),
        // Ended by whoever holds it (swarm-ground.ts). A shell that waits collects orphans, too, as a first process has to.
        Command: ['/bin/sh', '-c', `trap 'exit 0' TERM; sleep infinity & wait`],
        Dir: '/tmp',
        ReadOnly: true,
        Mounts: [memoryFiles('/tmp'), memoryFiles('/run'), ...(node.engine ? [TUN] : [])],
        CapabilityDrop: ['ALL'],
        CapabilityAdd: CAPABILITIES,
        Sysctls: SYSCTLS,
        StopGracePeriod: 0,
        // The daemon answers for names, and would otherwise ask the machine's own resolvers for those that it does not know.
        DNSConfig: { Nameservers: ['127.0.0.1'] },
      },
      Resources: { Limits: { MemoryBytes: MEMORY_OCTETS, Pids: PIDS_MAX } },
      RestartPolicy: { Condition: 'none' },
      Placement: { Constraints: [`node.id==${plan.machine}`] },
      Networks: [{ Target: plan.network }],
      LogDriver: { Name: 'none' },
    },
  };
}

const MIB = 2 ** 20;

const memoryFiles = (target: string): Docker.MountSettings => ({
  Type: 'tmpfs',
  Source: '',
  Target: target,
  TmpfsOptions: { SizeBytes: 32 * MIB, Mode: 0o1777 },
});

/** A swarm has no devices for services; a daemon lets every container have this one. */
const TUN: Docker.MountSettings = { Type: 'bind', Source: '/dev/net/tun', Target: '/dev/net/tun' };
