import type Docker from 'dockerode';
import type { TopologyNode } from '../../topology/model.ts';
import {
  CAPABILITIES,
  type ContainerPlan,
  environmentOf,
  labelsOf,
  MEMORY_OCTETS,
  PIDS_MAX,
  runLabelsOf,
  SYSCTLS,
} from '../docker/container.ts';
import { programInImage } from '../docker/image-content.ts';

export interface ServicePlan extends ContainerPlan {
  /** The overlay network of the lab: its id. */
  readonly network: string;
  /** Which machine of the swarm it runs on unless its node has a placement: that one's id there. */
  readonly machine: string;
}

/**
 * The service of a node: one task, on this machine or on one that its placement allows, that is never started again by the swarm, for links go with a container. It has the
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
        Command: WAITS,
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
      Placement: { Constraints: [...(node.placement ?? [onMachine(plan.machine)])] },
      Networks: [{ Target: plan.network }],
      LogDriver: { Name: 'none' },
    },
  };
}

/**
 * The service that gives the lab a foot on its overlay network, on this machine: its interface there is taken to the supervisor. It runs
 * nothing.
 */
export function hubOptions(plan: ServicePlan): Docker.ServiceSpec {
  return lonelyService('hub', plan, { Command: WAITS, Labels: runLabelsOf(plan) });
}

export interface AgentServicePlan extends ServicePlan {
  /** The swarm's secret that has the key of the run. */
  readonly secret: { readonly id: string; readonly name: string };
  /** Made unlike others of the lab's by this. */
  readonly name: string;
}

/** The service by which the lab reaches the daemon of another machine (agent-gate.ts). All that it has is the daemon's socket. */
export function agentOptions({ secret, ...plan }: AgentServicePlan): Docker.ServiceSpec {
  return lonelyService(`agent-${plan.name}`, plan, {
    Command: ['node', programInImage('lab/drivers/swarm/agent-main'), SECRET_FILE, DAEMON_SOCKET],
    Mounts: [{ Type: 'bind', Source: DAEMON_SOCKET, Target: DAEMON_SOCKET }],
    Secrets: [
      { File: { Name: SECRET_FILE, UID: '0', GID: '0', Mode: 0o400 }, SecretID: secret.id, SecretName: secret.name },
    ],
  });
}

const SECRET_FILE = '/run/secrets/ipsec-lab';
/** Where daemons have it, and their own tools expect it. */
const DAEMON_SOCKET = '/var/run/docker.sock';

/** A service of no node. */
function lonelyService(name: string, plan: ServicePlan, container: Docker.ContainerSpec): Docker.ServiceSpec {
  return {
    Name: `ipsec-lab-${plan.runId.slice(0, 16)}_${name}`,
    Labels: runLabelsOf(plan),
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'dnsrr' },
    TaskTemplate: {
      ContainerSpec: {
        Image: plan.image,
        Env: environmentOf(plan),
        ReadOnly: true,
        CapabilityDrop: ['ALL'],
        StopGracePeriod: 0,
        DNSConfig: { Nameservers: ['127.0.0.1'] },
        ...container,
      },
      Resources: { Limits: { MemoryBytes: MEMORY_OCTETS, Pids: PIDS_MAX } },
      RestartPolicy: { Condition: 'none' },
      Placement: { Constraints: [onMachine(plan.machine)] },
      Networks: [{ Target: plan.network }],
      LogDriver: { Name: 'none' },
    },
  };
}

const onMachine = (id: string): string => `node.id==${id}`;

/** Ended by whoever holds it (lifeline.ts). A shell that waits collects orphans, too, as a first process has to. */
const WAITS = ['/bin/sh', '-c', `trap 'exit 0' TERM; sleep infinity & wait`];

const MIB = 2 ** 20;

const memoryFiles = (target: string): Docker.MountSettings => ({
  Type: 'tmpfs',
  Source: '',
  Target: target,
  TmpfsOptions: { SizeBytes: 32 * MIB, Mode: 0o1777 },
});

/** A swarm has no devices for services; a daemon lets every container have this one. */
const TUN: Docker.MountSettings = { Type: 'bind', Source: '/dev/net/tun', Target: '/dev/net/tun' };
