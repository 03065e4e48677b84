/** What a topology file may say of IKE on a node; lab/topology/description.ts has the rest. */
import * as addresses from './address-scalars.ts';
import { v1Table } from './ike-v1-description.ts';
import * as names from './names.ts';
import * as scalars from './scalars.ts';
import { dictionary, fields, oneOrMore, optional, required, type Read, word } from './shape.ts';

const seconds = (about: string) => optional(scalars.duration, about);

/** How the node proves who it is. */
export const authShape = fields(
  'auth',
  {
    psk: optional(scalars.text, 'A pre-shared key: "${secrets.NAME}".'),
    certificate: optional(names.reference('a certificate'), 'A certificate of "pki:", and its key.'),
    raw: optional(names.reference('a key'), 'A key of "pki:", without a certificate (RFC 7670).'),
    anonymous: optional(scalars.present, 'NULL authentication (RFC 7619): nobody is proven to be anybody.'),
  },
  ['psk', 'certificate', 'raw', 'anonymous'],
);

const remoteShape = fields('remote', {
  id: optional(
    scalars.text,
    'The identity that the peer must prove; * may stand for the leftmost label of a name. Known where the peer is a node.',
  ),
  auth: optional(
    oneOrMore(word(['psk', 'certificate', 'raw', 'anonymous']), 'methods'),
    'How the peer may prove it; as its own auth says where the peer is a node.',
  ),
  authorities: optional(
    oneOrMore(names.reference('an authority'), 'authorities'),
    'Who may have issued its certificate, at the end of the chain; any root of "pki:" where it is absent.',
  ),
  schemes: optional(
    oneOrMore(names.reference('a signature scheme'), 'signature schemes'),
    'Signature schemes that it may use, such as rsa-pss-sha256; all that are not legacy where it is absent.',
  ),
  revocation: optional(
    word(['strict', 'if-uri', 'relaxed', 'ignore']),
    'What cannot be learnt about a certificate: counts as revoked; only where the certificate says where to ask; is let pass. ignore, with IKEv1: no CRL is looked at.',
  ),
  fetch: optional(
    scalars.flag,
    'Whether the peer may say by URL where its certificate is (RFC 7296 §3.6): this node then fetches for one who has proven nothing yet. As its own send says where the peer is a node.',
  ),
});

const lifetimeShape = fields('lifetimes of IKE SAs', {
  rekey: seconds('When an IKE SA is rekeyed; 4h where it is absent.'),
  kilobytes: optional(
    scalars.wholeNumber(1, 0xffff_ffff, 'kilobytes'),
    'IKEv1: of an ISAKMP SA, as offered and as a limit; none where it is absent.',
  ),
  reauthenticate: seconds('When both prove anew who they are; never where it is absent, or 0.'),
  'make-before-break': optional(scalars.flag, 'Reauthenticate by making the new IKE SA first.'),
  over: seconds(
    'How long after that an IKE SA that could not be rekeyed is deleted; a tenth of it where it is absent.',
  ),
  jitter: optional(scalars.percent, 'Taken off at random, up to so much; 10% where it is absent.'),
});

const retransmissionShape = fields('retransmission', {
  first: seconds('The first wait for a response; 2s where it is absent.'),
  factor: optional(scalars.factor, 'How much longer each wait is than the one before; 1.8 where it is absent.'),
  longest: seconds('At most; 60s where it is absent.'),
  sends: optional(scalars.wholeNumber(1, 50, 'a number of sends'), 'How often a request is sent in all; 6.'),
});

/** What may be said of all peers, and of each. */
const peerTable = {
  version: optional(
    scalars.wholeNumber(1, 2, 'a version of IKE'),
    'IKE version: 2, or 1, which RFC 9395 has retired. 2 where it is absent.',
  ),
  id: optional(scalars.text, 'Who this node says it is: alice.lab, 192.0.2.1, "CN=alice, O=Lab", alice@lab.example.'),
  auth: optional(authShape, 'How this node proves it.'),
  remote: optional(remoteShape, 'What is expected of the peer.'),
  proposals: optional(
    oneOrMore(names.reference('a proposal'), 'proposals'),
    'For IKE SAs, in order of preference: aes256gcm16-prfsha384-x25519.',
  ),
  legacy: optional(scalars.flag, 'Allow algorithms that nobody should use any more (RFC 8247).'),
  lifetime: optional(lifetimeShape, 'How long IKE SAs are used.'),
  liveness: seconds('Silence of the peer after which it is asked whether it lives; 0: never. 30s where it is absent.'),
  mobike: optional(scalars.flag, 'Follow peers to other addresses (RFC 4555); true where it is absent.'),
  fragmentation: optional(
    word(['never', 'allow', 'always']),
    'Messages in pieces (RFC 7383); always: also what would fit. allow where it is absent.',
  ),
  'fragment-size': optional(scalars.wholeNumber(256, 65_000, 'octets'), 'Octets of IP packet that a piece may have.'),
  encapsulation: optional(word(['detect', 'always']), 'ESP in UDP: behind a NAT, or everywhere.'),
  childless: optional(
    word(['never', 'allow', 'prefer', 'force']),
    'An IKE SA without a child in its first exchanges (RFC 6023); allow where it is absent.',
  ),
  ppk: optional(
    fields('ppk', {
      id: required(scalars.text, 'Its name on both sides.'),
      key: required(scalars.text, 'The post-quantum pre-shared key: "${secrets.NAME}".'),
      required: optional(scalars.flag, 'Refuse peers without it; true where it is absent.'),
    }),
    'A post-quantum pre-shared key (RFC 8784) in addition to the authentication.',
  ),
  resumption: optional(scalars.flag, 'Tickets that shorten the next start (RFC 5723).'),
  'quick-crash-detection': optional(
    scalars.flag,
    'Tokens by which a peer learns at once that we have restarted (RFC 6290).',
  ),
  redirect: optional(
    fields('redirect', {
      to: optional(scalars.text, 'As a responder: the address or name to which initiators are sent instead.'),
      follow: optional(scalars.flag, 'As an initiator: go where the peer sends us; false where it is absent.'),
    }),
    'RFC 5685.',
  ),
  start: optional(
    word(['start', 'trap', 'none']),
    'When SAs are made: at once, when a packet wants one (where it is absent), or when the peer asks.',
  ),
  request: optional(
    oneOrMore(scalars.virtualAddress, 'families and addresses'),
    'Virtual addresses to ask of the peer: v4, v6, or the one that is wanted.',
  ),
  'request-on': optional(names.reference('an interface'), 'The interface that they are put on.'),
  pools: optional(
    oneOrMore(names.reference('a pool'), 'pools'),
    'Pools of this node from which peers are given virtual addresses.',
  ),
  unique: optional(
    word(['allow', 'keep', 'replace']),
    'What becomes of an older IKE SA with the same identities; replace where it is absent.',
  ),
  retransmission: optional(retransmissionShape, 'When requests are sent again (RFC 7296 §2.1).'),
  window: optional(scalars.wholeNumber(1, 64, 'requests'), 'Requests that may be under way; 1 where it is absent.'),
  attempts: optional(
    scalars.wholeNumber(1, 1000, 'a number of attempts'),
    'How often to begin again when the peer does not answer; for ever where it is absent.',
  ),
  schemes: optional(
    oneOrMore(names.reference('a signature scheme'), 'signature schemes'),
    'Preferred for our own signature, where the key allows it.',
  ),
  send: optional(
    word(['always', 'asked', 'never', 'url']),
    'When our certificate is sent: url sends where it can be fetched. always where it is absent.',
  ),
  local: optional(
    oneOrMore(addresses.address, 'addresses'),
    'Addresses of this node to be used, the preferred one first.',
  ),
  ...v1Table,
};

const limitsShape = fields('limits', {
  'half-open-per-source': optional(scalars.wholeNumber(1, 100_000, 'IKE SAs'), 'Half-open IKE SAs of one source.'),
  'half-open': optional(scalars.wholeNumber(1, 1_000_000, 'IKE SAs'), 'Half-open IKE SAs of all.'),
  'cookies-from': optional(scalars.wholeNumber(0, 1_000_000, 'IKE SAs'), 'So many turn cookies on (RFC 7296 §2.6).'),
  'puzzles-from': optional(
    scalars.wholeNumber(0, 1_000_000, 'IKE SAs'),
    'So many turn puzzles on (RFC 8019); 0: never.',
  ),
  'puzzle-bits': optional(scalars.wholeNumber(1, 32, 'bits'), 'Zero bits that a puzzle asks for.'),
  'ike-sas': optional(scalars.wholeNumber(1, 1_000_000, 'IKE SAs'), 'IKE SAs in all.'),
});

const poolShape = fields('a pool', {
  addresses: required(
    oneOrMore(addresses.range, 'prefixes and ranges'),
    'What is given away: a prefix or a range, one for each family at most.',
  ),
  dns: optional(oneOrMore(addresses.address, 'addresses'), 'Name servers that peers are told of.'),
  subnets: optional(oneOrMore(addresses.network, 'prefixes'), 'Networks that peers are told of.'),
});

const namedPeerShape = fields('a peer', {
  ...peerTable,
  addresses: optional(
    oneOrMore(addresses.range, 'prefixes and ranges'),
    'Where peers may come from; anywhere where it is absent. Known where the peer is a node.',
  ),
});

export const ikeShape = fields('ike', {
  ...peerTable,
  peers: optional(
    dictionary(names.name, namedPeerShape, 'peers'),
    'What is different for single peers: nodes of the topology, or names for peers that are known by their identity alone.',
  ),
  'address-pools': optional(
    dictionary(names.name, poolShape, 'pools'),
    'Virtual addresses for peers that ask (RFC 7296 §3.15).',
  ),
  limits: optional(limitsShape, 'What strangers may take.'),
});

export type IkeText = Read<typeof ikeShape>;
export type PeerText = Read<typeof namedPeerShape>;
/** What may be said of all peers and of each. */
export type PeerOptionsText = Pick<IkeText, keyof typeof peerTable | 'place' | 'complete'>;
export type AuthText = Read<typeof authShape>;
