/**
 * Names of protocols, services and ICMP messages, as the systems that the dialects come from know them from /etc/protocols,
 * /etc/services and the manual of ipsecconf. A lab reads neither file: what a name means must not depend on the machine.
 */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ip4: 4,
  ipv4: 4,
  ipencap: 4,
  'ip-encap': 4,
  tcp: 6,
  egp: 8,
  udp: 17,
  ipv6: 41,
  ip6: 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  icmpv6: 58,
  icmp6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  eigrp: 88,
  ospf: 89,
  ospfigp: 89,
  ipip: 94,
  etherip: 97,
  pim: 103,
  ipcomp: 108,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
};

const SERVICES: Readonly<Record<string, number>> = {
  echo: 7,
  discard: 9,
  daytime: 13,
  chargen: 19,
  'ftp-data': 20,
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  mail: 25,
  time: 37,
  whois: 43,
  tacacs: 49,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  tftp: 69,
  gopher: 70,
  finger: 79,
  http: 80,
  www: 80,
  kerberos: 88,
  pop2: 109,
  pop3: 110,
  sunrpc: 111,
  rpcbind: 111,
  ident: 113,
  auth: 113,
  nntp: 119,
  ntp: 123,
  'netbios-ns': 137,
  'netbios-dgm': 138,
  'netbios-ssn': 139,
  imap: 143,
  imap2: 143,
  snmp: 161,
  'snmp-trap': 162,
  snmptrap: 162,
  bgp: 179,
  irc: 194,
  ldap: 389,
  https: 443,
  'microsoft-ds': 445,
  isakmp: 500,
  ike: 500,
  exec: 512,
  login: 513,
  shell: 514,
  syslog: 514,
  printer: 515,
  route: 520,
  uucp: 540,
  submission: 587,
  ipp: 631,
  ldaps: 636,
  'domain-s': 853,
  imaps: 993,
  pop3s: 995,
  socks: 1080,
  openvpn: 1194,
  'ms-sql-s': 1433,
  l2f: 1701,
  radius: 1812,
  'radius-acct': 1813,
  nfs: 2049,
  nfsd: 2049,
  iscsi: 3260,
  mysql: 3306,
  rdp: 3389,
  nut: 3493,
  'ipsec-nat-t': 4500,
  'ipsec-msft': 4500,
  sip: 5060,
  'sip-tls': 5061,
  postgresql: 5432,
  amqp: 5672,
  x11: 6000,
  'http-alt': 8080,
};

/** null: no such name. Letters of either case. */
export function protocolNamed(name: string): number | null {
  return valueOf(PROTOCOLS, name);
}

/** null: no such name. */
export function serviceNamed(name: string): number | null {
  return valueOf(SERVICES, name);
}

export function protocolNames(): string[] {
  return Object.keys(PROTOCOLS);
}

export function serviceNames(): string[] {
  return Object.keys(SERVICES);
}

/** The name that people use; null: it has none here. */
export function nameOfProtocol(protocol: number): string | null {
  return USUAL_PROTOCOL_NAMES.get(protocol) ?? null;
}

export function nameOfService(port: number): string | null {
  return Object.entries(SERVICES).find(([, value]) => value === port)?.[0] ?? null;
}

/** Those of /etc/protocols, where the table above has synonyms. */
const USUAL_PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(PROTOCOLS)
    .reverse()
    .map(([name, value]) => [value, name] as const),
  [41, 'ipv6'],
  [4, 'ipencap'],
]);

function valueOf(table: Readonly<Record<string, number>>, name: string): number | null {
  const key = name.toLowerCase();
  return Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}
