import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../wire/octets.ts';
import { TcpFlag } from '../wire/tcp.ts';

const EXTENSIONS_MAX = 16;
const SCTP = 132;
const DCCP = 33;
const UDP_LITE = 136;

/** Octets of header without which a packet of the protocol cannot be judged. */
const HEADER_OCTETS: ReadonlyMap<number, number> = new Map([
  [IpProtocol.TCP, 20],
  [IpProtocol.UDP, 8],
  [IpProtocol.ICMP, 8],
  [IpProtocol.ICMPV6, 4],
  [IpProtocol.ESP, 8],
  [IpProtocol.AH, 12],
  [SCTP, 12],
  [DCCP, 12],
  [UDP_LITE, 8],
]);

/** What rules look at in a packet. One object is read into again and again: the data path makes none. */
export class PacketView {
  octets: Uint8Array = new Uint8Array(0);
  version: 4 | 6 = 4;
  /** Source in words 0 to 3, destination in 4 to 7; of IPv4 the first one of each. */
  readonly addresses = new Uint32Array(8);
  /** Octets of the whole packet, as its header says. */
  length = 0;
  /** Type of Service or Traffic Class. */
  tos = 0;
  ttl = 0;
  /** Behind IPv6 extension headers. */
  protocol = 0;
  /** Where the upper layer begins. */
  upper = 0;
  fragmentOffset = 0;
  moreFragments = false;
  identification = 0;
  hasPorts = false;
  sourcePort = 0;
  destinationPort = 0;
  /** -1: no TCP header in this packet. */
  tcpFlags = -1;
  /** -1: no ICMP header in this packet. */
  icmpType = -1;
  icmpCode = -1;
  isShort = false;
  isBad = false;
  readonly #extensions = new Uint8Array(EXTENSIONS_MAX);
  #extensionCount = 0;

  get isFragment(): boolean {
    return this.moreFragments || this.fragmentOffset > 0;
  }

  /** Of TCP: octets of payload, with SYN and FIN as one each. */
  get sequenceLength(): number {
    const header = this.upper + (u8At(this.octets, this.upper + 12) >> 4) * 4;
    const flags = this.tcpFlags;
    const controls = ((flags & TcpFlag.SYN) === 0 ? 0 : 1) + ((flags & TcpFlag.FIN) === 0 ? 0 : 1);
    return Math.max(0, this.length - header) + controls;
  }

  get hasOptions(): boolean {
    return this.version === 4 && (u8At(this.octets, 0) & 15) > 5;
  }

  get hasExtensions(): boolean {
    return this.#extensionCount > 0;
  }

  /**
   * Reads a packet whose headers were checked; false for what is none. `isQuoted`: the beginning of one, inside an ICMP
   * error, which may end before its header says.
   */
  read(octets: Uint8Array, isQuoted = false): boolean {
    if (octets.length < 20) return false;
    this.octets = octets;
    this.hasPorts = false;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.tcpFlags = -1;
    this.icmpType = -1;
    this.icmpCode = -1;
    this.isShort = false;
    this.isBad = false;
    this.#extensionCount = 0;
    const version = u8At(octets, 0) >> 4;
    if (version === 4) this.#read4(octets);
    else if (version !== 6 || octets.length < 40 || !this.#read6(octets)) return false;
    if (this.upper > octets.length) return false;
    if (this.fragmentOffset === 0) this.#readUpper(octets, isQuoted);
    // RFC 1858 §4: it would overwrite the flags that the first fragment was judged by.
    else if (this.protocol === IpProtocol.TCP && this.fragmentOffset < 16) this.isBad = true;
    return true;
  }

  /** Whether the IPv4 header carries this option (its whole type octet). */
  hasOption(type: number): boolean {
    if (!this.hasOptions) return false;
    for (let at = 20; at < this.upper; ) {
      const found = u8At(this.octets, at);
      if (found === type) return true;
      if (found === 0) return false;
      const length = found === 1 ? 1 : u8At(this.octets, at + 1);
      if (length === 0 || (found !== 1 && length < 2)) return false;
      at += length;
    }
    return false;
  }

  /** Whether there is an extension header of this type, or the protocol is it. */
  hasExtension(type: number): boolean {
    if (this.version !== 6) return false;
    for (let i = 0; i < this.#extensionCount; i++) if (this.#extensions[i] === type) return true;
    return this.protocol === type;
  }

  #read4(octets: Uint8Array): void {
    this.version = 4;
    this.upper = (u8At(octets, 0) & 15) * 4;
    this.length = u16At(octets, 2);
    this.tos = u8At(octets, 1);
    this.ttl = u8At(octets, 8);
    this.protocol = u8At(octets, 9);
    this.identification = u16At(octets, 4);
    const fragment = u16At(octets, 6);
    this.fragmentOffset = (fragment & 0x1fff) * 8;
    this.moreFragments = (fragment & 0x2000) !== 0;
    this.addresses[0] = u32At(octets, 12);
    this.addresses[4] = u32At(octets, 16);
    if (!this.#isClean) this.#clear();
  }

  /** Words that only IPv6 has are 0 while packets are IPv4. */
  #isClean = true;

  #clear(): void {
    this.addresses.fill(0, 1, 4);
    this.addresses.fill(0, 5, 8);
    this.#isClean = true;
  }

  #read6(octets: Uint8Array): boolean {
    this.version = 6;
    this.length = 40 + u16At(octets, 4);
    this.tos = (u16At(octets, 0) >> 4) & 0xff;
    this.ttl = u8At(octets, 7);
    this.identification = 0;
    this.fragmentOffset = 0;
    this.moreFragments = false;
    for (let i = 0; i < 8; i++) this.addresses[i] = u32At(octets, 8 + i * 4);
    this.#isClean = false;
    let type = u8At(octets, 6);
    let at = 40;
    while (isExtension(type)) {
      if (at + 8 > octets.length || this.#extensionCount === EXTENSIONS_MAX) return false;
      this.#extensions[this.#extensionCount++] = type;
      if (type === IpProtocol.FRAGMENT) {
        this.fragmentOffset = u16At(octets, at + 2) & 0xfff8;
        this.moreFragments = (u8At(octets, at + 3) & 1) === 1;
        this.identification = u32At(octets, at + 4);
      }
      const length = type === IpProtocol.FRAGMENT ? 8 : (u8At(octets, at + 1) + 1) * 8;
      type = u8At(octets, at);
      at += length;
      if (this.fragmentOffset > 0) break;
    }
    this.protocol = type;
    this.upper = at;
    return true;
  }

  #readUpper(octets: Uint8Array, isQuoted: boolean): void {
    const { protocol, upper } = this;
    const present = octets.length - upper;
    this.isShort = present < (HEADER_OCTETS.get(protocol) ?? 0);
    if (this.isShort && (!isQuoted || present < 8)) return;
    switch (protocol) {
      case IpProtocol.TCP:
        this.#readPorts(octets);
        if (!this.isShort) this.#readTcp(octets, isQuoted);
        break;
      case IpProtocol.UDP:
      case SCTP:
      case DCCP:
      case UDP_LITE:
        this.#readPorts(octets);
        break;
      case IpProtocol.ICMP:
      case IpProtocol.ICMPV6:
        this.icmpType = u8At(octets, upper);
        this.icmpCode = u8At(octets, upper + 1);
        break;
      default:
        break;
    }
  }

  #readPorts(octets: Uint8Array): void {
    this.hasPorts = true;
    this.sourcePort = u16At(octets, this.upper);
    this.destinationPort = u16At(octets, this.upper + 2);
  }

  #readTcp(octets: Uint8Array, isQuoted: boolean): void {
    const flags = u8At(octets, this.upper + 13);
    const header = (u8At(octets, this.upper + 12) >> 4) * 4;
    this.tcpFlags = flags;
    this.isBad = !isSensible(flags) || header < 20 || (!isQuoted && this.upper + header > octets.length);
  }
}

/** Flags that a TCP sends together, RFC 9293 §3.10.7: every segment but the first one and a RST has ACK. */
function isSensible(flags: number): boolean {
  const { FIN, SYN, RST, ACK } = TcpFlag;
  if ((flags & SYN) !== 0) return (flags & (FIN | RST)) === 0;
  return (flags & (RST | ACK)) !== 0;
}

function isExtension(type: number): boolean {
  return (
    type === IpProtocol.HOPOPT ||
    type === IpProtocol.ROUTING ||
    type === IpProtocol.FRAGMENT ||
    type === IpProtocol.DSTOPTS
  );
}
