import { encapsulate } from '../ipsec/tunnel-mode.ts';
import type { SealResult } from '../ipsec/kernel.ts';
import { join } from '../ipsec/transport-mode.ts';
import { formatAddress } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import {
  type Core,
  deliver,
  drop,
  NESTING_MAX,
  nextIdentification,
  type Origin,
  type Originated,
  type PendingSeal,
} from './core.ts';
import { type Decision, decideSending } from './decision.ts';
import { fit } from './fit.ts';
import { emit, ipFrameAround } from './frame-output.ts';
import { behindEthernet, sendOnLink } from './link-output.ts';
import type { NodeInterface } from './interfaces.ts';
import { isFresh } from './neighbour-cache.ts';
import { type Packet, parsePacket } from './packet.ts';
import { learntPathMtus } from './path.ts';
import { refuse } from './report.ts';
import { sendTransport } from './transport-output.ts';
import { sendEncapsulated, sendThroughSa } from './tunnel-output.ts';

/** Sends what the node or its host has made. */
export function sendOriginated(core: Core, originated: Originated): void {
  const { octets, offload, origin, depth, isProtected, zone } = originated;
  const packet = parsePacket(octets, offload);
  if (typeof packet === 'string') {
    drop(core, 'malformed', () => `${packet}, from ${origin}`);
    return;
  }
  if (depth > NESTING_MAX) {
    drop(
      core,
      'tunnelMismatch',
      () => `to ${formatAddress(packet.destination)}: more than ${NESTING_MAX} outer headers`,
    );
    return;
  }
  if (core.addresses.owns(packet.destination)) {
    if (origin === 'above') deliver(core, packet.octets, packet.offload);
    else drop(core, 'notForUs', () => `from this node to its own ${formatAddress(packet.destination)}`);
    return;
  }
  carryOut(core, packet, decisionFor(core, packet, isProtected, zone), origin, depth);
}

/** Does with a packet what was decided for its flow; its hop limit is the one to send. */
export function carryOut(core: Core, packet: Packet, decision: Decision, origin: Origin, depth: number): void {
  switch (decision.kind) {
    case 'drop':
      if (decision.policy !== null) decision.policy.packets++;
      refuse(core, packet, origin, decision.reason, decision.detail, decision.cause);
      break;
    case 'forward':
      sendClear(core, packet, decision, origin);
      break;
    case 'encapsulate':
      sendEncapsulated(core, packet, decision.tunnel, decision.policy, origin, depth);
      break;
    case 'protect': {
      const { policy, tunnel } = decision;
      const isTransport = tunnel === null && modeOf(decision) === 'transport';
      if (isTransport) sendTransport(core, packet, policy, origin, depth);
      else sendThroughSa(core, packet, policy, tunnel, origin, depth);
      break;
    }
  }
}

/** What the kernel made of a packet: on its way with it, or the end of its SA. */
export function sendSealed(core: Core, { job, wrap }: PendingSeal, result: SealResult): void {
  if (result.kind === 'sequenceExhausted') {
    drop(core, 'sequenceExhausted', () => `SA ${job.sa.spi} of policy ${job.sa.policy}`);
    return;
  }
  const outer =
    wrap.kind === 'transport'
      ? join(wrap.split, IpProtocol.ESP, result.esp)
      : encapsulate(wrap.inner, wrap.source, wrap.destination, {
          protocol: IpProtocol.ESP,
          payload: result.esp,
          identification: nextIdentification(core),
        });
  if (outer === null) {
    drop(core, 'packetTooBig', () => `${result.esp.length} octets of ESP do not fit an IP packet`);
    return;
  }
  const depth = wrap.kind === 'tunnel' ? wrap.depth + 1 : wrap.depth;
  sendOriginated(core, { octets: outer, offload: null, origin: 'node', depth, isProtected: true, zone: null });
}

function sendClear(core: Core, packet: Packet, decision: Extract<Decision, { kind: 'forward' }>, origin: Origin): void {
  const { exit, policy } = decision;
  const linkMtu = packet.version === 4 ? exit.mtu : exit.mtu6;
  const isOwn = origin === 'node' || origin === 'above';
  const known = isOwn ? learntPathMtus(core, packet.protocol).get(packet.destination, core.now) : null;
  const pieces = fit(core, packet, known === null ? linkMtu : Math.min(known, linkMtu), origin);
  if (pieces === null) return;
  if (policy !== null) policy.packets += pieces.length;
  for (const { octets, offload } of pieces) {
    const { neighbour } = decision;
    if (neighbour !== null && isFresh(neighbour, core.now)) {
      emit(core, exit, ipFrameAround(exit, neighbour.mac, octets), behindEthernet(offload));
      continue;
    }
    const nextHop = decision.nextHop ?? packet.destination;
    decision.neighbour = sendOnLink(core, exit, nextHop, octets, offload, origin);
  }
}

function decisionFor(core: Core, packet: Packet, isProtected: boolean, zone: NodeInterface | null): Decision {
  const from = isProtected ? 'protected' : 'sent';
  const isCacheable = core.flows.select(packet.octets, 0);
  const known = isCacheable ? core.flows.get(from, null) : null;
  if (known !== null) return known;
  const decision = decideSending(core, packet, isProtected, zone);
  if (isCacheable) core.flows.set(from, null, decision);
  return decision;
}

function modeOf(decision: Extract<Decision, { kind: 'protect' }>): 'tunnel' | 'transport' {
  const { action } = decision.policy.policy;
  if (action.kind !== 'protect') throw new Error(`policy ${decision.policy.policy.name} does not protect`);
  return action.transforms[0]?.mode ?? 'tunnel';
}
