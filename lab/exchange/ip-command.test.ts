import { expect, test } from 'vitest';
import { networkChanges } from './ip-command.ts';

const address = (device: string, text: string) => ({ kind: 'address', device, address: text });
const route = (to: string, via: string | null, device: string | null = null) => ({ kind: 'route', to, via, device });

test.each([
  ['ip addr add 10.0.0.1/24 dev eth1', [address('eth1', '10.0.0.1/24')]],
  ['/sbin/ip -6 a a 2001:db8::1/64 dev eth1 nodad', [address('eth1', '2001:db8::1/64')]],
  ['ip address replace local 10.0.0.1 dev lo', [address('lo', '10.0.0.1/32')]],
  ['ip link set dev eth1 mtu 1400 up', [{ kind: 'mtu', device: 'eth1', mtu: 1400 }]],
  ['ip l set eth1 up', [{ kind: 'nothing' }]],
  ['ip route add default via 10.0.0.1', [route('0.0.0.0/0', '10.0.0.1')]],
  ['ip r add default via 2001:db8::1 dev eth1', [route('::/0', '2001:db8::1', 'eth1')]],
  ['ip route add 10.1.0.0/16 dev eth1', [route('10.1.0.0/16', null, 'eth1')]],
  ['ip route del default', [{ kind: 'nothing' }]],
  ['sysctl -w net.ipv4.ip_forward=1', [{ kind: 'forwarding', on: true }]],
  ['sysctl net.ipv4.ip_forward = 0', [{ kind: 'forwarding', on: false }]],
  ['echo 1 > /proc/sys/net/ipv4/ip_forward', [{ kind: 'forwarding', on: true }]],
  [
    `bash -c "ip addr add 10.0.0.1/24 dev eth1 && ip route add default via 10.0.0.2"`,
    [address('eth1', '10.0.0.1/24'), route('0.0.0.0/0', '10.0.0.2')],
  ],
  ['sudo ip addr add 10.0.0.1/24 dev eth1', [address('eth1', '10.0.0.1/24')]],
])('%s', (line, changes) => {
  expect(networkChanges(line)).toEqual(changes);
});

test.each([
  'ip',
  'ip addr',
  'ip addr add dev eth1',
  'ip addr add 10.0.0.300/24 dev eth1',
  'ip addr del 10.0.0.1/24 dev eth1',
  'ip link set eth1 down',
  'ip link add br0 type bridge',
  'ip route add default via nowhere',
  'ip route add blackhole 10.0.0.0/8',
  'ip rule add from 10.0.0.0/8 lookup 7',
  'sysctl -w kernel.hostname=x',
  'cat /etc/passwd | sort',
  "echo 'unclosed",
  'echo 1',
  '',
])('"%s" says nothing that a topology could', line => {
  expect(networkChanges(line).every(({ kind }) => kind === 'unknown')).toBe(true);
});
