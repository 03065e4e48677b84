import { NS_PER_US } from '../../../engine/wire/instant.ts';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { clearRules } from './clear-rules.ts';

/**
 * A topology as plain Linux has it: nodes, links, addresses, routes. It has no IPsec, so what a policy would protect, and what
 * would go into a tunnel, is dropped: an exported network never carries in the clear what its lab does not.
 */
export interface PlainNetwork {
  readonly name: string;
  readonly title: string;
  readonly nodes: readonly PlainNode[];
  readonly links: readonly PlainLink[];
  /** Sentences: what of the topology is not in it. */
  readonly leftOut: readonly string[];
}

export interface PlainNode {
  readonly name: string;
  readonly forwards: boolean;
  readonly interfaces: readonly PlainInterface[];
  /** Arguments of `ip` for what is not to pass in the clear, to be given before any interface is up; those about IPv6 begin with -6. */
  readonly drops: readonly string[];
  /** The same for what it forwards by, when all interfaces have their addresses and are up. */
  readonly routes: readonly string[];
}

export interface PlainInterface {
  readonly name: string;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  /** Octets of IP packet. */
  readonly mtu: number;
  readonly link: string | null;
}

export interface PlainLink {
  readonly name: string;
  readonly ends: readonly [PlainEnd, PlainEnd];
  /** Arguments of `tc qdisc … netem` for what each end sends; null: a perfect wire. */
  readonly netem: readonly [string | null, string | null];
}

export interface PlainEnd {
  readonly node: string;
  readonly interface: string;
}

export function plainNetwork(topology: Topology): PlainNetwork {
  return {
    name: topology.name,
    title: topology.title,
    nodes: topology.nodes.map(plainNode),
    links: topology.links.map(({ name, endpoints, impairments: [forward, backward] }) => ({
      name,
      ends: endpoints,
      netem: [netemWords(forward), netemWords(backward)],
    })),
    leftOut: leftOut(topology),
  };
}

function plainNode(node: TopologyNode): PlainNode {
  const tunnels = new Set(node.tunnels.map(({ name }) => name));
  const inTunnels = node.routes.filter(({ interface: device }) => device !== null && tunnels.has(device));
  return {
    name: node.name,
    forwards: node.forwarding,
    interfaces: node.interfaces.map(({ name, addresses, mtu, link }) => ({ name, addresses, mtu, link })),
    drops: [
      ...inTunnels.map(route => `${familyOf(route)}route replace blackhole ${route.destination}`),
      ...clearRules(node),
    ],
    routes: node.routes
      .filter(route => !inTunnels.includes(route))
      .map(route => `${familyOf(route)}route replace ${hopOf(route)}`),
  };
}

type Route = TopologyNode['routes'][number];

const familyOf = ({ destination }: Route): string => (destination.includes(':') ? '-6 ' : '');

const hopOf = ({ destination, via, interface: device }: Route): string =>
  `${destination}${via === null ? '' : ` via ${via}`}${device === null ? '' : ` dev ${device}`}`;

function netemWords(impairment: Topology['links'][number]['impairments'][0]): string | null {
  const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rateBitsPerSecond, queueFrames } = impairment;
  const words = [
    ...(delayNs > 0 ? [`delay ${microseconds(delayNs)}${jitterNs > 0 ? ` ${microseconds(jitterNs)}` : ''}`] : []),
    ...(loss > 0 ? [`loss ${loss * 100}%`] : []),
    ...(duplicate > 0 ? [`duplicate ${duplicate * 100}%`] : []),
    ...(reorder > 0 && delayNs > 0 ? [`reorder ${reorder * 100}%`] : []),
    ...(corrupt > 0 ? [`corrupt ${corrupt * 100}%`] : []),
    ...(rateBitsPerSecond === null ? [] : [`rate ${rateBitsPerSecond}bit limit ${queueFrames}`]),
  ];
  return words.length === 0 ? null : words.join(' ');
}

const microseconds = (ns: number): string => `${Math.round(ns / NS_PER_US)}us`;

function leftOut({ nodes, faults, checks }: Topology): string[] {
  const which = (has: (node: TopologyNode) => boolean): string =>
    nodes
      .filter(has)
      .map(({ name }) => name)
      .join(', ');
  const found: [string, string][] = [
    [which(({ policies }) => policies.length > 0), 'IPsec: what their policies protect or discard is dropped instead'],
    [which(({ tunnels }) => tunnels.length > 0), 'tunnels: what would enter one is dropped instead'],
    [which(({ filter }) => filter !== null), 'the IP filter: it lets everything pass'],
    [which(({ nat }) => nat !== null), 'NAT: packets keep their inside addresses'],
    [
      which(({ interfaces }) => interfaces.some(({ advertise, autoconfigure }) => advertise || autoconfigure)),
      'IPv6 Router Advertisements',
    ],
  ];
  return [
    ...found.filter(([names]) => names !== '').map(([names, what]) => `${names}: without ${what}.`),
    ...(faults.length > 0 ? ['The scheduled faults are not in it.'] : []),
    ...(checks.length > 0 ? ['The checks are not in it.'] : []),
  ];
}
