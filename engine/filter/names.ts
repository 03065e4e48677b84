/** The names that only ipf.conf has for numbers. */
export type NameTable = ReadonlyMap<string, number>;

function table(entries: Readonly<Record<string, number>>): NameTable {
  return new Map(Object.entries(entries));
}

export const ICMPV4_TYPES = table({
  echorep: 0,
  unreach: 3,
  squench: 4,
  squence: 4,
  redir: 5,
  echo: 8,
  routerad: 9,
  routersol: 10,
  timex: 11,
  paramprob: 12,
  timest: 13,
  timestrep: 14,
  inforeq: 15,
  inforep: 16,
  maskreq: 17,
  maskrep: 18,
});

export const ICMPV6_TYPES = table({
  unreach: 1,
  toobig: 2,
  timex: 3,
  paramprob: 4,
  echo: 128,
  echorep: 129,
  listendqry: 130,
  listendrep: 131,
  listendone: 132,
  routersol: 133,
  routerad: 134,
  neighborsol: 135,
  neighsol: 135,
  neighadvert: 136,
  neighborad: 136,
  redir: 137,
  renumber: 138,
  inforeq: 139,
  whoreq: 139,
  fqdnquery: 139,
  inforep: 140,
  whorep: 140,
  fqdnreply: 140,
});

/** Of ICMP's Destination Unreachable; the IPv6 meanings are those of RFC 7915 §5.2 where an answer needs one. */
export const UNREACHABLE_CODES = table({
  'net-unr': 0,
  'host-unr': 1,
  'proto-unr': 2,
  'port-unr': 3,
  needfrag: 4,
  srcfail: 5,
  'net-unk': 6,
  'host-unk': 7,
  isolate: 8,
  'net-prohib': 9,
  'host-prohib': 10,
  'net-tos': 11,
  'host-tos': 12,
  'filter-prohib': 13,
  'host-preced': 14,
  'cutoff-preced': 15,
});

/** IPv4 option types, with their copied flag and class. */
export const IPV4_OPTIONS = table({
  nop: 1,
  rr: 7,
  zsu: 10,
  mtup: 11,
  mtur: 12,
  encode: 15,
  ts: 68,
  tr: 82,
  sec: 130,
  lsrr: 131,
  'e-sec': 133,
  cipso: 134,
  satid: 136,
  ssrr: 137,
  visa: 142,
  imitd: 144,
  eip: 145,
  addext: 147,
  rtralrt: 148,
  sdb: 149,
  nsapa: 150,
  dps: 151,
  ump: 152,
  finn: 205,
});

/** Extension header types, and the protocols that ipf.conf lists with them. */
export const IPV6_HEADERS = table({
  hopopts: 0,
  ipv6: 41,
  routing: 43,
  frag: 44,
  esp: 50,
  ah: 51,
  none: 59,
  dstopts: 60,
  mobility: 135,
});

/** Letters of `flags`, RFC 9293 §3.1 and RFC 3168; E and W are the older letters of ECE and CWR. */
export const TCP_FLAGS: ReadonlyMap<string, number> = new Map([
  ['F', 1],
  ['S', 2],
  ['R', 4],
  ['P', 8],
  ['A', 16],
  ['U', 32],
  ['E', 64],
  ['C', 128],
  ['W', 128],
]);

export const LOG_FACILITIES: ReadonlySet<string> = new Set(
  (
    'kern user mail daemon auth syslog lpr news uucp cron ftp authpriv audit logalert console ' +
    'security local0 local1 local2 local3 local4 local5 local6 local7'
  ).split(' '),
);

export const LOG_PRIORITIES: ReadonlySet<string> = new Set('emerg alert crit err warn notice info debug'.split(' '));
