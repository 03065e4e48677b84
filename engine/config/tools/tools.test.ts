import { describe, expect, test } from 'vitest';
import type { PolicyConfig, SaConfig } from '../../node/config.ts';
import type { NodeCommand, NodeStatus, SaStatus } from '../../node/node.ts';
import { nodeStatus, saStatus } from '../testing/statuses.ts';
import { toolNamed, toolNames } from './tools.ts';

const KEY = `0x${'5e'.repeat(32)}`;

/** A node that obeys, as far as tools can tell. */
class FakeNode {
  policies: readonly PolicyConfig[];
  sas: readonly SaStatus[];

  constructor(policies: readonly PolicyConfig[] = [], sas: readonly SaStatus[] = []) {
    this.policies = policies;
    this.sas = sas;
  }

  get status(): NodeStatus {
    return nodeStatus(this.policies, this.sas);
  }

  obey(command: NodeCommand): void {
    if (command.kind === 'setPolicies') this.policies = command.policies;
    else if (command.kind === 'flushSas') this.sas = [];
    else if (command.kind === 'installSa') this.sas = [...this.sas, statusOf(command.sa)];
    else if (command.kind === 'deleteSa') this.sas = this.sas.filter(({ spi }) => spi !== command.spi);
    else throw new Error(`a tool asked for ${command.kind}`);
  }

  run(line: string, text: string | null = null) {
    const [name = '', ...argv] = line.split(' ');
    const plan = toolNamed(name)?.plan(argv);
    if (plan === undefined) throw new Error(`no tool ${name}`);
    if (plan.kind === 'reads' && text === null) throw new Error('it reads, and there is nothing');
    const steps = plan.kind === 'steps' ? plan.steps : plan.stepsFor(text ?? '');
    const result = { status: 0, stdout: '', stderr: '' };
    for (const step of steps) {
      const effect = step({ status: this.status, unixSeconds: 1_450_110_255 });
      for (const command of effect.commands) this.obey(command);
      result.stdout += effect.stdout;
      result.stderr += effect.stderr;
      result.status = Math.max(result.status, effect.exitStatus);
    }
    return result;
  }
}

function statusOf({ spi, direction, mode, source, destination, suite, protocol = 'esp' }: SaConfig): SaStatus {
  return saStatus({ spi, direction, mode, source, destination, suite, protocol });
}

const done = { status: 0, stdout: '', stderr: '' };

const hostPolicy = (level: string) => `10.0.0.1 10.0.0.2 any -P out ipsec esp/transport//${level};`;

describe('setkey', () => {
  test('-D and -DP show what is there, and say when nothing is', () => {
    const empty = new FakeNode();
    expect(empty.run('setkey -D')).toEqual({ ...done, stdout: 'No SAD entries.\n' });
    expect(empty.run('setkey -DP')).toEqual({ ...done, stdout: 'No SPD entries.\n' });
    expect(empty.run('setkey -PD')).toEqual({ ...done, stdout: 'No SPD entries.\n' });
    expect(new FakeNode([], [saStatus({})]).run('/usr/sbin/setkey -D').stdout).toContain('spi=4096(0x00001000)');
  });

  test('-c carries out one statement after the other, and later ones see what earlier ones did', () => {
    const node = new FakeNode();
    const text = `add 10.0.0.1 10.0.0.2 esp 1000 -E null -A hmac-sha2-256 ${KEY};
      add 10.0.0.2 10.0.0.1 ah 1001 -A hmac-sha2-256 ${KEY};
      spdadd 10.0.0.1 10.0.0.2 any -P out ipsec esp/transport//require;
      dump esp; spddump;`;
    const { status, stdout, stderr } = node.run('setkey -c', text);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('spi=1000(');
    expect(stdout).not.toContain('spi=1001(');
    expect(stdout).toContain('10.0.0.1[any] 10.0.0.2[any] 255\n    out prio def ipsec\n    esp/transport//require\n');
    expect(node.sas.map(({ direction }) => direction)).toEqual(['outbound', 'inbound']);
    expect(JSON.stringify(node.status)).not.toContain('5e5e');
  });

  test('the first policy of a node brings along what the kernels of setkey do by themselves', () => {
    const node = new FakeNode();
    node.run('setkey -c', 'spdadd 10.0.0.1 10.0.0.2 any -P out discard;');
    expect(node.policies.map(({ name }) => name)).toEqual(['stdin:ike', 'stdin:1', 'stdin:otherwise']);
    node.run(
      'setkey -c',
      'spdadd 10.0.0.1 10.0.0.3 any -P out prio high none; spdadd 10.0.0.1 10.0.0.4 any -P out none;',
    );
    expect(node.policies.map(({ remote }) => remote)).toEqual([
      'any',
      '10.0.0.3/32',
      '10.0.0.2/32',
      '10.0.0.4/32',
      'any',
    ]);
    expect(node.run('setkey -DP').stdout).toContain('out prio high none');
    const remove = ['2', '3', '4'].map(last => `spddelete 10.0.0.1 10.0.0.${last} any -P out;`);
    expect(node.run('setkey -c', remove.join('\n'))).toEqual(done);
    expect(node.policies).toEqual([]);
  });

  test('spdupdate replaces the policy of the same selector, or is like spdadd', () => {
    const node = new FakeNode();
    expect(node.run('setkey -c', `spdupdate ${hostPolicy('use')}`)).toEqual(done);
    expect(node.run('setkey -c', `spdadd ${hostPolicy('require')}`).stderr).toBe(
      'The result of line 1: File exists.\n',
    );
    expect(node.run('setkey -DP').stdout).toContain('esp/transport//use');
    expect(node.run('setkey -c', `spdupdate ${hostPolicy('require')}`)).toEqual(done);
    const { stdout } = node.run('setkey -DP');
    expect(stdout.match(/esp\/transport\/\/\w+/g)).toEqual(['esp/transport//require']);
  });

  test('goes on after a statement that cannot be carried out, and says which it was', () => {
    const node = new FakeNode([], [saStatus({ spi: 1000 })]);
    const text = `add 10.0.0.1 10.0.0.2 esp 1000 -E null -A hmac-sha2-256 ${KEY};
add 172.16.0.1 172.16.0.2 esp 1001 -E null -A hmac-sha2-256 ${KEY};
delete 10.0.0.1 10.0.0.2 esp 4242;
spddelete 10.0.0.1 10.0.0.2 any -P out;
get 10.0.0.1 10.0.0.2 esp 1000;`;
    const { status, stdout, stderr } = node.run('setkey -c', text);
    expect(status).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'The result of line 1: File exists.',
      'The result of line 2: Neither 172.16.0.1 nor 172.16.0.2 is an address of alice.',
      'The result of line 3: No such SA.',
      'The result of line 4: No such policy.',
      '',
    ]);
    expect(stdout).toContain('spi=1000(');
  });

  test('carries out nothing of a text with an error in it', () => {
    const node = new FakeNode([], [saStatus({})]);
    const { status, stderr } = node.run('setkey -f x.conf', 'flush; spdad 10.0.0.1 10.0.0.2 any -P out none;');
    expect(status).toBe(1);
    expect(stderr).toBe('x.conf:1:8: "spdad" is not a statement of setkey\n  fix: did you mean "spdadd"?\n');
    expect(node.sas).toHaveLength(1);
    expect(node.run('setkey -n -c', 'flush;')).toEqual(done);
    expect(node.sas).toHaveLength(1);
  });

  test('-F and -FP empty the one and the other', () => {
    const node = new FakeNode([], [saStatus({})]);
    node.run('setkey -c', 'spdadd 10.0.0.1 10.0.0.2 any -P out none;');
    expect(node.run('setkey -F')).toEqual(done);
    expect([node.sas.length, node.policies.length]).toEqual([0, 3]);
    expect(node.run('setkey -FP')).toEqual(done);
    expect(node.policies).toEqual([]);
  });

  test.each(['setkey', 'setkey -D -F', 'setkey -x', 'setkey -f', 'setkey -D file'])('%s: how it is used', line => {
    expect(new FakeNode().run(line)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^usage: setkey/) });
  });

  test('a policy that goes and comes back with another level keeps its name, and so its SAs', () => {
    const node = new FakeNode();
    const names = () => node.policies.map(({ name }) => name);
    node.run('setkey -c', `spdadd ${hostPolicy('use')}`);
    node.run('setkey -c', `\n\nspdflush; spdadd ${hostPolicy('require')}`);
    expect(names()).toEqual(['stdin:ike', 'stdin:1', 'stdin:otherwise']);
    expect(node.policies[1]?.action).toMatchObject({ transforms: [{ level: 'require' }] });
    node.run('setkey -c', `spdupdate ${hostPolicy('use')}`);
    expect(names()).toContain('stdin:1');
    // Something else for the same packets is another policy.
    node.run('setkey -c', 'spdflush; spdadd 10.0.0.1 10.0.0.2 any -P out ipsec ah/transport//use;');
    expect(names()).not.toContain('stdin:1');
  });
});

describe('ipsecconf', () => {
  const policy: PolicyConfig = {
    name: 'a',
    tunnel: null,
    local: 'any',
    remote: '10.0.0.2/32',
    protocol: 6,
    localPort: 'any',
    remotePort: 23,
    action: {
      kind: 'protect',
      transforms: [{ protocol: 'esp', mode: 'transport', level: 'require', requestId: null, ends: null }],
      sharing: 'unique',
    },
  };
  const inTunnel: PolicyConfig = {
    ...policy,
    name: 'b',
    tunnel: 'eth0',
    protocol: 'any',
    remotePort: 'any',
    remote: 'any',
  };
  const node = () => new FakeNode([policy, inTunnel], [saStatus({ policy: 'a' })]);

  test('-l shows the policies of the node, -L those of tunnels as well', () => {
    const own =
      '#INDEX 1 \n{ ulp tcp raddr 10.0.0.2/32 rport telnet dir both } ipsec { encr_algs aes-cbc(128) encr_auth_algs hmac-sha256 sa unique } \n\n';
    expect(node().run('ipsecconf -l')).toEqual({ ...done, stdout: own });
    const other = '#INDEX eth0,1 \n{ tunnel eth0 negotiate transport dir both } ipsec { encr_algs any sa unique } \n\n';
    expect(node().run('ipsecconf -L').stdout).toBe(own + other);
    expect(node().run('ipsecconf -l -i eth0').stdout).toBe(other);
  });

  test('-n shows numbers', () => {
    expect(node().run('ipsecconf -ln').stdout).toContain('{ ulp 6 raddr 10.0.0.2/32 rport 23 dir both }');
  });

  test('-f and -F remove policies', () => {
    const some = node();
    some.run('ipsecconf -f');
    expect(some.policies.map(({ name }) => name)).toEqual(['b']);
    some.run('ipsecconf -F');
    expect(some.policies).toEqual([]);
  });

  test('-c checks a file', () => {
    expect(node().run('ipsecconf -c x', '{} ipsec {encr_algs aes encr_auth_algs sha256}')).toEqual(done);
    expect(node().run('ipsecconf -c x', '{} ipsec {encr_algs aes}')).toMatchObject({ status: 1 });
  });

  test.each(['ipsecconf -l -c x', 'ipsecconf -z', 'ipsecconf -F -i eth0', 'ipsecconf -f -n'])(
    '%s: how it is used',
    line => {
      expect(node().run(line)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^usage: ipsecconf/) });
    },
  );

  test('-i names a tunnel that is there', () => {
    expect(node().run('ipsecconf -l -i ip.tun0')).toMatchObject({
      status: 1,
      stderr: 'ipsecconf: alice has no tunnel ip.tun0\n',
    });
  });
});

describe('ipsecalgs and ipfstat', () => {
  test('ipsecalgs lists what ipsecinit.conf can name', () => {
    const { stdout } = new FakeNode().run('ipsecalgs');
    expect(stdout).toContain('Protocol 2/AH');
    expect(stdout).toContain('\tAlgorithm number: 12\n\tAlgorithm names: aes-cbc,aes\n');
    expect(stdout).toContain('Key sizes: 128, 192, 256');
    expect(new FakeNode().run('ipsecalgs -l').stdout).toBe(stdout);
    expect(new FakeNode().run('ipsecalgs -a')).toMatchObject({ status: 1 });
  });

  test('ipfstat says that there is no filter', () => {
    expect(new FakeNode().run('ipfstat -io')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'ipfstat: alice has no IP filter\n',
    });
  });

  test('they are all that there are', () => {
    expect(toolNames()).toEqual(['ipfstat', 'ipsecalgs', 'ipsecconf', 'setkey']);
    expect(toolNamed('ping')).toBeNull();
    expect(toolNamed('constructor')).toBeNull();
  });
});
