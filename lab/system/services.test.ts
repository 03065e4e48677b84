import { expect, test } from 'vitest';
import { seededRandom } from '../../engine/crypto/testing/random.ts';
import { createSystem } from './boot.ts';
import { planCommand } from './commands.ts';
import { ALICE, EPOCH, TypedNode } from './testing/typed-node.ts';

const POLICY = `{tunnel v4_bob0 negotiate tunnel}
    ipsec {encr_algs aes encr_auth_algs sha512 sa shared}
`;
const KEY =
  '0f5451e4e0ad601f64dad77b9a83a0214dd4f460e07935936cfc7faf24c90f1c65609aaebc817ea17894748d999c94324d53a50ba18ce62c7683966674c3d50f';
const CONFIG = `p1_lifetime_secs 7200
p1_nonce_len 40

p1_xform {
    auth_method preshared
    oakley_group 5
    auth_alg sha512
    encr_alg aes
}

p2_pfs 2

{
    label "v4_bob0"
    local_addr 1.2.3.4
    remote_addr 5.6.7.8
    p1_xform {
        auth_method preshared
        oakley_group 5
        auth_alg sha512
        encr_alg aes
    }
    p2_pfs 5
}
`;
const PRESHARED = `{
    localidtype IP
    localid 1.2.3.4
    remoteidtype IP
    remoteid 5.6.7.8
    key ${KEY}
}
`;
const FILTER = `# Protecting IPv4 between Alice and Bob
block in on v4_bob0 all
block out on v4_bob0 all
block in from 10.0.1.0/24 to 10.0.0.0/24
block out from 10.0.0.0/24 to 10.0.1.0/22
pass in on v4_bob0 from 10.0.1.0/24 to 10.0.0.0/24
pass out on v4_bob0 from 10.0.0.0/24 to 10.0.1.0/24
`;
const CREATE = 'dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0';

function withFiles(): TypedNode {
  const node = new TypedNode(ALICE);
  expect(node.type('tee /etc/inet/ipsecinit.conf', POLICY)).toBe(POLICY);
  expect(node.type('tee /etc/inet/ike/config', CONFIG)).toBe(CONFIG);
  expect(node.type('tee /etc/inet/secret/ike.preshared', PRESHARED)).toBe(PRESHARED);
  return node;
}

test('the policy of a tunnel may be there before the tunnel', () => {
  const node = withFiles();
  expect(node.type('svcadm restart ipsec/policy')).toBe('');
  const named = () => node.node.status().policies.map(({ config }) => [config.tunnel, config.action.kind]);
  expect(named()).toContainEqual(['v4_bob0', 'protect']);
  expect(node.type(CREATE)).toBe('');
  expect(named()).toContainEqual(['v4_bob0', 'protect']);
  expect(node.type('dladm show-iptun -p -o link,flags')).toBe('v4_bob0:s-\n');
  expect(node.type('ipsecconf -l -i v4_bob0')).toContain(
    '{ tunnel v4_bob0 negotiate tunnel dir both } ipsec { encr_algs aes-cbc(256) encr_auth_algs hmac-sha512 sa shared }',
  );
});

test('in.iked negotiates what policies and tunnels ask for, as soon as they are there', () => {
  const node = withFiles();
  expect(node.type('/usr/lib/inet/in.iked -c')).toBe(
    'in.iked: Configuration file /etc/inet/ike/config syntactically checks out.\n',
  );
  node.type('svcadm restart ipsec/policy');
  expect(node.type('svcadm enable ipsec/ike')).toBe('');
  expect(node.ike?.connections.map(({ name, children }) => [name, children.length])).toEqual([['v4_bob0', 0]]);
  node.type(CREATE);
  const [connection] = node.ike?.connections ?? [];
  expect(connection).toMatchObject({
    name: 'v4_bob0',
    version: 1,
    local: ['1.2.3.4'],
    remote: ['5.6.7.8'],
    rekeySeconds: 7200,
    authentication: { local: { method: 'psk', identity: '1.2.3.4' }, remote: { methods: ['psk'] } },
  });
  const policy = node.node.status().policies.find(({ config }) => config.tunnel === 'v4_bob0')?.name;
  expect(connection?.children[0]).toMatchObject({ policy, mode: 'tunnel', start: 'trap' });
  expect(connection?.children[0]?.proposals[0]?.keyExchange).toEqual(['modp1536']);
  expect(node.ike?.secrets).toEqual([{ identities: ['1.2.3.4', '5.6.7.8'], secret: KEY }]);
  node.type('dladm delete-iptun v4_bob0');
  expect(node.ike?.connections[0]?.children).toEqual([]);
  expect(node.type('svcadm disable ipsec/ike')).toBe('');
  expect(node.ike).toBeNull();
});

test('a restart of the node starts what is enabled, by its files', () => {
  const node = withFiles();
  node.type('tee /etc/ipf/ipf.conf', FILTER);
  for (const line of [
    'svcadm restart ipsec/policy',
    'svcadm enable ipsec/ike',
    'svcadm restart network/ipfilter',
    CREATE,
  ]) {
    expect(node.type(line)).toBe('');
  }
  const before = node.ike;
  expect(node.restart()).toBe('');
  expect(node.ike).toEqual(before);
  expect(node.node.status().filter?.rules.length).toBe(6);
  expect(node.node.status().policies.some(({ config }) => config.tunnel === 'v4_bob0')).toBe(true);
  node.type('svcadm disable -t network/ipfilter');
  expect(node.node.status().filter).toBeNull();
  node.restart();
  expect(node.node.status().filter?.rules.length).toBe(6);
  node.type('svcadm disable network/ipfilter');
  node.restart();
  expect(node.node.status().filter).toBeNull();
});

test('a file with errors in it changes nothing: the service goes to maintenance and says why', () => {
  const node = withFiles();
  node.type('svcadm restart ipsec/policy');
  const before = node.node.status().policies.length;
  node.type('tee /etc/inet/ipsecinit.conf', '{tunnel v4_bob0 negotiate tunnel} ipsec {encr_algs aess sa shared}\n');
  const text = node.type('svcadm restart ipsec/policy');
  expect(text).toContain('/etc/inet/ipsecinit.conf:1:52');
  expect(text).toMatch(/\[1\]$/);
  expect(node.node.status().policies.length).toBe(before);
  expect(node.type('svcs -H ipsec/policy')).toMatch(/^maintenance/);
  expect(node.type('svcs -x')).toContain('/etc/inet/ipsecinit.conf:1:52');
  node.type('tee /etc/inet/ipsecinit.conf', POLICY);
  expect(node.type('svcadm clear ipsec/policy')).toBe('');
  expect(node.type('svcs -H policy')).toMatch(/^online/);
});

test('what is missing is named, with where it belongs', () => {
  const node = new TypedNode(ALICE);
  expect(node.type('svcadm enable ipsec/ike')).toContain('/etc/inet/ike/config: No such file or directory');
  node.type('tee /etc/inet/ike/config', CONFIG);
  expect(node.type('svcadm clear ike')).toContain('ike.preshared: no key for 1.2.3.4 and 5.6.7.8');
  node.type('tee /etc/inet/ike/config', `${CONFIG}\n{ lable "x" }\n`);
  expect(node.type('in.iked -c')).toContain('/etc/inet/ike/config:26:3');
  expect(node.type('svcadm restart network/ipsec/manual-key')).toContain('is disabled, and stays so');
});

test('rules of ipf.conf, by the service and by ipf', () => {
  const node = new TypedNode(ALICE);
  node.type('tee /etc/ipf/ipf.conf', FILTER);
  expect(node.type('svcadm restart network/ipfilter')).toBe('');
  expect(node.type('ipfstat -io')).toContain('pass in on v4_bob0 from 10.0.1.0/24 to 10.0.0.0/24');
  expect(node.type('ipf -f /etc/ipf/ipf.conf')).toContain('replace them: ipf -Fa -f /etc/ipf/ipf.conf');
  expect(node.type('ipf -Fa -f -', 'block in all\n')).toBe('');
  expect(node.node.status().filter?.rules.length).toBe(1);
  expect(node.type('ipf -Fa')).toBe('');
  expect(node.node.status().filter).toBeNull();
  expect(node.type('ipf -n -f -', 'blok in all\n')).toContain('stdin:1:1');
});

test('setkey reads the files of the node, a statement after the other', () => {
  const node = new TypedNode(ALICE);
  node.type('mkdir -p /etc/racoon');
  node.type(
    'tee /etc/ipsec.conf',
    `spdflush;
spdadd 10.0.0.0/24 10.0.1.0/24 any -P out ipsec esp/tunnel/1.2.3.4-5.6.7.8/require;
spdadd 10.0.1.0/24 10.0.0.0/24 any -P in ipsec esp/tunnel/5.6.7.8-1.2.3.4/require;
`,
  );
  expect(node.type('setkey -f /etc/ipsec.conf')).toBe('');
  expect(node.type('setkey -DP')).toContain('10.0.0.0/24[any] 10.0.1.0/24[any]');
});

test('files: tee, cat, ls, cp, mv, rm, mkdir', () => {
  const node = withFiles();
  expect(node.type('cat /etc/inet/ipsecinit.conf')).toBe(POLICY);
  expect(node.type('ls /etc/inet')).toBe('ike\nipsecinit.conf\nsecret\n');
  expect(node.type('ls -l /etc/inet/secret/ike.preshared')).toMatch(
    /^-rw------- {3}1 root {5}root +\d+ Nov 22 12:30 \/etc\/inet\/secret\/ike.preshared\n$/,
  );
  expect(node.type('cp /etc/inet/ipsecinit.conf /etc/inet/old.conf && cat /etc/inet/old.conf')).toBe(POLICY);
  expect(node.type('mv /etc/inet/old.conf /root; ls /root')).toBe('old.conf\n');
  expect(node.type('rm /root/old.conf; cat /root/old.conf')).toBe(
    'cat: /root/old.conf: No such file or directory\n[1]',
  );
  expect(node.type('mkdir /a/b')).toContain('No such file or directory');
  expect(node.type('mkdir -p /a/b && ls /a')).toBe('b\n');
  expect(node.type('rm -r /a/b; ls /a')).toBe('');
  expect(node.type('tee /x/y', 'z')).toContain('tee: /x/y: No such file or directory');
});

test("ping's Solaris form", () => {
  const node = new TypedNode(ALICE);
  node.program = { stdout: '1 packets transmitted, 1 received, 0% packet loss, time 0ms\n', stderr: '', exitStatus: 0 };
  expect(node.type('ping 10.0.1.1')).toBe('10.0.1.1 is alive\n');
  expect(node.programs).toEqual([['ping', '-c', '1', '-w', '20', '-i', '1', '10.0.1.1']]);
  node.program = { stdout: '5 packets transmitted, 0 received, 100% packet loss\n', stderr: '', exitStatus: 1 };
  expect(node.type('ping 10.0.1.1 5')).toBe('no answer from 10.0.1.1\n[1]');
  expect(node.type('ping -c 1 10.0.1.1')).toContain('command not found');
});

test('what the topology has set up stays while there is no file that says otherwise', () => {
  const node = new TypedNode({
    ...ALICE,
    filter: { rules: [], otherwise: 'block' },
    policies: [
      {
        name: 'p',
        tunnel: null,
        direction: 'both',
        local: 'any',
        remote: ['10.9.0.0/16'],
        protocol: 'any',
        localPort: 'any',
        remotePort: 'any',
        action: { kind: 'discard' },
      },
    ],
  });
  expect(node.type('svcadm restart ipsec/policy')).toContain('there is no /etc/inet/ipsecinit.conf');
  expect(node.type('svcadm restart network/ipfilter')).toContain('there is no /etc/ipf/ipf.conf');
  expect(node.node.status().policies.map(({ name }) => name)).toEqual(['p']);
  expect(node.node.status().filter).not.toBeNull();
  node.type('tee /etc/ipf/ipf.conf', FILTER);
  expect(node.type('svcadm restart network/ipfilter')).toBe('');
  expect(node.node.status().filter?.rules.length).toBe(6);
});

test('in.iked goes on as the topology has it while there is no file that says otherwise', () => {
  const node = new TypedNode(ALICE);
  node.system = createSystem({ node: ALICE, negotiates: true, files: new Map(), unixSeconds: EPOCH });
  const plan = planCommand(['svcadm', 'restart', 'ipsec/ike'], node.system, { hasPrograms: false });
  if (plan?.kind !== 'step') throw new Error('no step');
  const view = { status: node.node.status(), ike: null, unixSeconds: EPOCH, random: seededRandom('x') };
  expect(plan.step(node.system, view)).toMatchObject({ exitStatus: 0, actions: [] });
  node.type('tee /etc/inet/ike/config', CONFIG);
  expect(plan.step(node.system, view).actions).toMatchObject([
    { kind: 'ike', config: null },
    { kind: 'ike', config: { connections: [{ name: 'v4_bob0' }] } },
  ]);
});

test('ipsecconf adds policies and takes them away, and what is negotiated follows', () => {
  const node = withFiles();
  node.type('svcadm enable ipsec/ike');
  node.type(CREATE);
  expect(node.ike?.connections[0]?.children).toEqual([]);
  expect(node.type('ipsecconf -a /etc/inet/ipsecinit.conf')).toBe('');
  expect(node.ike?.connections[0]?.children.length).toBe(1);
  expect(node.type('ipsecconf -a /etc/inet/ipsecinit.conf')).toContain('is loaded already');
  expect(node.type('ipsecconf -a -', '{ulp tcp rport 80 dir out} pass {}\n')).toBe('');
  expect(node.type('ipsecconf -l -n')).toContain('ulp 6 rport 80 dir out } pass');
  expect(node.type('ipsecconf -f -i v4_bob0')).toBe('');
  expect(node.ike?.connections[0]?.children).toEqual([]);
  expect(node.type('ipsecconf -L')).not.toContain('v4_bob0');
  expect(node.type('ipsecconf -F')).toBe('');
  expect(node.type('ipsecconf')).toBe('');
  expect(node.type('ipsecconf -a /etc/nothing')).toContain('No such file or directory');
});
