import { flowOf } from '../ipsec/selector.ts';
import { type Address, formatAddress, parseAddress } from '../wire/address.ts';
import { ETHERNET_HEADER_OCTETS } from '../wire/ethernet.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { encodeIpv4 } from '../wire/ipv4.ts';
import { encodeIpv6 } from '../wire/ipv6.ts';
import { setU16 } from '../wire/octets.ts';
import { formatSpi } from '../wire/spi.ts';
import { TcpFlag } from '../wire/tcp.ts';
import { type Core, type Ingress, originOf } from './core.ts';
import { type Decision, decideForwarding, decideSending, admitLocal } from './decision.ts';
import { FilterSteps } from './explain-filter.ts';
import type { NodeInterface } from './interfaces.ts';
import { octetsAround } from './layers-size.ts';
import { describeTranslation } from './nat.ts';
import type { Explanation, FlowQuery } from './node.ts';
import { exitOf } from './output.ts';
import { decideIke, isIkeForUs, isSentByIke } from './own-ike.ts';
import { type Packet, parsePacket, withHopTaken } from './packet.ts';
import { serves } from './policy-set.ts';
import { headerOctets } from './path-mtu.ts';
import { type Protection, protectedBy, spisOf } from './protection.ts';
import { describeRoute } from './route-table.ts';
import { endsOf, type Layer } from './sa-choice.ts';

const PAYLOAD_OCTETS = 64;
const HOP_LIMIT = 64;

/**
 * What would happen to a packet, decided by the same functions that decide in earnest. Throws for addresses, and for an arrival,
 * that are none.
 */
export function explain(core: Core, query: FlowQuery): Explanation {
  const steps: string[] = [];
  const packet = packetFor(query);
  const ingress = ingressFor(core, packet, query.arrival ?? null, steps);
  const filter = new FilterSteps(core, steps);
  if (!filter.letsIn(packet, ingress)) return { ...nothing('discard', steps, null), rule: filter.rule };
  const explanation = explainWay(core, packet, ingress, filter, steps);
  return { ...explanation, rule: filter.rule };
}

function explainWay(core: Core, packet: Packet, ingress: Ingress, filter: FilterSteps, steps: string[]): Explanation {
  if (core.addresses.owns(packet.destination)) return explainDelivery(core, packet, ingress, steps);
  const trace = (step: string) => steps.push(step);
  if (ingress.interface !== null && !core.forwarding) {
    steps.push('forwarding: this node is a host, it discards what is not for it');
    return nothing('discard', steps, null);
  }
  const decision =
    ingress.interface === null
      ? isSentByIke(core, packet)
        ? decideIke(core, packet, null, trace)
        : decideSending(core, packet, false, null, trace)
      : decideForwarding(core, packet, ingress, trace);
  const exit = exitOf(decision);
  const [leaving, origin] =
    ingress.interface === null ? [packet, 'above' as const] : [withHopTaken(packet), originOf(ingress)];
  if (exit !== null && !filter.letsOut(leaving, exit, origin)) return nothing('discard', steps, null);
  const translation = exit === null ? null : describeTranslation(core, packet, exit);
  if (translation !== null) steps.push(translation.step);
  if (translation?.isRefused === true) return nothing('discard', steps, null);
  const explanation = explainDecision(core, packet, decision, steps);
  return explainOuterFilter(core, packet, decision, explanation, filter, steps);
}

/** The filter once more, for what is around the packet when it leaves. */
function explainOuterFilter(
  core: Core,
  packet: Packet,
  decision: Decision,
  explanation: Explanation,
  filter: FilterSteps,
  steps: readonly string[],
): Explanation {
  const outer = outerPacket(packet, decision);
  const exit = outer === null ? null : core.routes.lookup(outer.destination)?.interface;
  if (outer === null || exit === null || exit === undefined || filter.letsOut(outer, exit, 'node')) return explanation;
  return nothing('discard', steps, explanation.policy);
}

/** As much of the outermost packet as rules look at; null: it is the packet itself. */
function outerPacket(packet: Packet, decision: Decision): Packet | null {
  if (decision.kind === 'encapsulate') {
    const { local, remote } = decision.tunnel;
    return headerPacket(local, remote, packet.version === 4 ? IpProtocol.IPV4 : IpProtocol.IPV6, packet.octets);
  }
  if (decision.kind !== 'protect') return null;
  const [outermost] = decision.layers.slice(-1);
  if (outermost === undefined) return null;
  const { source, destination } = decision.layers.map(endsOf).findLast(each => each !== null) ?? packet;
  const { sa } = outermost;
  if (sa.protocol === 'ah') return headerPacket(source, destination, IpProtocol.AH, new Uint8Array(24));
  if (sa.encapsulation === null) return headerPacket(source, destination, IpProtocol.ESP, new Uint8Array(16));
  const datagram = new Uint8Array(24);
  setU16(datagram, 0, sa.encapsulation.localPort);
  setU16(datagram, 2, sa.encapsulation.remotePort);
  return headerPacket(source, destination, IpProtocol.UDP, datagram);
}

function explainDelivery(core: Core, packet: Packet, ingress: Ingress, steps: string[]): Explanation {
  const admission = admitLocal(core, packet, ingress, step => steps.push(step));
  if (admission.kind === 'drop') {
    if (!isIkeForUs(core, packet, admission)) {
      return nothing('discard', [...steps, `discard: ${admission.detail}`], null);
    }
    steps.push('IKE of this node itself: it passes past the SPD');
  }
  const { protection } = ingress;
  steps.push(`delivery: ${formatAddress(packet.destination)} is this node's own`);
  const verdict = nothing(protection === null ? 'bypass' : 'protect', steps, admission.policy?.policy.name ?? null);
  return { ...verdict, spi: protection?.sa.spi ?? null };
}

function explainDecision(core: Core, packet: Packet, decision: Decision, steps: string[]): Explanation {
  switch (decision.kind) {
    case 'drop':
      if (decision.wanted !== null && decision.policy !== null) {
        const { name } = decision.policy.policy;
        steps.push(`SA: ${name} has none (${decision.wanted.what}): discard`);
        return nothing('discard', steps, name);
      }
      steps.push(`${decision.reason}: ${decision.detail}`);
      return nothing(decision.reason === 'noRoute' ? 'unroutable' : 'discard', steps, null);
    case 'forward':
      steps.push(`out of ${decision.exit.name} in the clear`);
      return {
        verdict: 'bypass',
        steps,
        rule: null,
        policy: decision.policy?.policy.name ?? null,
        spi: null,
        interface: decision.exit.name,
        frameOctets: ETHERNET_HEADER_OCTETS + packet.octets.length,
      };
    case 'encapsulate': {
      const { tunnel, policy } = decision;
      const outer = headerOctets(tunnel.remote) + packet.octets.length;
      const verdict = { verdict: 'bypass', policy: policy?.policy.name ?? null, spi: null } as const;
      return explainOuter(core, tunnel.name, tunnel.local, tunnel.remote, outer, { ...verdict, steps });
    }
    case 'protect':
      return explainProtection(core, packet, decision, steps);
  }
}

function explainProtection(
  core: Core,
  packet: Packet,
  { policy, layers, tunnel }: Extract<Decision, { kind: 'protect' }>,
  steps: string[],
): Explanation {
  for (const layer of layers) steps.push(`SA: ${describeLayer(layer)}`);
  const { name } = policy.policy;
  const [outermost] = layers.slice(-1);
  const ends = layers.map(endsOf).findLast(each => each !== null) ?? packet;
  const octets = octetsAround(layers, packet.octets.length, packet.upperOffset);
  const verdict = { verdict: 'protect', policy: name, spi: outermost?.sa.spi ?? null, steps } as const;
  return explainOuter(core, tunnel?.name ?? null, ends.source, ends.destination, octets, verdict);
}

/** `SPI 4096 (0x00001000), aes256gcm16, tunnel mode`; of AH, and in UDP, that as well. */
function describeLayer({ sa }: Layer): string {
  const algorithm = sa.protocol === 'esp' ? sa.suite.name : `AH ${sa.integrity.token}`;
  const udp =
    sa.encapsulation === null ? '' : `, in UDP ${sa.encapsulation.localPort} > ${sa.encapsulation.remotePort}`;
  return `SPI ${sa.spi} (${formatSpi(sa.spi)}), ${algorithm}, ${sa.mode} mode${udp}`;
}

/** The way of the outer packet; `tunnel` is the interface to name, null for the one that it leaves by. */
function explainOuter(
  core: Core,
  tunnel: string | null,
  source: Uint8Array,
  destination: Uint8Array,
  octets: number,
  verdict: Pick<Explanation, 'verdict' | 'policy' | 'spi'> & { readonly steps: string[] },
): Explanation {
  const { steps } = verdict;
  const route = core.routes.lookup(destination);
  if (route === null) {
    steps.push(`outer packet: no route to ${formatAddress(destination)}`);
    return nothing('unroutable', steps, verdict.policy);
  }
  steps.push(`outer packet: ${formatAddress(source)} > ${formatAddress(destination)}, ${octets} octets`);
  steps.push(`outer route: ${describeRoute(route)}`);
  const frameOctets = route.interface.kind === 'ethernet' ? ETHERNET_HEADER_OCTETS + octets : null;
  return { ...verdict, rule: null, interface: tunnel ?? route.interface.name, frameOctets };
}

function nothing(verdict: Explanation['verdict'], steps: readonly string[], policy: string | null): Explanation {
  return { verdict, steps, rule: null, policy, spi: null, interface: null, frameOctets: null };
}

/** Where the packet would come from: itself, or the interface that leads back to its source, by the SAs that are for it. */
function ingressFor(core: Core, packet: Packet, arrival: string | null, steps: string[]): Ingress {
  if (arrival !== null) {
    const given = core.interfaces.find(({ name }) => name === arrival) ?? null;
    if (given === null) throw new Error(`nothing arrives on ${arrival}`);
    steps.push(`from: ${given.name}, in the clear`);
    return { interface: given, protection: null, depth: 0 };
  }
  if (core.addresses.owns(packet.source)) {
    steps.push(`from: ${formatAddress(packet.source)} is this node's own`);
    return { interface: null, protection: null, depth: 0 };
  }
  const back = core.routes.lookup(packet.source)?.interface ?? core.interfaces[0] ?? null;
  if (back === null) return { interface: null, protection: null, depth: 0 };
  const protection = protectionFor(core, packet, back);
  const spis = protection === null ? '' : `, protected by inbound SPI ${spisOf(protection).join(', ')}`;
  steps.push(`from: ${back.name}${spis}`);
  return { interface: back, protection, depth: 0 };
}

/** The SAs that would bring such a packet: those that the policy asks for, if they are there. */
function protectionFor(core: Core, packet: Packet, arrival: NodeInterface): Protection | null {
  const flow = flowOf(packet.octets);
  const entry = flow === null ? null : core.policies.inbound(core.policies.ownerFor(arrival), flow);
  if (flow === null || entry === null) return null;
  let protection: Protection | null = null;
  for (const [index, layer] of [...entry.layers.entries()].reverse()) {
    const serving = core.sad.all().find(sa => sa.direction === 'inbound' && serves(sa, entry, index, flow));
    if (serving?.direction === 'inbound') protection = protectedBy(serving, protection, protection === null);
    else if (layer.transform.level === 'require') return null;
  }
  return protection;
}

function packetFor(query: FlowQuery): Packet {
  const [source, destination] = [parseAddress(query.source), parseAddress(query.destination)];
  if (source === null || destination === null || source.length !== destination.length) {
    throw new Error(`no flow goes from ${query.source} to ${query.destination}`);
  }
  return headerPacket(source, destination, query.protocol, upperLayerFor(query));
}

function headerPacket(source: Address, destination: Address, protocol: number, payload: Uint8Array): Packet {
  const octets =
    source.length === 4
      ? encodeIpv4({
          dscpEcn: 0,
          identification: 0,
          dontFragment: true,
          moreFragments: false,
          fragmentOffset: 0,
          ttl: HOP_LIMIT,
          protocol,
          source,
          destination,
          options: new Uint8Array(0),
          payload,
        })
      : encodeIpv6({
          trafficClass: 0,
          flowLabel: 0,
          nextHeader: protocol,
          hopLimit: HOP_LIMIT,
          source,
          destination,
          payload,
        });
  const packet = parsePacket(octets, null);
  if (typeof packet === 'string') throw new Error(`protocol ${protocol}: ${packet}`);
  return packet;
}

/** A header of the protocol's size with the ports, and 64 octets; of TCP the first segment, of ICMP an echo request unless it says. */
function upperLayerFor({ protocol, sourcePort, destinationPort, icmp }: FlowQuery): Uint8Array {
  const header = protocol === IpProtocol.TCP ? 20 : 8;
  const upper = new Uint8Array(header + PAYLOAD_OCTETS);
  if (protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6) {
    upper[0] = icmp?.type ?? (protocol === IpProtocol.ICMP ? 8 : 128);
    upper[1] = icmp?.code ?? 0;
    return upper;
  }
  setU16(upper, 0, sourcePort ?? 0);
  setU16(upper, 2, destinationPort ?? 0);
  if (protocol === IpProtocol.TCP) setU16(upper, 12, ((header / 4) << 12) | TcpFlag.SYN);
  return upper;
}
