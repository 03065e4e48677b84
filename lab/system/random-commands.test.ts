import { expect, test } from 'vitest';
import { drawFrom } from '../../engine/filter/testing/random-case.ts';
import { ALICE, TypedNode } from './testing/typed-node.ts';

/** Words as they come in commands, right and wrong. */
const WORDS = `
dladm ipadm route netstat ifconfig svcadm svcs in.iked ikeadm ipsecconf ipf ipseckey racoon racoonctl service systemctl
tcpdump setkey show-sa flush-sa delete-sa establish-sa vpn-connect isakmp esp inet 1.2.3.4 5.6.7.8 any dump spi start
stop -C -D -P -A port p1 groups set priv racoon.service create-iptun delete-iptun
show-iptun show-link -t -T ipv4 ipv6 -a v4_bob0 v6_c0 local=1.2.3.4,remote=5.6.7.8
local=10.0.0.1,remote=10.0.1.1 local=10.0.0.1/24 local=2001:db8::1/64 create-addr delete-addr show-addr
up-addr down-addr disable-addr enable-addr static addrconf v4_bob0/v4 v4_bob0/v6 net1/v4 net1/v6a net0
create-if delete-if show-if disable-if enable-if set-prop show-prop -p hostmodel=strong hostmodel=weak
forwarding=off add delete change get flush show -inet6 default 10.0.1.0/24 10.0.1.1 1.2.3.1 2001:db8:2::/64
fe80::506:708 -ifp -rn enable disable restart clear ipsec/policy ipsec/ike network/ipfilter -x -c -l -F -f -i
-Fa /etc/inet/ipsecinit.conf x=y cat rm -r mkdir ls /etc/inet /etc/inet/ike/config reboot - -- ö :: /
`
  .trim()
  .split(/\s+/)
  .concat('');
/** Those that begin the list are commands. */
const COMMANDS = 18;
/** Commands that work, so that there is something to take apart. */
const LINES = [
  'dladm create-iptun -T ipv4 -a local=1.2.3.4,remote=5.6.7.8 v4_bob0',
  'dladm create-iptun -t -T ipv6 -a local=2001:470:24:c66::1,remote=2001:db8::9 v6_c0',
  'ipadm create-addr -T static -a local=10.0.0.1,remote=10.0.1.1 v4_bob0/v4',
  'ipadm create-addr -t -T static -a local=10.0.0.9,remote=10.0.1.9 v6_c0/v4',
  'ipadm create-addr -T addrconf v4_bob0/v6',
  'ipadm create-addr -T addrconf v6_c0/v6',
  'ipadm create-addr -T static -a 10.0.7.1/24 net1/x',
  'ipadm delete-if v4_bob0',
  'ipadm disable-if -t v4_bob0',
  'ipadm enable-if -t v4_bob0',
  'ipadm down-addr v4_bob0/v4',
  'ipadm up-addr v4_bob0/v4',
  'ipadm delete-addr v4_bob0/v6',
  'ipadm delete-addr net1/v4',
  'ipadm delete-if net1',
  'dladm delete-iptun v4_bob0',
  'dladm delete-iptun v6_c0',
  'route -p add 10.0.1.0/24 10.0.1.1',
  'route add 10.0.2.0/24 10.0.1.9',
  'route -p add -inet6 2001:db8:2::/64 fe80::506:708',
  'route change 10.0.1.0/24 10.0.0.77',
  'route -p flush',
  'route delete default 1.2.3.1',
  'svcadm restart ipsec/policy',
  'svcadm enable ipsec/ike',
  'svcadm disable ipsec/ike',
  'service racoon restart',
  'service racoon stop',
  'racoonctl reload-config',
  'racoonctl vpn-connect 5.6.7.8',
  'setkey -f /etc/racoon/setkey.conf',
  'setkey -FP',
  'svcadm disable -t ipsec/policy',
  'ipadm set-prop -t -p hostmodel=strong ipv6',
  'reboot',
];
const POLICY = '{tunnel v4_bob0 negotiate tunnel} ipsec {encr_algs aes encr_auth_algs sha512 sa shared}\n';
const CONFIG = `{ label "b" local_addr 1.2.3.4 remote_addr 5.6.7.8
  p1_xform { auth_method preshared oakley_group 14 auth_alg sha256 encr_alg aes } }\n`;
const RACOON = `remote anonymous { exchange_mode main; proposal { encryption_algorithm aes 256; hash_algorithm sha256;
  authentication_method pre_shared_key; dh_group modp2048; } }
sainfo anonymous { encryption_algorithm aes 256; authentication_algorithm hmac_sha256; compression_algorithm deflate; }\n`;
const SETKEY = `spdflush;
spdadd 1.2.3.4 5.6.7.8 any -P out ipsec esp/transport//require;
spdadd 5.6.7.8 1.2.3.4 any -P in ipsec esp/transport//require;\n`;

test.each([1, 2, 3, 4, 5, 6])('whatever is typed, a node does it or says why not (seed %i)', seed => {
  const draw = drawFrom(seed);
  const pick = (list: readonly string[]) => list[draw(list.length)] ?? '';
  const node = new TypedNode(ALICE);
  node.type('tee /etc/inet/ipsecinit.conf', POLICY);
  node.type('tee /etc/inet/ike/config', CONFIG);
  node.type('tee /etc/racoon/racoon.conf', RACOON);
  node.type('tee /etc/racoon/setkey.conf', SETKEY);
  const typed: string[] = [];
  for (let i = 0; i < 300; i += 1) {
    const words = Array.from({ length: 1 + draw(5) }, () => `'${pick(WORDS)}'`);
    if (draw(5) > 0) words.unshift(WORDS[draw(COMMANDS)] ?? '');
    const line = draw(3) > 0 ? pick(LINES) : words.join(' ');
    typed.push(line);
    try {
      node.type(line, pick(['', POLICY, 'block in all\n', '\0\uFFFF']));
    } catch (error) {
      throw new Error(`after ${typed.slice(-12).join('\n')}`, { cause: error });
    }
    if (draw(20) === 0) expectAsSet(node);
  }
  expectAsSet(node);
  expect(typed).toHaveLength(300);
});

/** The node has the tunnels, routes and addresses that its system shows as active. */
function expectAsSet(node: TypedNode): void {
  const { settings } = node.system;
  const { interfaces, routes } = node.node.status();
  const tunnels = interfaces.filter(({ kind }) => kind === 'tunnel').map(({ name }) => name);
  expect(tunnels.sort()).toEqual(settings.tunnels.flatMap(({ isActive, name }) => (isActive ? [name] : [])).sort());
  const gatewayed = routes.flatMap(({ destination, via }) => (via === null ? [] : [`${destination} ${via}`]));
  const wanted = settings.routes.flatMap(each => (each.isActive ? [`${each.destination} ${each.gateway}`] : []));
  expect(gatewayed.sort()).toEqual(wanted.sort());
  for (const { name, addresses } of interfaces) {
    const own = addresses.filter(text => !text.startsWith('fe80:')).sort();
    const set = settings.addresses.flatMap(each =>
      each.interface === name && each.isActive && !each.isDown && each.kind === 'static' ? [each.local] : [],
    );
    expect(own, name).toEqual([...new Set(set)].sort());
  }
}
