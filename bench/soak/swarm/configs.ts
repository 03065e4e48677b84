import { parseEspProposal, parseIkeProposal, type ProposalReading } from '../../../engine/config/ike-proposal.ts';
import { parseIkeV1Proposal } from '../../../engine/config/ike-v1-proposal.ts';
import {
  type ChildConfig,
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type LocalAuthenticationConfig,
} from '../../../engine/ike/config.ts';
import { ikePorts } from '../../../engine/ike/datagram.ts';
import { DEFAULT_V1, type V1Config } from '../../../engine/ike/v1-config.ts';
import { protectBy } from '../../../engine/ipsec/spd.ts';
import type { InterfaceConfig, NodeConfig, PolicyConfig } from '../../../engine/node/config.ts';
import { negotiationOn } from '../../../lab/drivers/sim/sim-daemons.ts';
import { credentialsOf, identityOf, KEY_OF, V1_KEY_OF, v1CredentialsOf } from './credentials.ts';
import type { ChildPlan, PairPlan, Scenario, Start } from './scenario.ts';

/** What the gateways of a scenario are told. All of them are in one network, and so is the outside of a NAT. */

export const OUTER_PORT = 'wan';
const HIDDEN_ADDRESS = '192.168.1.2';
const NAT_ADDRESS = '192.0.2.200';
/** Traffic of child n goes from this port plus n to the same. */
const FIRST_PORT = 7000;

export const portOf = ({ index }: ChildPlan): number => FIRST_PORT + index;
export const natName = (gateway: number): string => `nat${gateway}`;

/** As the gateway itself sees it. */
export function outerAddress({ gateways }: Scenario, gateway: number): string {
  return gateways[gateway]?.nat === null ? `192.0.2.${gateway + 1}` : HIDDEN_ADDRESS;
}

/** Whence a child's traffic comes at one end. */
export function innerAddress(scenario: Scenario, gateway: number, child: ChildPlan): string {
  return child.mode === 'transport' ? outerAddress(scenario, gateway) : `10.${gateway + 1}.${child.index}.1`;
}

export function gatewayNode(scenario: Scenario, gateway: number): NodeConfig {
  const children = childrenOf(scenario, gateway);
  const isHidden = scenario.gateways[gateway]?.nat !== null;
  return {
    ...EMPTY_NODE,
    name: `g${gateway}`,
    interfaces: [
      port(OUTER_PORT, `02:00:00:00:01:0${gateway}`, [`${outerAddress(scenario, gateway)}/24`]),
      port(
        'lan',
        `02:00:00:00:02:0${gateway}`,
        children.map(({ child }) => `10.${gateway + 1}.${child.index}.1/24`),
      ),
    ],
    // What is inside of tunnels needs a way as well.
    routes: [{ destination: '0.0.0.0/0', via: isHidden ? '192.168.1.1' : '192.0.2.254', interface: null }],
    policies: children.map(({ child, peer }) => policyOf(scenario, child, gateway, peer)),
    negotiation: negotiationOn(ikePorts(ikeConfigOf(scenario, gateway))),
  };
}

export function natNode(scenario: Scenario, gateway: number): NodeConfig {
  const behaviour = scenario.gateways[gateway]?.nat;
  if (behaviour === null || behaviour === undefined) throw new Error(`gateway ${gateway} has no NAT`);
  return {
    ...EMPTY_NODE,
    name: natName(gateway),
    interfaces: [
      port(OUTER_PORT, '02:00:00:00:03:00', [`${NAT_ADDRESS}/24`]),
      port('inside', '02:00:00:00:03:01', ['192.168.1.1/24']),
    ],
    nat: { outside: OUTER_PORT, behaviour, idleSeconds: 60 },
  };
}

export function ikeConfigOf(scenario: Scenario, gateway: number): IkeConfig {
  return {
    connections: scenario.pairs.flatMap(pair =>
      pair.ends.flatMap((end, at) => (end.gateway === gateway ? [connectionOf(scenario, pair, at === 0 ? 0 : 1)] : [])),
    ),
    secrets: [{ identities: [], secret: Buffer.from('a secret of the swarm').toString('hex') }],
    ppks: [],
    credentials: scenario.pairs.some(({ v1 }) => v1 !== null) ? v1CredentialsOf(gateway) : credentialsOf(gateway),
    pools: [],
    limits: { ...DEFAULT_LIMITS, cookiesFrom: scenario.gateways[gateway]?.cookiesFrom ?? 30 },
    revealsSecrets: false,
  };
}

function connectionOf(scenario: Scenario, pair: PairPlan, at: 0 | 1): ConnectionConfig {
  const own = pair.ends[at];
  const peer = pair.ends[at === 0 ? 1 : 0];
  const isHidden = scenario.gateways[peer.gateway]?.nat !== null;
  const parseIke = pair.v1 === null ? parseIkeProposal : parseIkeV1Proposal;
  const ordered = (texts: readonly string[]) => (own.isReversed ? texts.toReversed() : texts);
  return {
    name: `g${peer.gateway}`,
    ...versionOf(pair),
    local: [outerAddress(scenario, own.gateway)],
    remote: isHidden ? [] : [outerAddress(scenario, peer.gateway)],
    port: 500,
    natPort: 4500,
    proposals: ordered(pair.ike).map(text => proposal(parseIke(text, { legacy: false }))),
    authentication: {
      local: localAuthentication(pair, own.gateway),
      remote: {
        methods: [pair.authentication === 'psk' ? 'psk' : 'signature'],
        identity: identityOf(peer.gateway),
        authorities: [],
        schemes: [],
        revocation: 'relaxed',
      },
    },
    ppk: null,
    requestAddresses: [],
    addressInterface: null,
    pools: [],
    unique: 'replace',
    fragmentation: pair.fragmentation,
    fragmentOctets: pair.fragmentOctets,
    mobike: pair.mobike,
    forceEncapsulation: pair.forceEncapsulation,
    childless: pair.childless,
    resumption: pair.resumption,
    quickCrashDetection: pair.quickCrashDetection,
    redirectTo: null,
    followsRedirects: true,
    livenessSeconds: pair.livenessSeconds,
    rekeySeconds: pair.ikeRekeySeconds,
    // Whoever may not call cannot make another one.
    reauthenticateSeconds: isHidden ? 0 : pair.reauthenticateSeconds,
    makeBeforeBreak: pair.makeBeforeBreak,
    overSeconds: 40,
    lifetimeJitter: pair.lifetimeJitter,
    retransmission: pair.retransmission,
    windowSize: own.windowSize,
    attempts: null,
    children: pair.children.map(child =>
      childConfigOf(scenario, child, { own: own.gateway, peer: peer.gateway }, child.start[at], {
        rekeySeconds: pair.childRekeySeconds,
        esp: ordered(pair.esp),
      }),
    ),
  };
}

/** IKEv1 has no reauthentication of its own; who reauthenticates there begins another phase 1. */
function versionOf({ v1 }: PairPlan): { readonly version: 1 | 2; readonly v1?: V1Config } {
  if (v1 === null) return { version: 2 };
  const { mode, commitBit } = v1;
  return { version: 1, v1: { ...DEFAULT_V1, mode, accepts: [mode], commitBit, livenessTimeoutSeconds: 20 } };
}

function localAuthentication({ authentication, v1 }: PairPlan, gateway: number): LocalAuthenticationConfig {
  const identity = identityOf(gateway);
  if (authentication === 'psk') return { method: 'psk', identity };
  const sends = authentication === 'raw' ? 'raw' : 'always';
  return {
    method: 'signature',
    identity,
    key: (v1 === null ? KEY_OF : V1_KEY_OF)[authentication],
    schemes: [],
    sends,
    url: null,
  };
}

function childConfigOf(
  scenario: Scenario,
  child: ChildPlan,
  { own, peer }: { readonly own: number; readonly peer: number },
  start: Start,
  { rekeySeconds, esp }: { readonly rekeySeconds: number; readonly esp: readonly string[] },
): ChildConfig {
  const selector = (gateway: number) => {
    const addresses = networkOf(scenario, child, gateway);
    return child.mode === 'transport'
      ? ({ addresses, protocol: 17, ports: [portOf(child), portOf(child)] } as const)
      : ({ addresses, protocol: 'any', ports: 'any' } as const);
  };
  return {
    name: child.name,
    policy: child.name,
    transform: 0,
    mode: child.mode,
    proposals: esp.map(text => proposal(parseEspProposal(text, { legacy: false }))),
    local: [selector(own)],
    remote: [selector(peer)],
    start,
    onClose: start,
    onDeath: start === 'start' ? 'restart' : start === 'trap' ? 'trap' : 'clear',
    rekey: { seconds: rekeySeconds, octets: null, packets: null },
    over: 0.5,
    requestId: null,
    windowPackets: 64,
    outer: {},
    trafficFlow: null,
  };
}

function policyOf(scenario: Scenario, child: ChildPlan, own: number, peer: number): PolicyConfig {
  const isTransport = child.mode === 'transport';
  return {
    name: child.name,
    tunnel: null,
    local: networkOf(scenario, child, own),
    remote: networkOf(scenario, child, peer),
    protocol: isTransport ? 17 : 'any',
    localPort: isTransport ? portOf(child) : 'any',
    remotePort: isTransport ? portOf(child) : 'any',
    action: protectBy('esp', child.mode),
  };
}

function networkOf(scenario: Scenario, child: ChildPlan, gateway: number): string {
  if (child.mode === 'transport') return `${outerAddress(scenario, gateway)}/32`;
  return `10.${gateway + 1}.${child.index}.0/24`;
}

/** The children that a gateway has, with whom. */
export function childrenOf(
  { pairs }: Scenario,
  gateway: number,
): { readonly child: ChildPlan; readonly peer: number }[] {
  return pairs.flatMap(({ ends: [one, other], children }) => {
    if (one.gateway !== gateway && other.gateway !== gateway) return [];
    const peer = one.gateway === gateway ? other.gateway : one.gateway;
    return children.map(child => ({ child, peer }));
  });
}

function proposal<T>({ proposal: read, problems }: ProposalReading<T>): T {
  if (read === null) throw new Error(problems.map(({ message }) => message).join('; '));
  return read;
}

function port(name: string, mac: string, addresses: readonly string[]): InterfaceConfig {
  return { name, mac, mtu: 1500, addresses, autoconfigure: false, advertise: false };
}

const EMPTY_NODE = { forwarding: true, interfaces: [], tunnels: [], routes: [], policies: [], sas: [] } as const;
