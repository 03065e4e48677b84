/** What a topology file may say of IKEv1 besides what both versions of IKE have; lab/topology/ike-description.ts has that. */
import * as names from './names.ts';
import * as scalars from './scalars.ts';
import { dictionary, fields, oneOrMore, optional, word } from './shape.ts';

const modes = ['main', 'aggressive'] as const;

const xauthShape = fields('xauth', {
  user: optional(scalars.text, 'As the one who asks to be let in: the name.'),
  password: optional(scalars.text, 'And its password: "${secrets.NAME}".'),
  users: optional(
    dictionary(names.name, scalars.text, 'users'),
    'As the one who lets in: passwords by the names of users, each "${secrets.NAME}".',
  ),
});

/** Of `ike` and of each peer, with `version: 1`. */
export const v1Table = {
  mode: optional(
    word(modes),
    'IKEv1: what this node begins with. aggressive shows both identities to everybody, and lets a PSK be guessed by who has seen it. main where it is absent.',
  ),
  accepts: optional(oneOrMore(word(modes), 'modes'), 'IKEv1: what this node answers; as mode says where it is absent.'),
  nonce: optional(scalars.wholeNumber(8, 256, 'octets'), 'IKEv1: octets of nonces in phase 1; 32.'),
  'quick-nonce': optional(scalars.wholeNumber(8, 256, 'octets'), 'IKEv1: octets of nonces in Quick Mode; 32.'),
  'lifetime-check': optional(
    word(['obey', 'strict', 'claim', 'exact']),
    'IKEv1: lifetimes and groups that the initiator wants differently. obey: its own count. strict: none longer or weaker than ours. claim: as strict, and it is told of ours. exact: equal or nothing. strict where it is absent.',
  ),
  'initial-contact': optional(
    scalars.flag,
    'IKEv1: tell a peer that this is the first ISAKMP SA with it (RFC 2407 §4.6.3.3); true where it is absent.',
  ),
  'nat-traversal': optional(
    word(['never', 'allow', 'always']),
    'IKEv1: RFC 3947; always: as if there were a NAT. allow where it is absent.',
  ),
  'liveness-timeout': optional(
    scalars.duration,
    'IKEv1: how long a peer may leave R-U-THERE unanswered until it counts as dead (RFC 3706); 60s where it is absent.',
  ),
  xauth: optional(xauthShape, 'IKEv1: behind phase 1, a name and a password (draft-beaulieu-ike-xauth).'),
  'mode-config': optional(
    word(['none', 'pull', 'push']),
    'IKEv1: how virtual addresses are given: the initiator asks, or is told. pull where there are request or pools.',
  ),
  'commit-bit': optional(
    scalars.flag,
    'IKEv1: as a responder of Quick Mode, let the initiator wait until this node is ready (RFC 2408 §3.1).',
  ),
  'request-certificates': optional(
    scalars.flag,
    'IKEv1: ask for certificates by CERT_REQ payloads; true where it is absent.',
  ),
} as const;

/** Keys that mean something with IKEv1 alone, and those that mean something with IKEv2 alone. */
export const V1_KEYS = Object.keys(v1Table) as readonly (keyof typeof v1Table)[];
export const V2_KEYS = [
  'mobike',
  'childless',
  'ppk',
  'resumption',
  'quick-crash-detection',
  'redirect',
  'window',
  'schemes',
] as const;
