import type { ProtectedFlow } from '../topology/model.ts';
import type { CapturedPacket } from './packet.ts';
import { LinkWatch, type WatchedFlow } from './link-watch.ts';
import { FlowMatcher } from './flow-match.ts';

/** A frame in which a packet of a protected flow could be read by anyone. */
export interface Offence {
  readonly packet: CapturedPacket;
  /** `bare`, `tunnelled`, `quoted by an ICMP error`, `inside ESP, not encrypted`, in fragments or not. */
  readonly how: string;
}

/** One protected flow on one of the links where it must not be seen in the clear. */
export interface FlowSighting {
  readonly flow: ProtectedFlow;
  readonly link: string;
  readonly clearPackets: number;
  /** ESP between the flow's own addresses (transport mode); what a tunnel's ESP holds cannot be seen without keys. */
  readonly espPackets: number;
  /** The first ones. */
  readonly offences: readonly Offence[];
}

export interface LinkSighting {
  readonly link: string;
  readonly packets: number;
  readonly espPackets: number;
  /** Of protected flows: ESP or Neighbour Discovery whose header was damaged on the way, so that it no longer says so. */
  readonly damagedPackets: number;
}

export interface TripwireReport {
  readonly tripped: boolean;
  readonly flows: readonly FlowSighting[];
  /** In order of each link's first packet. */
  readonly links: readonly LinkSighting[];
}

export interface Tripwire {
  /** Call for every packet of every link, in order. Cheap; keeps the packet if it offends. */
  see(packet: CapturedPacket): void;
  report(): TripwireReport;
}

/** Frames kept for each flow and link: enough to see what went wrong. */
const OFFENCES_KEPT = 16;

/**
 * Watches links for packets of protected flows that are not inside ESP: bare, in IP-in-IP or GRE, in fragments, in the
 * quote of an ICMP error, or inside something that is ESP only in name. Neighbour discovery, which never passes a policy
 * (RFC 4301 §4.4.1), and IKE between the two hosts of a flow are no offence.
 */
export function createTripwire(flows: readonly ProtectedFlow[]): Tripwire {
  const sightings = flows.flatMap(flow => flow.links.map(link => watchedFlow(flow, link)));
  const links = new Map<string, LinkWatch>();
  return {
    see(packet) {
      let watch = links.get(packet.link);
      if (watch === undefined) {
        watch = new LinkWatch(sightings.filter(sighting => sighting.link === packet.link));
        links.set(packet.link, watch);
      }
      watch.see(packet);
    },
    report: () => ({
      tripped: sightings.some(sighting => sighting.clearPackets > 0),
      flows: sightings.map(({ flow, link, clearPackets, espPackets, offences }) => ({
        flow,
        link,
        clearPackets,
        espPackets,
        offences: [...offences],
      })),
      links: [...links].map(([link, { packets, espPackets, damagedPackets }]) => ({
        link,
        packets,
        espPackets,
        damagedPackets,
      })),
    }),
  };
}

function watchedFlow(
  flow: ProtectedFlow,
  link: string,
): WatchedFlow & { readonly flow: ProtectedFlow; readonly link: string } {
  const matcher = new FlowMatcher(flow.a, flow.b);
  return { flow, link, matcher, clearPackets: 0, espPackets: 0, offences: [], keep: OFFENCES_KEPT };
}
