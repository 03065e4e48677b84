import type Docker from 'dockerode';
import type { TopologyNode } from '../../topology/model.ts';
import { NODE_LABEL, ROOT_LABEL, RUN_LABEL } from './labels.ts';

const MIB = 2 ** 20;
export const MEMORY_OCTETS = 512 * MIB;
/** Processes and threads: an engine and its daemon have some twenty. */
export const PIDS_MAX = 256;
/** All that a node needs, over its own network only. */
export const CAPABILITIES = ['NET_ADMIN', 'NET_RAW'];

/** In the environment of all that runs in a container, by which the processes of a run are found. */
const RUN_VARIABLE = 'IPSEC_LAB_RUN';
const ROOT_VARIABLE = 'IPSEC_LAB_ROOT';

export interface ContainerPlan {
  readonly runId: string;
  readonly image: string;
  /** null: not made by `lab up`. */
  readonly root: string | null;
}

/**
 * The container of a node: no network but the links that are moved in, no file that it could write but in memory, of all capabilities
 * only those over its own network, and no way to more. It lives as long as somebody holds its standard input, and is removed by the
 * daemon when it ends: with the lab's supervisor goes the lab, however it ends.
 */
export function containerOptions(
  node: TopologyNode,
  { runId, image, root }: ContainerPlan,
): Docker.ContainerCreateOptions {
  return {
    name: `ipsec-lab-${runId.slice(0, 16)}-${node.name}`,
    Image: image,
    Hostname: node.name,
    Env: environmentOf({ runId, root }),
    Labels: labelsOf(node, { runId, root }),
    // A shell that waits for another program collects orphans, too, as the first process of a container has to.
    Cmd: ['/bin/sh', '-c', 'cat >/dev/null; exit 0'],
    WorkingDir: '/tmp',
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    HostConfig: {
      NetworkMode: 'none',
      AutoRemove: true,
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': MEMORY_FILES, '/run': MEMORY_FILES },
      Devices: node.engine ? [TUN] : [],
      Memory: MEMORY_OCTETS,
      MemorySwap: MEMORY_OCTETS,
      PidsLimit: PIDS_MAX,
      Sysctls: SYSCTLS,
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

type Origin = Pick<ContainerPlan, 'runId' | 'root'>;

/** By which a node's processes are found, and what its programs need. */
export const environmentOf = ({ runId, root }: Origin): string[] => [
  `${RUN_VARIABLE}=${runId}`,
  ...(root === null ? [] : [`${ROOT_VARIABLE}=${root}`]),
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/tmp',
];

export const labelsOf = ({ name }: TopologyNode, origin: Origin): Record<string, string> => ({
  ...runLabelsOf(origin),
  [NODE_LABEL]: name,
});

/** Of what belongs to a run and to none of its nodes. */
export const runLabelsOf = ({ runId, root }: Origin): Record<string, string> => ({
  [RUN_LABEL]: runId,
  ...(root === null ? {} : { [ROOT_LABEL]: root }),
});

const MEMORY_FILES = 'rw,nosuid,nodev,noexec,size=32m,mode=1777';
const TUN = { PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' };

/** Docker takes IPv6 from containers that have no network of its making. */
export const SYSCTLS = {
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.default.disable_ipv6': '0',
  'net.ipv4.ip_unprivileged_port_start': '0',
};
