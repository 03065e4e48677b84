import { expect, test } from 'vitest';
import { shipped } from '../../topology/testing/shipped.ts';
import { agentOptions, hubOptions, serviceOptions } from './service.ts';

const PLAN = {
  runId: '0123456789abcdef0123456789abcdef',
  image: 'sha256:1',
  root: '/state',
  network: 'overlay-1',
  machine: 'machine-1',
};

function serviceOf(name: string) {
  const node = shipped('site-to-site').nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`no ${name}`);
  return serviceOptions(node, PLAN);
}

function mountsOf(name: string) {
  const task = serviceOf(name).TaskTemplate;
  if (task === undefined || !('ContainerSpec' in task)) throw new Error('no container');
  return task.ContainerSpec?.Mounts?.map(({ Type, Target }) => `${Type} ${Target}`);
}

test('a node is one task on this machine, on the network of the lab alone, which the swarm does not start again', () => {
  expect(serviceOf('alice')).toMatchObject({
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: 'dnsrr' },
    TaskTemplate: {
      Placement: { Constraints: ['node.id==machine-1'] },
      Networks: [{ Target: 'overlay-1' }],
      RestartPolicy: { Condition: 'none' },
      Resources: { Limits: { MemoryBytes: 512 * 2 ** 20, Pids: 256 } },
      ContainerSpec: { ReadOnly: true, CapabilityDrop: ['ALL'], CapabilityAdd: ['NET_ADMIN', 'NET_RAW'] },
    },
  });
});

test('only a node that runs the engine has a TUN device, and none has a folder of the machine', () => {
  expect(mountsOf('alice')).toEqual(['tmpfs /tmp', 'tmpfs /run', 'bind /dev/net/tun']);
  expect(mountsOf('a1')).toEqual(['tmpfs /tmp', 'tmpfs /run']);
});

test('service and container are found again by the same labels', () => {
  const { Labels, TaskTemplate } = serviceOf('a1');
  const labels = { 'ipsec-lab.run': PLAN.runId, 'ipsec-lab.node': 'a1', 'ipsec-lab.root': '/state' };
  expect(Labels).toEqual(labels);
  expect(TaskTemplate).toMatchObject({ ContainerSpec: { Labels: labels } });
});

test('a node with a placement may run wherever its constraints allow, and nowhere else', () => {
  const node = shipped('site-to-site').nodes[0];
  if (node === undefined) throw new Error('no node');
  const placement = ['node.labels.site == paris', 'node.role != manager'];
  expect(serviceOptions({ ...node, placement }, PLAN)).toMatchObject({
    TaskTemplate: { Placement: { Constraints: placement } },
  });
});

test('an agent has the socket of its daemon and the key of the run, and neither it nor the hub has a right', () => {
  const secret = { id: 's1', name: 'secret-1' };
  const agent = agentOptions({ ...PLAN, machine: 'machine-2', secret, name: '0' });
  expect(agent).toMatchObject({
    TaskTemplate: {
      Placement: { Constraints: ['node.id==machine-2'] },
      ContainerSpec: {
        Mounts: [{ Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock' }],
        Secrets: [{ File: { Mode: 0o400 }, SecretID: 's1', SecretName: 'secret-1' }],
      },
    },
  });
  for (const { TaskTemplate } of [agent, hubOptions(PLAN)]) {
    expect(TaskTemplate).toMatchObject({ ContainerSpec: { ReadOnly: true, CapabilityDrop: ['ALL'] } });
    expect(TaskTemplate).not.toHaveProperty('ContainerSpec.CapabilityAdd');
  }
});
