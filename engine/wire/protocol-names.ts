/**
 * Protocol numbers by the names of /etc/protocols, small letters, synonyms behind the usual name. No file is read for them:
 * what a name means must not depend on the machine. `ipip` is IP in IP, as the dialects of ipf and ipsecconf have it.
 */
export const PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    hopopt: 0,
    ip: 0,
    icmp: 1,
    igmp: 2,
    ggp: 3,
    ipencap: 4,
    ip4: 4,
    ipv4: 4,
    'ip-encap': 4,
    ipip: 4,
    st: 5,
    tcp: 6,
    egp: 8,
    igp: 9,
    pup: 12,
    udp: 17,
    hmp: 20,
    'xns-idp': 22,
    idp: 22,
    rdp: 27,
    'iso-tp4': 29,
    tp4: 29,
    dccp: 33,
    xtp: 36,
    ddp: 37,
    'idpr-cmtp': 38,
    ipv6: 41,
    ip6: 41,
    'ipv6-route': 43,
    'ipv6-frag': 44,
    idrp: 45,
    rsvp: 46,
    gre: 47,
    esp: 50,
    ah: 51,
    skip: 57,
    icmpv6: 58,
    'ipv6-icmp': 58,
    icmp6: 58,
    'ipv6-nonxt': 59,
    'ipv6-opts': 60,
    rspf: 73,
    vmtp: 81,
    eigrp: 88,
    ospf: 89,
    ospfigp: 89,
    etherip: 97,
    pim: 103,
    ipcomp: 108,
    vrrp: 112,
    l2tp: 115,
    isis: 124,
    sctp: 132,
    fc: 133,
    udplite: 136,
  }),
);

const USUAL_NAMES: ReadonlyMap<number, string> = new Map(
  [...PROTOCOL_NAMES].reverse().map(([name, value]) => [value, name]),
);

/** Letters of either case; null: no such name. */
export function protocolNamed(name: string): number | null {
  return PROTOCOL_NAMES.get(name.toLowerCase()) ?? null;
}

/** The usual name; null: it has none here. */
export function nameOfProtocol(protocol: number): string | null {
  return USUAL_NAMES.get(protocol) ?? null;
}
