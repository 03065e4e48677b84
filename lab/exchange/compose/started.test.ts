import { spawnSync } from 'node:child_process';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildImage } from '../../drivers/docker/image.ts';
import { startInside } from '../../drivers/docker/inside.ts';
import { processesHere } from '../../drivers/docker/machine-processes.ts';
import { PrivateDaemon } from '../../drivers/docker/testing/private-daemon.ts';
import { NEEDS_SWARM, swarmAvailable } from '../../drivers/swarm/testing/private-swarm.ts';
import { plainNetwork } from '../plain/network.ts';
import { PINGS, pingWords } from '../testing/pings.ts';
import { twoSitesForDocker } from '../testing/two-sites.ts';
import { exportCompose } from './export.ts';

interface File {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
}

interface Service {
  readonly image: string;
  readonly init: boolean;
  readonly cap_drop: string[];
  readonly cap_add: string[];
  readonly sysctls?: Readonly<Record<string, number>>;
  readonly entrypoint: string[];
  readonly command: string[];
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string; readonly ipv6_address?: string }>>;
}

interface Network {
  readonly driver: string;
  readonly internal: boolean;
  readonly enable_ipv6?: boolean;
  readonly ipam: { readonly config: readonly { readonly subnet: string; readonly gateway: string }[] };
}

const macvlan = 'ip link add name ve0 type veth peer name ve1 && ip link add name mv0 link ve0 type macvlan';
const isAble = swarmAvailable() && spawnSync('unshare', ['--net', 'sh', '-c', macvlan]).status === 0;

/** What `docker compose up` asks of a daemon for such a file; it may not be there, nor the kernel have what `parent` stands for. */
describe.skipIf(!isAble)(`the compose file (needs ${NEEDS_SWARM}, and macvlan in the kernel)`, () => {
  let daemon: PrivateDaemon;
  beforeAll(async () => {
    daemon = await PrivateDaemon.start();
  }, 120_000);
  afterAll(() => daemon.stop(), 60_000);

  test('makes a network that carries what may be clear, and nothing else', { timeout: 120_000 }, async () => {
    const { docker } = daemon;
    const { name: image } = await buildImage(docker, () => undefined);
    const exported = exportCompose(plainNetwork(twoSitesForDocker()), image, 'two-sites.yaml');
    if (exported.kind === 'cannot') throw new Error(exported.diagnostics.map(({ message }) => message).join('\n'));
    const { services, networks } = parse(exported.text) as File;
    for (const [index, [name, network]] of Object.entries(networks).entries()) {
      // Docker makes a device of kind dummy where a network has no parent. Nothing but containers is on this one, either.
      const parent = `parent${index}`;
      daemon.ip(['link', 'add', parent, 'type', 'veth', 'peer', 'name', `nobody${index}`]);
      for (const end of [parent, `nobody${index}`]) daemon.ip(['link', 'set', 'dev', end, 'up']);
      await docker.createNetwork(networkOptions(name, network, parent));
    }
    const containers = new Map<string, Docker.Container>();
    for (const [name, service] of Object.entries(services)) containers.set(name, await start(docker, name, service));
    for (const [node, address, answers] of PINGS) {
      const container = containers.get(node);
      const status = container === undefined ? null : await exec(docker, container, pingWords(address, answers));
      expect([node, address, status === 0]).toEqual([node, address, answers]);
    }
    await Promise.all([...containers.values()].map(container => container.remove({ force: true })));
  });
});

const networkOptions = (name: string, network: Network, parent: string): Docker.NetworkCreateOptions => ({
  Name: name,
  Driver: network.driver,
  Internal: network.internal,
  EnableIPv6: network.enable_ipv6 ?? false,
  IPAM: {
    Driver: 'default',
    Config: network.ipam.config.map(({ subnet, gateway }) => ({ Subnet: subnet, Gateway: gateway })),
  },
  Options: { parent },
});

async function start(docker: Docker, name: string, service: Service): Promise<Docker.Container> {
  const endpoints = Object.entries(service.networks).map(([network, addresses]) => {
    const { ipv4_address: v4, ipv6_address: v6 } = addresses;
    return { network, config: { IPAMConfig: { IPv4Address: v4, ...(v6 === undefined ? {} : { IPv6Address: v6 }) } } };
  });
  const [first, ...others] = endpoints;
  if (first === undefined) throw new Error(`${name} is on no network`);
  const container = await docker.createContainer({
    name,
    Image: service.image,
    Entrypoint: service.entrypoint,
    Cmd: service.command.map(text => text.replaceAll('$$', '$')),
    HostConfig: {
      Init: service.init,
      CapDrop: service.cap_drop,
      CapAdd: service.cap_add,
      Sysctls: Object.fromEntries(Object.entries(service.sysctls ?? {}).map(([key, value]) => [key, String(value)])),
      NetworkMode: first.network,
    },
    NetworkingConfig: { EndpointsConfig: { [first.network]: first.config } },
  });
  for (const { network, config } of others) {
    await docker.getNetwork(network).connect({ Container: container.id, EndpointConfig: config });
  }
  await container.start();
  return container;
}

async function exec(docker: Docker, container: Docker.Container, argv: readonly string[]): Promise<number> {
  const silent = { stdout: () => undefined, stderr: () => undefined };
  const processes = processesHere('');
  const inside = await startInside({ docker, container, processes, argv, environment: {}, hasInput: false, ...silent });
  return inside.ended;
}
