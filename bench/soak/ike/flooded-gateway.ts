import { daemonOf } from '../../../engine/ike/create.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeDatagram } from '../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import { ikePorts } from '../../../engine/ike/datagram.ts';
import { type Core, createCore } from '../../../engine/ike/v2/core.ts';
import { STEPS } from '../../../engine/ike/steps.ts';
import { protectBy } from '../../../engine/ipsec/spd.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import type { NodeConfig } from '../../../engine/node/config.ts';
import { createNode } from '../../../engine/node/create.ts';
import { nodeConfig, policy, port, route } from '../../../engine/node/testing/sites.ts';
import { formatMac, parseMac } from '../../../engine/wire/address.ts';
import { encodeEthernet, EtherType } from '../../../engine/wire/ethernet.ts';
import { encodeIpv4, fragmentIpv4 } from '../../../engine/wire/ipv4.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import { encodeUdp } from '../../../engine/wire/udp.ts';
import { NS_PER_MS, NS_PER_S } from '../../../engine/wire/instant.ts';
import { type IkeSeat, Machine } from '../../../lab/drivers/sim/machine.ts';
import { createSeededRandom } from '../../../lab/drivers/sim/seeded-random.ts';
import { Simulation } from '../../../lab/drivers/sim/simulation.ts';
import { ADDRESSES, BOB, BOB_NETWORK, bobConfig, NETWORKS, peerConfig } from './ground.ts';

const WAN = 'net0';
const DELAY_NS = NS_PER_MS;
/** Octets of Ethernet header. */
const ETHERNET_OCTETS = 14;
type Name = 'alice' | 'bob' | 'router';
const OUTSIDE: Readonly<Record<Name, string>> = { alice: ADDRESSES.alice, bob: BOB, router: '192.0.2.254' };
const INSIDE = { alice: NETWORKS.alice, bob: BOB_NETWORK } as const;
/** Of the policy, and of the child. */
const CHILD = 'alice';

/** Alice, Bob and the router of their network: whole gateways, frames and all. What comes from elsewhere has come by the router. */
export class FloodedGateway {
  /** To the router, by Bob: what strangers are answered. */
  octetsOut = 0;
  readonly #simulation = new Simulation();
  readonly #macs: Readonly<Record<Name, string>>;
  readonly #machines: Readonly<Record<Name, Machine>>;
  readonly #seed: string;
  #core: Core | null = null;
  #identification = 0;

  constructor(seed: string) {
    this.#seed = seed;
    const nodes = { alice: gateway('alice', 'bob'), bob: gateway('bob', 'alice'), router: router() };
    const macOf = (name: Name) => nodes[name].interfaces[0]?.mac ?? '';
    this.#macs = { alice: macOf('alice'), bob: macOf('bob'), router: macOf('router') };
    this.#machines = { alice: this.#machine('alice'), bob: this.#machine('bob'), router: this.#machine('router') };
    this.#boot('alice', nodes.alice, peerConfig('alice'));
    this.#boot('bob', nodes.bob, bobConfig());
    this.#boot('router', nodes.router, null);
  }

  /** What the daemon of Bob remembers. */
  get core(): Core {
    if (this.#core === null) throw new Error('Bob has no daemon');
    return this.#core;
  }

  /** A datagram to Bob, in one packet or in several, or in the first of several. Returns octets of IP. */
  flood({ local, remote, remotePort, localPort, octets }: IkeDatagram, pieces: 'whole' | 'pieces' | 'first'): number {
    this.#identification = (this.#identification + 1) & 0xffff;
    const udp = { sourcePort: remotePort, destinationPort: localPort, payload: octets };
    const packet = encodeIpv4({
      dscpEcn: 0,
      identification: this.#identification,
      dontFragment: false,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: 60,
      protocol: IpProtocol.UDP,
      source: remote,
      destination: local,
      options: new Uint8Array(0),
      payload: encodeUdp(udp, remote, local),
    });
    const packets = pieces === 'whole' ? [packet] : fragmentIpv4(packet, 68);
    const sent = pieces === 'first' ? packets.slice(0, 1) : packets;
    for (const payload of sent) {
      const frame = {
        destination: mac(this.#macs.bob),
        source: mac(this.#macs.router),
        etherType: EtherType.IPV4,
        payload,
      };
      this.#machines.bob.receive(WAN, encodeEthernet(frame));
    }
    return sent.reduce((sum, { length }) => sum + length, 0);
  }

  run(ms: number): void {
    const end = this.#simulation.now + ms * NS_PER_MS;
    const state = { isOver: false };
    this.#simulation.schedule(end, () => {
      state.isOver = true;
    });
    while (!state.isOver) if (!this.#simulation.step()) return;
  }

  call(): void {
    this.#machines.alice.ikeCommand({ kind: 'initiate', child: CHILD });
  }

  rekey(): void {
    this.#machines.bob.ikeCommand({ kind: 'rekey', child: CHILD });
  }

  status(of: 'alice' | 'bob'): IkeStatus {
    const status = this.#machines[of].ikeStatus();
    if (status === null) throw new Error(`${of} has no daemon`);
    return status;
  }

  /** SPIs of the SAs that a node has, those that it sends by or those that it receives by. */
  spis(of: 'alice' | 'bob', direction: 'inbound' | 'outbound'): string[] {
    const { sas } = this.#machines[of].status();
    return sas.filter(sa => sa.direction === direction).map(({ spi }) => String(spi));
  }

  #machine(name: Name): Machine {
    return new Machine(name, {
      simulation: this.#simulation,
      transmit: (port, octets) => {
        if (port === WAN) this.#carry(name, Uint8Array.from(octets));
      },
      noted: () => undefined,
      commanded: () => undefined,
      ikeNoted: () => undefined,
      revealed: () => undefined,
      fetch: (_, fetched) => fetched(null),
    });
  }

  /** One link: to whom it is for, or to everybody. */
  #carry(from: Name, octets: Uint8Array): void {
    const destination = formatMac(octets.subarray(0, 6));
    const isForAll = (octets[0] ?? 0) % 2 === 1;
    for (const name of ['alice', 'bob', 'router'] as const) {
      if (name === from || !(isForAll || this.#macs[name] === destination)) continue;
      const isAnswer = name === 'router' && from === 'bob' && octets[12] === 0x08 && octets[13] === 0x00;
      if (isAnswer) this.octetsOut += octets.length - ETHERNET_OCTETS;
      else this.#simulation.schedule(this.#simulation.now + DELAY_NS, () => this.#machines[name].receive(WAN, octets));
    }
  }

  #boot(name: Name, config: NodeConfig, ike: IkeConfig | null): void {
    const seeded = (what: string) => createSeededRandom(`${this.#seed} ${name} ${what}`);
    const node = createNode(config, { random: seeded('node'), kernel: createTypescriptKernel(seeded('kernel')) });
    const seat =
      ike === null ? null : { ports: ikePorts(ike), random: seeded('packets'), make: this.#maker(name, ike) };
    this.#machines[name].boot(node, seeded('host'), [], seat);
  }

  #maker(name: Name, config: IkeConfig): IkeSeat['make'] {
    return node => {
      const core = createCore(
        config,
        {
          random: createSeededRandom(`${this.#seed} ${name} ike`),
          epochSeconds: now => 1_800_000_000 + now / NS_PER_S,
          sourceFor: destination => node.outerSourceFor(destination),
          lastHeard: () => null,
        },
        STEPS,
      );
      if (name === 'bob') this.#core = core;
      return daemonOf(core);
    };
  }
}

function gateway(name: 'alice' | 'bob', peer: 'alice' | 'bob'): NodeConfig {
  const inside = INSIDE[name].replace('.0/24', '.1/24');
  return nodeConfig(name, {
    forwarding: true,
    interfaces: [port(WAN, [`${OUTSIDE[name]}/24`]), port('net1', [inside])],
    routes: [route('0.0.0.0/0', OUTSIDE.router)],
    policies: [policy(CHILD, protectBy('esp', 'tunnel'), { local: INSIDE[name], remote: INSIDE[peer] })],
    negotiation: { ports: [500, 4500] },
  });
}

const router = (): NodeConfig => nodeConfig('router', { interfaces: [port(WAN, [`${OUTSIDE.router}/24`])] });

function mac(text: string): Uint8Array {
  const octets = parseMac(text);
  if (octets === null) throw new Error(`${text} is no MAC address`);
  return octets;
}
