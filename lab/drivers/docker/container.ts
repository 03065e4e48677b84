import type Docker from 'dockerode';
import type { TopologyNode } from '../../topology/model.ts';
import { NODE_LABEL, ROOT_LABEL, RUN_LABEL } from './labels.ts';

const MIB = 2 ** 20;
const MEMORY_OCTETS = 512 * MIB;
/** Processes and threads: an engine and its daemon have some twenty. */
const PIDS_MAX = 256;

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
    Env: [
      `${RUN_VARIABLE}=${runId}`,
      ...(root === null ? [] : [`${ROOT_VARIABLE}=${root}`]),
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/tmp',
    ],
    Labels: { [RUN_LABEL]: runId, [NODE_LABEL]: node.name, ...(root === null ? {} : { [ROOT_LABEL]: root }) },
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
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
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

const MEMORY_FILES = 'rw,nosuid,nodev,noexec,size=32m,mode=1777';
const TUN = { PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' };

/** Docker takes IPv6 from containers that have no network of its making. */
const SYSCTLS = {
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.default.disable_ipv6': '0',
  'net.ipv4.ip_unprivileged_port_start': '0',
};
