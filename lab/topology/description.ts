/** What a topology file may say: the one source of the reader and of topologies/schema.json. */
import * as addresses from './address-scalars.ts';
import * as names from './names.ts';
import * as scalars from './scalars.ts';
import {
  byKind,
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

const limitsShape = fields('a lifetime', {
  time: optional(scalars.duration, 'Since the SA was made.'),
  octets: optional(scalars.wholeNumber(1, Number.MAX_SAFE_INTEGER, 'octets'), 'Octets that it protected.'),
  packets: optional(scalars.wholeNumber(1, Number.MAX_SAFE_INTEGER, 'packets'), 'Packets that it protected.'),
});

/** What is said of an SA, wherever that is. */
const saTable = {
  mode: optional(
    word(['tunnel', 'transport']),
    'Needed where the policy names no tunnel; always tunnel where it does.',
  ),
  level: optional(
    word(['require', 'use']),
    'require: nothing passes without an SA. use: in the clear where there is none, and clear packets are accepted. require where it is absent.',
  ),
  esp: optional(
    oneOrMore(names.reference('an ESP suite'), 'ESP suites'),
    'ESP suites in order of preference, such as aes256gcm16.',
  ),
  ah: optional(
    oneOrMore(names.reference('an integrity algorithm'), 'integrity algorithms'),
    'AH (RFC 4302) with one of these integrity algorithms, such as sha256. With esp as well: AH around ESP.',
  ),
  peer: optional(names.reference('a node'), 'The node at the other end; known from the tunnel where one is named.'),
  esn: optional(scalars.flag, 'Extended sequence numbers, RFC 4303 §2.2.1; false where it is absent.'),
  window: optional(
    scalars.wholeNumber(0, 4096, 'packets'),
    'Anti-replay window in packets; 0 turns the check off; 64 where it is absent.',
  ),
  lifetime: optional(
    fields('lifetimes', {
      soft: optional(limitsShape, 'When somebody is told that the SA should be replaced.'),
      hard: optional(limitsShape, 'When it is deleted.'),
    }),
    'How long the SA may be used, RFC 4301 §4.4.2.1; for ever where it is absent.',
  ),
  tfc: optional(
    fields('traffic flow confidentiality', {
      'pad-to': optional(
        scalars.wholeNumber(2, 65_535, 'octets'),
        'Payloads are padded to a multiple of this many octets, RFC 4303 §2.7.',
      ),
      'dummy-every': optional(scalars.duration, 'A dummy packet after so much silence, RFC 4303 §2.6.'),
    }),
    'Hide how long packets are, and whether there are any.',
  ),
  encapsulation: optional(
    byKind(
      word(['udp']),
      fields('encapsulation', {
        'local-port': optional(scalars.port, 'UDP port at this end; 4500 where it is absent.'),
        'remote-port': optional(scalars.port, 'UDP port at the other end; 4500 where it is absent.'),
      }),
    ),
    'udp: ESP in UDP (RFC 3948), which passes NATs.',
  ),
  outer: optional(
    fields('the outer header', {
      df: optional(word(['copy', 'set', 'clear']), 'Its Don’t Fragment bit, RFC 4301 §8.1; copy where it is absent.'),
      dscp: optional(scalars.copyOrDscp, 'Its DSCP: copy, or a number of 0 to 63.'),
      ecn: optional(word(['normal', 'compatibility']), 'RFC 6040 §4.1; normal where it is absent.'),
    }),
    'How outer headers are made.',
  ),
  legacy: optional(scalars.flag, 'Allow algorithms that nobody should use any more (RFC 8221).'),
};

const transformShape = fields('a transform', saTable);

const protectShape = fields('protect', {
  ...saTable,
  key: optional(
    scalars.text,
    'The shared secret from which the keys of each run are derived: "${secrets.NAME}". Without one no SA is made: with level use.',
  ),
  transforms: optional(
    list(transformShape, 'transforms'),
    'Several SAs one inside the other, the innermost first; what an item does not say is as above it.',
  ),
  sa: optional(
    word(['shared', 'unique']),
    'unique: an SA for each pair of addresses and ports; shared where it is absent.',
  ),
});

const icmpNumbers = oneOrMore(scalars.numbers(255, 'an ICMP number'), 'numbers and ranges');

const policyShape = fields(
  'a policy',
  {
    name: optional(names.interfaceName, 'For messages and status; the name of the tunnel where it is absent.'),
    tunnel: optional(
      names.reference('a tunnel of this node'),
      'Apply to what passes this tunnel; without it, to all other packets of the node.',
    ),
    interface: optional(
      names.reference('an interface of this node'),
      'Apply to what passes this interface alone: its own SPD (RFC 4301 §4.4.1).',
    ),
    direction: optional(word(['in', 'out']), 'Apply to what comes in, or to what goes out; both where it is absent.'),
    local: optional(
      oneOrMore(addresses.range, 'prefixes and ranges'),
      "Addresses on this node's side; any where it is absent.",
    ),
    remote: optional(
      oneOrMore(addresses.range, 'prefixes and ranges'),
      'Addresses on the other side; any where it is absent.',
    ),
    proto: optional(scalars.protocol, 'Protocol: any, icmp, tcp, udp, a number, or opaque.'),
    'local-port': optional(
      oneOrMore(scalars.ports, 'ports and ranges'),
      'Ports on the local side, or opaque: where a packet does not show one.',
    ),
    'remote-port': optional(oneOrMore(scalars.ports, 'ports and ranges'), 'Ports on the remote side.'),
    icmp: optional(
      fields('icmp', {
        type: required(icmpNumbers, 'Types of ICMP: numbers and ranges.'),
        code: optional(icmpNumbers, 'Codes of these types; any where it is absent.'),
      }),
      'Messages of ICMP, with proto: icmp.',
    ),
    protect: optional(protectShape, 'PROTECT with ESP or AH (RFC 4301 §4.4.1).'),
    bypass: optional(scalars.present, 'Let it pass in the clear.'),
    discard: optional(scalars.present, 'Drop it.'),
  },
  ['protect', 'bypass', 'discard'],
);

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
    word(['gateway', 'host', 'router', 'nat']),
    'gateway: runs the engine and forwards; router: a plain forwarder; host: forwards nothing; nat: forwards, and translates addresses.',
  ),
  interfaces: required(dictionary(names.interfaceName, interfaceShape, 'interfaces'), 'Network interfaces by name.'),
  tunnels: optional(
    dictionary(names.tunnelName, tunnelShape, 'tunnels'),
    'IP-in-IP tunnels; the name begins with the outer family: v4_bob0.',
  ),
  routes: optional(list(routeShape, 'routes'), 'Static routes besides gateways and tunnels.'),
  policy: optional(list(policyShape, 'policies'), 'The security policy database, in order: the first match decides.'),
  filter: optional(scalars.fileText, 'An IP filter in the language of ipf.conf, a text over several lines ("|").'),
  files: optional(
    fields('files', {
      'ipsecinit.conf': optional(scalars.fileText, 'Policy as ipsecconf of Solaris reads it.'),
      'setkey.conf': optional(scalars.fileText, 'Policies and SAs as setkey reads them.'),
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
  fragments: optional(
    word(['reassemble', 'stateful']),
    'How later fragments meet a policy with ports, RFC 4301 §7; reassemble where it is absent.',
  ),
  nat: optional(natShape, 'Of kind nat: what it translates, and how.'),
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
    skew: optional(
      fields('skew', {
        node: required(names.reference('a node'), 'The node.'),
        by: required(scalars.signedDuration, 'How far its clock is ahead; behind with a minus sign.'),
      }),
      'Move the clock of a node.',
    ),
    rebind: optional(names.reference('a NAT node'), 'Make a NAT forget its mappings, as if it had been replaced.'),
  },
  ['down', 'up', 'crash', 'restart', 'partition', 'heal', 'skew', 'rebind'],
);

export const topologyShape = fields('a topology', {
  name: requiredOr(
    names.name,
    { value: 'unnamed', place: { line: 1, column: 1 } },
    'What the topology is called on the command line.',
  ),
  title: optional(scalars.text, 'A short line for lists and pictures.'),
  description: optional(scalars.text, 'What it shows.'),
  secrets: optional(
    dictionary(names.name, scalars.text, 'secrets'),
    'Shared secrets, used in policies as "${secrets.NAME}".',
  ),
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
export type PolicyText = Read<typeof policyShape>;
export type ProtectText = Read<typeof protectShape>;
export type TransformText = Read<typeof transformShape>;
export type ImpairmentText = Read<typeof impairmentShape>;
export type BothWaysText = Read<typeof bothWaysShape>;
export type LinkText = Read<typeof linkShape>;
export type CheckText = Read<typeof checkShape>;
export type FaultText = Read<typeof faultShape>;
