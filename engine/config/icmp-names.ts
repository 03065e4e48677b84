import { UNREACHABLE_CODES } from '../filter/names.ts';

/** The ICMP types and codes that ipsecconf has names for. Those that end with 6 are of ICMPv6. */
export const ICMP_TYPES: ReadonlyMap<string, number> = new Map([
  ['echorep', 0],
  ['unreach', 3],
  ['squench', 4],
  ['redir', 5],
  ['echo', 8],
  ['timex', 11],
  ['paramprob', 12],
  ['timest', 13],
  ['timestrep', 14],
  ['inforeq', 15],
  ['inforep', 16],
  ['maskreq', 17],
  ['maskrep', 18],
  ['unreach6', 1],
  ['pkttoobig6', 2],
  ['timex6', 3],
  ['paramprob6', 4],
  ['echo6', 128],
  ['echorep6', 129],
  ['router-sol6', 133],
  ['router-ad6', 134],
  ['neigh-sol6', 135],
  ['neigh-ad6', 136],
  ['redir6', 137],
]);

export const ICMP_CODES: ReadonlyMap<string, number> = new Map([
  ...UNREACHABLE_CODES,
  ['no-route6', 0],
  ['adm-prohib6', 1],
  ['addr-unr6', 3],
  ['port-unr6', 4],
  ['hop-limex6', 0],
  ['frag-re-timex6', 1],
  ['err-head6', 0],
  ['unrec-head6', 1],
  ['unreq-opt6', 2],
]);
