/** What a topology file may say: the one source of the reader and of topologies/schema.json. */
import * as addresses from './address-scalars.ts';
import { ikeShape } from './ike-description.ts';
import * as names from './names.ts';
import { pkiShape } from './pki-description.ts';
import { policyShape } from './policy-description.ts';
import * as scalars from './scalars.ts';
import {
  dictionary,
  fields,
  list,
  oneOrMore,
  optional,
  type Read,
  required,
  requiredOr,
  whenKeys,
  word,
} from './shape.ts';

const family = optional(word(['v4', 'v6']), 'Address family to use; without it IPv4 where both ends have it.');
const tries = optional(
  scalars.wholeNumber(1, 1000, 'a number of tries'),
  'How often to try before it counts as failed.',
);
const timeout = optional(scalars.duration, 'How long each try may take.');

const interfaceShape = fields('an interface', {
  addresses: optional(
    oneOrMore(addresses.interfaceAddress, 'addresses'),
    'IPv4 and IPv6 addresses, each with its prefix length.',
  ),
  gateway: optional(
    oneOrMore(addresses.address, 'addresses'),
    'The default router, one for each family; must be on-link.',
  ),
  mtu: optional(scalars.mtu, 'Octets of IP packet; 1500, or the MTU of the link.'),
  mac: optional(addresses.mac, 'Assigned by position where it is absent.'),
  advertise: optional(scalars.flag, 'Send IPv6 Router Advertisements (RFC 4861) for the prefixes of this interface.'),
  autoconfigure: optional(scalars.flag, 'Form IPv6 addresses from Router Advertisements (SLAAC, RFC 4862).'),
});

const tunnelShape = fields('a tunnel', {
  remote: required(names.reference('a node'), 'The node at the other end, which has a tunnel back.'),
  local: optional(
    addresses.address,
    'Outer address of this end; without it the address on the interface that has the gateway.',
  ),
  addresses: optional(
    oneOrMore(addresses.tunnelAddress, 'addresses'),
    'Inner addresses of this end; those of another interface may be borrowed.',
  ),
  routes: optional(oneOrMore(addresses.network, 'prefixes'), 'What is behind the other end.'),
  mtu: optional(scalars.mtu, 'Octets of inner packet; found from the path where it is absent.'),
  advertise: optional(
    scalars.flag,
    'Send IPv6 Router Advertisements (RFC 4861) through the tunnel, for a /64 that no interface has.',
  ),
  autoconfigure: optional(
    scalars.flag,
    'Form an IPv6 address (SLAAC, RFC 4862) from what the other end advertises, and route by default through it.',
  ),
});

const routeShape = fields(
  'a route',
  {
    to: required(addresses.network, 'The destination.'),
    via: optional(addresses.address, 'The next hop, which is on-link.'),
    interface: optional(
      names.reference('an interface or tunnel of this node'),
      'Straight into this interface or tunnel.',
    ),
  },
  ['via', 'interface'],
);

const natShape = fields('nat', {
  outside: required(
    names.reference('an interface of this node'),
    'The interface whose address everybody behind it shares.',
  ),
  behaviour: optional(
    word(['port-restricted', 'symmetric']),
    'RFC 4787 in short: one mapping for each inside endpoint, or one for each pair; port-restricted where it is absent.',
  ),
  idle: optional(scalars.duration, 'UDP mappings are forgotten after so much silence; 120s where it is absent.'),
});

const nodeShape = fields('a node', {
  kind: required(
    word(['gateway', 'host', 'router', 'nat', 'peer']),
    'gateway: runs the engine and forwards; router: a plain forwarder; host: forwards nothing; nat: forwards, and translates addresses; peer: a gateway that runs another implementation.',
  ),
  implementation: optional(
    word(['strongswan', 'libreswan']),
    'Of kind peer: what it runs; strongswan where it is absent.',
  ),
  interfaces: required(dictionary(names.interfaceName, interfaceShape, 'interfaces'), 'Network interfaces by name.'),
  tunnels: optional(
    dictionary(names.tunnelName, tunnelShape, 'tunnels'),
    'IP-in-IP tunnels; the name begins with the outer family: v4_bob0.',
  ),
  routes: optional(list(routeShape, 'routes'), 'Static routes besides gateways and tunnels.'),
  ike: optional(ikeShape, 'Keys are negotiated (RFC 7296) for the policies that name none.'),
  policy: optional(list(policyShape, 'policies'), 'The security policy database, in order: the first match decides.'),
  filter: optional(scalars.fileText, 'An IP filter in the language of ipf.conf, a text over several lines ("|").'),
  files: optional(
    fields('files', {
      'ipsecinit.conf': optional(scalars.fileText, 'Policy as ipsecconf of Solaris reads it.'),
      'setkey.conf': optional(scalars.fileText, 'Policies and SAs as setkey reads them.'),
      'swanctl.conf': optional(scalars.fileText, 'Connections, secrets and pools as swanctl of strongSwan reads them.'),
      'ike/config': optional(
        scalars.fileText,
        'Rules of IKEv1 as in.iked of Solaris reads them, for the policies of ipsecinit.conf. Names of its certificates are those of "pki:".',
      ),
      'ike.preshared': optional(scalars.fileText, 'Preshared keys as in.iked of Solaris reads them.'),
      'racoon.conf': optional(
        scalars.fileText,
        'Remotes and sainfos of IKEv1 as racoon reads them, for the policies of setkey.conf. Names of its files, without folder and ending, are those of "pki:".',
      ),
      'psk.txt': optional(scalars.fileText, 'Preshared keys as racoon reads them.'),
      'ipf.conf': optional(scalars.fileText, 'Filter rules; for IPv4 alone where there is an ipf6.conf.'),
      'ipf6.conf': optional(scalars.fileText, 'Filter rules for IPv6.'),
      legacy: optional(scalars.flag, 'Allow algorithms in them that nobody should use any more (RFC 8221).'),
    }),
    'Native files of this node, each a text over several lines ("|") or the path of a file beside the topology.',
  ),
  hostmodel: optional(
    word(['weak', 'strong']),
    'strong: take packets for an address only on the interface that has it (RFC 1122 §3.3.4.2).',
  ),
  antispoofing: optional(scalars.flag, 'Refuse packets from where their source is not (RFC 3704).'),
  'report-discards': optional(
    scalars.flag,
    'Tell senders when a policy, or the want of an SA, keeps their packets from leaving (RFC 4301 §5.1.1): ICMP, to whoever they say they are.',
  ),
  fragments: optional(
    word(['reassemble', 'stateful']),
    'How later fragments meet a policy with ports, RFC 4301 §7; reassemble where it is absent.',
  ),
  nat: optional(natShape, 'Of kind nat: what it translates, and how.'),
  restart: optional(
    word(['always', 'no']),
    'What becomes of it when its process ends unasked, in a live lab: it is started again, later each time; no where it is absent.',
  ),
  placement: optional(
    oneOrMore(scalars.placementConstraint, 'constraints'),
    'Which machines of a Docker Swarm it may run on (--driver swarm), as docker service create --constraint has it; the one of the lab where it is absent.',
  ),
});

const impairmentTable = {
  delay: optional(scalars.duration, 'Each frame takes this long.'),
  jitter: optional(scalars.duration, 'Up to this much more or less, at random; at most the delay.'),
  loss: optional(scalars.percent, 'Share of frames that vanish.'),
  duplicate: optional(scalars.percent, 'Share of frames that arrive twice.'),
  reorder: optional(scalars.percent, 'Share of frames that later ones overtake.'),
  corrupt: optional(scalars.percent, 'Share of frames with a flipped bit.'),
  rate: optional(scalars.rate, 'Bits of Ethernet frame per second.'),
  queue: optional(
    scalars.wholeNumber(1, 100_000, 'frames'),
    'Frames that may wait for the rate; 100 where it is absent.',
  ),
};
const impairmentShape = fields('an impairment', impairmentTable);
const bothWaysShape = fields('an impairment', {
  forward: optional(impairmentShape, 'From the first end to the second.'),
  backward: optional(impairmentShape, 'From the second end to the first.'),
});

const linkShape = fields('a link', {
  endpoints: required(
    list(names.linkEnd, 'two link ends such as ["alice:net0", "bob:net0"]'),
    'Its two ends, each node:interface.',
  ),
  impair: optional(
    whenKeys(impairmentShape, ['forward', 'backward'], bothWaysShape),
    'What the link does to frames, both ways or each way.',
  ),
  mtu: optional(scalars.mtu, 'The MTU of the interfaces at both ends, where they do not say it.'),
});

const reachTable = {
  from: required(names.reference('a node'), 'The node that asks.'),
  to: required(names.reference('a node, or an address'), 'The node or address that is asked.'),
  with: required(word(['icmp', 'udp', 'tcp']), 'An echo request, or a payload there and back.'),
  port: optional(scalars.port, 'UDP or TCP port; 7, echo, where it is absent.'),
  size: optional(scalars.wholeNumber(0, 65_000, 'octets'), 'Octets of payload.'),
  family,
};

const checkShape = fields(
  'a check',
  {
    reach: optional(fields('reach', reachTable), 'An answer comes back.'),
    unreachable: optional(fields('unreachable', reachTable), 'No answer comes back.'),
    encrypted: optional(
      fields('encrypted', {
        link: required(names.reference('a link'), 'The link to watch.'),
        flow: required(addresses.flow, 'Two prefixes: "10.0.0.0/24 <-> 10.0.1.0/24".'),
      }),
      'The flow is seen on the link, and only inside ESP.',
    ),
    authenticated: optional(
      fields('authenticated', {
        link: required(names.reference('a link'), 'The link to watch.'),
        flow: required(addresses.flow, 'Two prefixes: "10.0.0.0/24 <-> 10.0.1.0/24".'),
      }),
      'The flow is seen on the link, and only under AH whose ICV verifies.',
    ),
    policy: optional(
      fields('policy', {
        node: required(names.reference('a node'), 'The node that is asked.'),
        from: required(names.reference('a node, or an address'), 'Source of the packet in question.'),
        to: required(names.reference('a node, or an address'), 'Its destination.'),
        proto: optional(scalars.protocol, 'Its protocol; icmp where it is absent.'),
        port: optional(scalars.port, 'Its destination port.'),
        'source-port': optional(scalars.port, 'Its source port.'),
        icmp: optional(
          fields('icmp', {
            type: required(scalars.wholeNumber(0, 255, 'an ICMP type'), 'Its ICMP type.'),
            code: optional(scalars.wholeNumber(0, 255, 'an ICMP code'), 'Its code; 0 where it is absent.'),
          }),
          'Which message of ICMP it is; an echo request where it is absent.',
        ),
        expect: required(word(['protect', 'bypass', 'discard']), 'What the policy must say.'),
        family,
      }),
      'What the node would do with a packet.',
    ),
    'path-mtu': optional(
      fields('path-mtu', {
        from: required(names.reference('a node'), 'The node that asks.'),
        to: required(names.reference('a node, or an address'), 'The other end of the path.'),
        mtu: required(scalars.mtu, 'The longest IP packet that arrives whole.'),
        family,
      }),
      'Path MTU discovery finds this value.',
    ),
    tries,
    timeout,
  },
  ['reach', 'unreachable', 'encrypted', 'authenticated', 'policy', 'path-mtu'],
);

const faultShape = fields(
  'a fault',
  {
    at: required(scalars.duration, 'Lab time after the lab is up.'),
    down: optional(names.reference('a link'), 'Cut this link.'),
    up: optional(names.reference('a link'), 'Join it again.'),
    crash: optional(names.reference('a node'), 'Stop this node as if its power went.'),
    restart: optional(names.reference('a node'), 'Start it again, with nothing remembered.'),
    partition: optional(
      fields('partition', {
        link: required(names.reference('a link'), 'The link.'),
        from: required(names.reference('a node'), 'Frames from this end are lost; the other way works.'),
      }),
      'Cut one direction of a link.',
    ),
    heal: optional(names.reference('a link'), 'End a partition.'),
    impair: optional(
      fields('impair', {
        link: required(names.reference('a link'), 'The link.'),
        to: optional(
          whenKeys(impairmentShape, ['forward', 'backward'], bothWaysShape),
          'What is wrong with it from now on; nothing where it is absent.',
        ),
      }),
      'Make a link worse, or better, than it was.',
    ),
    pause: optional(names.reference('a node'), 'Let this node stand still.'),
    resume: optional(names.reference('a node'), 'Let it go on.'),
    skew: optional(
      fields('skew', {
        node: required(names.reference('a node'), 'The node.'),
        by: required(scalars.signedDuration, 'How far its clock is ahead; behind with a minus sign.'),
      }),
      'Move the clock of a node.',
    ),
    move: optional(
      fields('move', {
        node: required(names.reference('a node'), 'The node.'),
        interface: required(names.reference('an interface of this node'), 'Whose addresses change.'),
        addresses: optional(
          oneOrMore(addresses.interfaceAddress, 'addresses'),
          'Those that it has from now on, each with its prefix length.',
        ),
        gateway: optional(addresses.address, 'Its default router from now on; must be on-link.'),
      }),
      'Put a node somewhere else, until it restarts: other addresses, another gateway.',
    ),
    rebind: optional(names.reference('a NAT node'), 'Make a NAT forget its mappings, as if it had been replaced.'),
  },
  ['down', 'up', 'crash', 'restart', 'partition', 'heal', 'impair', 'pause', 'resume', 'skew', 'move', 'rebind'],
);

export const topologyShape = fields('a topology', {
  name: requiredOr(
    names.name,
    { value: 'unnamed', place: { line: 1, column: 1 } },
    'What the topology is called on the command line.',
  ),
  title: optional(scalars.text, 'A short line for lists and pictures.'),
  description: optional(scalars.text, 'What it shows.'),
  'first-steps': optional(
    oneOrMore(scalars.text, 'lines'),
    'Where whoever brings it up begins: shown when it is up, before what can be tried on any lab.',
  ),
  secrets: optional(
    dictionary(names.name, scalars.text, 'secrets'),
    'Shared secrets, used in policies as "${secrets.NAME}".',
  ),
  pki: optional(pkiShape, 'Authorities, certificates and keys, made for each run.'),
  nodes: required(dictionary(names.name, nodeShape, 'nodes'), 'Gateways, routers and hosts by name.'),
  links: optional(dictionary(names.name, linkShape, 'links'), 'Ethernet wires between interfaces, by name.'),
  keying: optional(
    list(
      fields('keying', {
        between: required(list(names.reference('a node'), 'two nodes'), 'The two nodes.'),
        key: required(scalars.text, 'The shared secret from which the keys of each run are derived.'),
      }),
      'keyings',
    ),
    'Keys for the policies that native files give, which name none.',
  ),
  checks: optional(list(checkShape, 'checks'), 'What must be true of the lab once it is up.'),
  faults: optional(list(faultShape, 'faults'), 'What breaks, and when.'),
  protected: optional(
    list(addresses.flow, 'flows'),
    'Flows that must never be seen in the clear outside the networks at their ends.',
  ),
});

/** A file as it was written: every part has its place, nothing is resolved. */
export type TopologyText = Read<typeof topologyShape>;
export type NodeText = Read<typeof nodeShape>;
export type InterfaceText = Read<typeof interfaceShape>;
export type TunnelText = Read<typeof tunnelShape>;
export type ImpairmentText = Read<typeof impairmentShape>;
export type BothWaysText = Read<typeof bothWaysShape>;
export type LinkText = Read<typeof linkShape>;
export type CheckText = Read<typeof checkShape>;
export type FaultText = Read<typeof faultShape>;
