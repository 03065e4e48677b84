import { type Flow, flowOf } from '../ipsec/selector.ts';
import { IPV4_HEADER_OCTETS } from '../wire/ipv4.ts';
import { IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { setU16, u8At } from '../wire/octets.ts';
import type { Packet } from './packet.ts';

const ICMP_HEADER_OCTETS = 8;
/** Enough for every header that the SPD looks at; an ICMPv6 error quotes no more. */
const QUOTE_OCTETS_MAX = 1280;

/** The other way round: what the packet that an ICMP error is about would be answered by, RFC 4301 §6.2. */
export function reversed({ source, destination, sourcePort, destinationPort, protocol, icmp }: Flow): Flow {
  return {
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
    protocol,
    icmp,
  };
}

/** The flow of the packet that an ICMP error is about, as far as the error shows it; null when it does not. */
export function quotedFlow({ octets, upperOffset }: Packet): Flow | null {
  const at = upperOffset + ICMP_HEADER_OCTETS;
  const quote = octets.slice(at, at + QUOTE_OCTETS_MAX);
  // The quote is cut short, and its length field is not: without this it would not read as a packet.
  if (u8At(quote, 0) >> 4 === 4 && quote.length >= IPV4_HEADER_OCTETS) setU16(quote, 2, quote.length);
  else if (quote.length >= IPV6_HEADER_OCTETS) setU16(quote, 4, quote.length - IPV6_HEADER_OCTETS);
  return flowOf(quote);
}
