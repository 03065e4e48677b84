/** What a topology file may say of a policy and its SAs; lab/topology/description.ts has the rest. */
import * as addresses from './address-scalars.ts';
import * as names from './names.ts';
import * as scalars from './scalars.ts';
import { byKind, fields, list, oneOrMore, optional, type Read, required, word } from './shape.ts';

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
    'The shared secret from which the keys of each run are derived: "${secrets.NAME}". Without one a node with ike negotiates; others make no SA: with level use.',
  ),
  start: optional(
    word(['start', 'trap', 'none']),
    'With ike: when its SAs are made: at once, when a packet wants one, or when the peer asks. As ike says where it is absent.',
  ),
  pfs: optional(
    names.reference('a group'),
    'With ike: a key exchange of each child SA’s own, such as x25519, or x25519-ke1_mlkem768.',
  ),
  'on-close': optional(
    word(['start', 'trap', 'none']),
    'With ike: when the peer has closed it; none where it is absent.',
  ),
  'on-death': optional(
    word(['clear', 'trap', 'restart']),
    'With ike: when the peer is found dead; as start says where it is absent.',
  ),
  transforms: optional(
    list(transformShape, 'transforms'),
    'Several SAs one inside the other, the innermost first; what an item does not say is as above it.',
  ),
  sa: optional(
    word(['shared', 'unique']),
    'unique: an SA for each pair of addresses and ports, with ike always made when a packet wants it; shared where it is absent.',
  ),
});

const icmpNumbers = oneOrMore(scalars.numbers(255, 'an ICMP number'), 'numbers and ranges');

export const policyShape = fields(
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

export type PolicyText = Read<typeof policyShape>;
export type ProtectText = Read<typeof protectShape>;
export type TransformText = Read<typeof transformShape>;
