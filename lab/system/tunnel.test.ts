import { expect, test } from 'vitest';
import { ALICE, TypedNode } from './testing/typed-node.ts';

const CREATE = 'dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0';
const ADDRESS = 'ipadm create-addr -T static -a local=10.0.0.1,remote=10.0.1.1 v4_bob0/v4';
const ADDRCONF = 'ipadm create-addr -T addrconf v4_bob0/v6';

function withTunnel(): TypedNode {
  const node = new TypedNode(ALICE);
  for (const line of [CREATE, ADDRESS, ADDRCONF]) expect(node.type(line)).toBe('');
  return node;
}

test('the tunnel of the guide, as dladm and ipadm show it', () => {
  const node = withTunnel();
  expect(node.type('dladm show-iptun')).toBe(`LINK            TYPE  FLAGS  LOCAL               REMOTE
v4_bob0         ipv4  --     1.2.3.4             5.6.7.8
`);
  expect(node.type('ipadm show-if v4_bob0')).toBe(`IFNAME     STATE    CURRENT      PERSISTENT
v4_bob0    ok       -mp-------46 -46
`);
  expect(node.type('ipadm show-addr v4_bob0/v6')).toBe(`ADDROBJ           TYPE     STATE        ADDR
v4_bob0/v6        addrconf ok           fe80::102:304->fe80::506:708
`);
  expect(node.type('ipadm show-addr v4_bob0/')).toContain('v4_bob0/v4        static   ok           10.0.0.1->10.0.1.1');
  expect(node.type('ipadm show-addr -p -o addrobj,addr v4_bob0/v4')).toBe('v4_bob0/v4:10.0.0.1->10.0.1.1\n');
  expect(node.type('dladm show-link -p -o link,class,mtu v4_bob0')).toBe('v4_bob0:iptun:1480\n');
  expect(node.type('ifconfig v4_bob0')).toContain('inet 10.0.0.1 --> 10.0.1.1 netmask ffffffff');
  expect(node.type('ifconfig v4_bob0 inet6')).toContain('inet6 fe80::102:304/64 --> fe80::506:708');
});

test('what the guide has its readers type wrong is said to be wrong, with what is right', () => {
  const node = withTunnel();
  expect(node.type('ipaddr show-addr v4_bob0/v6')).toBe(`ipaddr: command not found
  did you mean: ipadm show-addr v4_bob0/v6
[127]`);
  expect(node.type('route -p add 10.0.0.1/24 10.0.1.1')).toBe(`add net 10.0.0.1/24: gateway 10.0.1.1: Invalid argument
  10.0.0.1/24 has host bits: as a network it is 10.0.0.0/24
  alice is in that network itself (net1): the route is to lead to what is behind 10.0.1.1
  fix: route -p add 10.0.1.0/24 10.0.1.1
[1]`);
});

test('routes through the tunnel', () => {
  const node = withTunnel();
  expect(node.type('route -p add 10.0.1.0/24 10.0.1.1')).toBe(`add net 10.0.1.0/24: gateway 10.0.1.1
add persistent net 10.0.1.0/24: gateway 10.0.1.1
`);
  expect(
    node.type('route -p add -inet6 2001:470:24:c67::/64 fe80::506:708'),
  ).toBe(`add net 2001:470:24:c67::/64: gateway fe80::506:708
add persistent net 2001:470:24:c67::/64: gateway fe80::506:708
`);
  expect(node.type('netstat -rn')).toBe(`
Routing Table: IPv4
  Destination           Gateway           Flags  Ref     Use     Interface
-------------------- -------------------- ----- ----- ---------- ---------
default              1.2.3.1              UG        1          0 net0
1.2.3.0              1.2.3.4              U         1          0 net0
10.0.0.0             10.0.0.1             U         1          0 net1
10.0.1.0             10.0.1.1             UG        1          0 v4_bob0
10.0.1.1             10.0.0.1             UH        1          0 v4_bob0
127.0.0.1            127.0.0.1            UH        1          0 lo0

Routing Table: IPv6
  Destination/Mask            Gateway                   Flags Ref   Use    If
--------------------------- --------------------------- ----- --- ------- -----
2001:470:24:c66::/64        2001:470:24:c66::1          U       1       0 net1
2001:470:24:c67::/64        fe80::506:708               UG      1       0 v4_bob0
::1                         ::1                         UH      1       0 lo0
`);
  expect(node.type('route -p show')).toContain('persistent: route add 10.0.1.0/24 10.0.1.1\n');
  expect(node.type('route get 10.0.1.77')).toContain('  interface: v4_bob0\n');
  expect(node.type('route -p delete 10.0.1.0/24 10.0.1.1')).toBe(`delete net 10.0.1.0/24: gateway 10.0.1.1
delete persistent net 10.0.1.0/24: gateway 10.0.1.1
`);
  expect(node.type('route delete 10.0.1.0/24 10.0.1.1')).toContain('not in table');
});

test.each([
  ['route add 10.9.0.0/16 10.8.0.1', 'Network is unreachable'],
  ['route add 10.9.0.0/16 10.0.0.1', 'this node itself'],
  ['route add 2001:db8::/32 fe80::506:708', 'say -inet6'],
  ['route -p ad 10.9.0.0/16 10.0.1.1', 'did you mean "add"?'],
  ['dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.9 tun', 'a digit last: tun0'],
  ['dladm create-iptun -T ipv4 -a local=1.2.3.4 tun0', 'remote tunnel address required'],
  ['dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 tun0', 'v4_bob0 leads from 1.2.3.4 to 5.6.7.8 already'],
  ['dladm create-iptun -a local=1.2.3.4,remote=5.6.7.8 tun0', 'say -T ipv4 or -T ipv6'],
  [CREATE, 'link already exists'],
  ['dladm create-iptunnel', 'did you mean "create-iptun"?'],
  ['dladm delete-iptun v4_bob0', 'first ipadm delete-if v4_bob0'],
  ['ipadm create-addr -T static -a 10.9.0.1 v4_bob0/x', 'remote address required'],
  ['ipadm create-addr -T static -a 10.9.0.1/24 net7/v4', 'Interface does not exist'],
  ['ipadm create-addr -T static -a local=10.0.0.9,remote=10.0.1.9 v4_bob0/v4', 'Address object already exists'],
  ['ipadm delete-addr v4_bob0/v5', 'Address object not found'],
  ['ipadm set-prop -p hostmodel=string ipv4', 'one of strong, src-priority, weak'],
  ['ipadm set-prop -p hostmodel=strong tcp', 'one of ip, ipv4, ipv6'],
  ['ipadm show-prop -p hostmodle', 'did you mean "hostmodel"?'],
  ['svcadm restart ipsec/polcy', 'did you mean "ipsec/policy"?'],
])('%s: what is wrong, and what to do', (line, expected) => {
  const text = withTunnel().type(line);
  expect(text).toContain(expected);
  expect(text).toMatch(/\[1\]$/);
});

test('a restart leaves what was meant for good, and nothing of what was temporary', () => {
  const node = withTunnel();
  node.type('route -p add 10.0.1.0/24 10.0.1.1');
  node.type('dladm create-iptun -t -T ipv4 -a local=1.2.3.4,remote=5.6.7.9 v4_carol0');
  node.type('ipadm create-addr -t -T static -a local=10.0.0.1,remote=10.0.2.1 v4_carol0/v4');
  node.type('route add 10.0.2.0/24 10.0.2.1');
  node.type('ipadm set-prop -p hostmodel=strong ipv4');
  node.type('ipadm set-prop -t -p hostmodel=strong ipv6');
  expect(node.node.status().hostModel).toEqual({ 4: 'strong', 6: 'strong' });
  node.type('reboot');
  expect(node.type('dladm show-iptun -p -o link')).toBe('v4_bob0\n');
  expect(node.type('ipadm show-addr -p -o addrobj,state v4_bob0')).toBe('v4_bob0/v4:ok\nv4_bob0/v6:ok\n');
  expect(node.type('netstat -rn -f inet')).toContain('10.0.1.0             10.0.1.1             UG');
  expect(node.type('netstat -rn -f inet')).not.toContain('10.0.2.0');
  expect(node.node.status().hostModel).toEqual({ 4: 'strong', 6: 'weak' });
});

test('what was meant for good on a temporary tunnel waits for it', () => {
  const node = new TypedNode(ALICE);
  node.type(CREATE.replace('create-iptun', 'create-iptun -t'));
  node.type(ADDRESS);
  node.type('route -p add 10.0.1.0/24 10.0.1.1');
  node.restart();
  expect(node.type('ipadm show-addr -p -o addrobj,state v4_bob0')).toBe('v4_bob0/v4:disabled\n');
  node.type(CREATE);
  expect(node.type('ipadm enable-if -t v4_bob0')).toBe('');
  expect(node.type('ipadm show-addr -p -o addrobj,state v4_bob0')).toBe('v4_bob0/v4:ok\n');
  expect(node.type('route get 10.0.1.77')).toContain('  interface: v4_bob0\n');
});

test('temporary deletion is undone by a restart', () => {
  const node = withTunnel();
  node.type('ipadm disable-if -t v4_bob0');
  expect(node.type('dladm delete-iptun -t v4_bob0')).toBe('');
  expect(node.type('dladm show-iptun')).toBe('');
  expect(node.type('dladm show-iptun -P')).toContain('v4_bob0');
  node.restart();
  expect(node.type('ipadm show-addr -p -o addrobj,state v4_bob0')).toBe('v4_bob0/v4:ok\nv4_bob0/v6:ok\n');
});

test('what the topology has given is like what was set for good', () => {
  const node = new TypedNode({
    ...ALICE,
    tunnels: [{ name: 'tun0', local: '1.2.3.4', remote: '5.6.7.8', mtu: null, addresses: ['10.9.0.1/30'] }],
    routes: [...ALICE.routes, { destination: '10.0.1.0/24', via: null, interface: 'tun0' }],
  });
  expect(node.type('ipadm show-addr -p -o addrobj,type tun0')).toBe('tun0/v4:static\ntun0/v6:addrconf\n');
  expect(node.type('ipadm delete-if tun0')).toBe('');
  expect(node.type('dladm delete-iptun tun0')).toBe('');
  node.restart();
  expect(node.type('dladm show-iptun')).toBe('');
  expect(node.node.status().interfaces.map(({ name }) => name)).toEqual(['net0', 'net1']);
});

test('properties of interfaces and address objects are shown, and where they are set is said', () => {
  const node = new TypedNode(ALICE);
  expect(node.type('ipadm show-ifprop -p mtu net0')).toMatch(
    /^IFNAME +PROPERTY +PROTO +PERM +CURRENT +PERSISTENT +DEFAULT +POSSIBLE\nnet0 +mtu +ipv4 +r- +1500 /,
  );
  expect(node.type('ipadm show-ifprop -c -o ifname,current -p forwarding net1')).toBe('net1:on\nnet1:on\n');
  expect(node.type('ipadm show-addrprop net1/v4')).toMatch(/\nnet1\/v4 +prefixlen +r- +24 +24 +24 +1-32\n$/);
  expect(node.type('ipadm refresh-addr net0/v4')).toBe('');
  expect(node.type('ipadm refresh-addr net9/v4')).toContain('Address object not found');
  expect(node.type('ipadm set-ifprop -p mtu=1400 net0')).toContain('write mtu: under the interface in the topology');
  expect(node.type('ipadm set-ifprop -p mut=1400 net0')).toContain('did you mean "mtu"?');
  expect(node.type('ipadm set-addrprop -p prefixlen=8 net0/v4')).toContain('create it anew');
  expect(node.type('ipadm show-ifprop net7')).toContain('Interface does not exist');
});
