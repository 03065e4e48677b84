import { Sad } from '../ipsec/sad.ts';
import { type Address, formatAddress, parseAddress } from '../wire/address.ts';
import type { Instant } from '../wire/instant.ts';
import { u16At } from '../wire/octets.ts';
import { AddressTable } from './address-table.ts';
import { Audit } from './audit.ts';
import { startAutoconfiguration } from './autoconfiguration.ts';
import type { NodeConfig, SaConfig } from './config.ts';
import { type Core, drop, type FrameOrigin } from './core.ts';
import { explain } from './explain.ts';
import { makeFilter, replaceFilter } from './filter-gate.ts';
import { FlowCache } from './flow-cache.ts';
import { FragmentTable } from './fragment-table.ts';
import { takeFrame } from './frame-input.ts';
import { takeFromAbove } from './host-input.ts';
import { ethernetInterface, tunnelInterface } from './interfaces.ts';
import { runLinkCommand } from './link-state.ts';
import { releaseHeld } from './held-packets.ts';
import { makeNat, rebindNat } from './nat.ts';
import { NeighbourCache } from './neighbour-cache.ts';
import type { Effects, Node, NodeCommand, NodeContext } from './node.ts';
import { PathMtuCache } from './path-mtu.ts';
import { PolicySet } from './policy-set.ts';
import { IcmpErrorLimit } from './rate-limit.ts';
import { ReassemblyPool } from './reassembly-pool.ts';
import { runAddressCommand, runRouteCommand } from './reconfigure.ts';
import { renumber } from './renumber.ts';
import { outerAddresses, outerSource, sourceTowards } from './report.ts';
import { configuredRoute, connectedRoutes, RouteTable } from './route-table.ts';
import { startAdvertising } from './router-advertising.ts';
import {
  deleteSas,
  describeSa,
  installSa,
  isMeant,
  moveSas,
  nameOf,
  putPolicy,
  removePolicy,
  replacePolicies,
} from './sa-commands.ts';
import { runUpkeep } from './sa-timers.ts';
import { lastHeard, SaUpkeep } from './sa-upkeep.ts';
import { statusOf } from './status.ts';
import { nextTimer, runTimers, startLink } from './timers.ts';
import { addTunnel, removeTunnel, setAddrconf } from './tunnel-commands.ts';
import { runTasks, runToCompletion } from './work.ts';

/** Makes a node. It has done nothing yet: `wakeAt()` is due at once. Throws when the configuration contradicts itself. */
export function createNode(config: NodeConfig, context: NodeContext): Node {
  const core = createCore(config, context);
  let isStarted = false;

  /** Runs one call: sets the time, starts the node if this is its first, and hands out what came of it. */
  function call(now: Instant, work: () => void): Effects {
    core.now = now;
    if (!isStarted) {
      isStarted = true;
      if (now > 0) dateFrom(core, config);
      for (const link of core.links) startLink(core, link);
      runTimers(core);
    }
    runUpkeep(core); // an SA whose time is up takes no packet that comes before its host wakes the node
    work();
    runToCompletion(core);
    const { frames, deliveries } = core;
    core.frames = [];
    core.deliveries = [];
    return { frames, deliveries, events: core.audit.takeEvents() };
  }

  return {
    name: core.name,
    receive: (frames, now) =>
      call(now, () => {
        for (const frame of frames) {
          takeFrame(core, frame);
          runTasks(core);
        }
      }),
    send: (packets, now) =>
      call(now, () => {
        for (const packet of packets) {
          takeFromAbove(core, packet);
          runTasks(core);
        }
      }),
    wake: now => call(now, () => runTimers(core)),
    wakeAt: () => (isStarted ? nextTimer(core) : core.now),
    command: (command, now) => call(now, () => runCommand(core, command)),
    status: () => statusOf(core),
    explain: flow => explain(core, flow),
    sourceFor: destination => inText(destination, address => sourceTowards(core, address)),
    outerSourceFor: destination => inText(destination, address => outerSource(core, address)),
    outerAddresses: () => outerAddresses(core),
    lastHeard: inbound => lastHeard(core, inbound),
    hasPolicy: name => core.policies.named(name) !== null,
  };
}

function inText(destination: string, choose: (address: Address) => Address | null): string | null {
  const address = parseAddress(destination);
  const source = address === null ? null : choose(address);
  return source === null ? null : formatAddress(source);
}

/** A node may be made long before, or long after, its clock began: policies and SAs are as old as its first call. */
function dateFrom(core: Core, config: NodeConfig): void {
  for (const sa of core.sad.flush()) core.upkeep.remove(sa);
  core.policies = new PolicySet(config.policies, core.interfaces, core.now);
  for (const sa of config.sas) installSa(core, sa);
}

/** The state of a node before its first call. */
function createCore(config: NodeConfig, context: NodeContext): Core {
  const links = config.interfaces.map(ethernetInterface);
  const tunnels = config.tunnels.map(tunnelInterface);
  const interfaces = [...links, ...tunnels];
  if (new Set(interfaces.map(each => each.name)).size < interfaces.length) {
    throw new Error(`${config.name}: two interfaces have the same name`);
  }
  const lost = config.policies.find(({ tunnel }) => tunnel !== null && interfaces.every(({ name }) => name !== tunnel));
  if (lost !== undefined) throw new Error(`a policy is for tunnel ${lost.tunnel}: no such`);
  const policies = new PolicySet(config.policies, interfaces, 0);
  const core: Core = {
    name: config.name,
    forwarding: config.forwarding,
    random: context.random,
    kernel: context.kernel,
    links,
    ports: new Map(links.map(link => [link.name, link])),
    tunnels,
    interfaces,
    addresses: new AddressTable(interfaces, config.forwarding),
    routes: new RouteTable(),
    neighbours: new NeighbourCache<FrameOrigin>(() => drop(core, 'queueFull', () => 'its neighbour is not known yet')),
    policies,
    reportDiscards: config.reportDiscards ?? false,
    negotiation: config.negotiation ?? null,
    sad: new Sad(),
    upkeep: new SaUpkeep(),
    flows: new FlowCache(policies.usePorts),
    pathMtus: new PathMtuCache(),
    outerPathMtus: new PathMtuCache(),
    reassembly: new ReassemblyPool(),
    fragments: config.fragments === 'stateful' ? new FragmentTable() : null,
    errorLimit: new IcmpErrorLimit(),
    filter: null,
    hostModel: { 4: config.hostModel ?? 'weak', 6: config.hostModel ?? 'weak' },
    antiSpoofing: config.antiSpoofing ?? false,
    nat: makeNat(config.nat ?? null, links, context.random),
    advertising: interfaces.filter(each => each.advertise).map(each => startAdvertising(each, 0)),
    autoconfigurations: interfaces.filter(each => each.autoconfigure).map(each => startAutoconfiguration(each, 0)),
    audit: new Audit(),
    identification: u16At(context.random.bytes(2), 0),
    now: 0,
    frames: [],
    deliveries: [],
    tasks: [],
    opens: [],
    verifications: [],
    seals: [],
    authentications: [],
  };
  for (const netInterface of interfaces) for (const route of connectedRoutes(netInterface)) core.routes.add(route);
  for (const route of config.routes) core.routes.add(configuredRoute(route, interfaces));
  for (const sa of config.sas) installSa(core, sa);
  core.filter = makeFilter(core, config.filter ?? null);
  return core;
}

function runInstall(core: Core, config: SaConfig): void {
  const sa = installSa(core, config);
  core.audit.note('saInstalled', describeSa(sa), { sa: nameOf(sa) });
  if (sa.direction === 'outbound') releaseHeld(core, sa);
}

function runCommand(core: Core, command: NodeCommand): void {
  switch (command.kind) {
    case 'link':
      runLinkCommand(core, command.port, command.up);
      break;
    case 'installSa':
      runInstall(core, command.sa);
      break;
    case 'deleteSa':
      deleteSas(
        core,
        core.sad.all().filter(sa => isMeant(sa, command)),
      );
      break;
    case 'flushSas':
      deleteSas(core, core.sad.flush());
      break;
    case 'setPolicies':
      replacePolicies(core, command.policies);
      break;
    case 'setFilter':
      replaceFilter(core, command.filter);
      break;
    case 'rebindNat':
      rebindNat(core);
      break;
    case 'addAddress':
    case 'removeAddress':
      runAddressCommand(core, command);
      break;
    case 'renumber':
      renumber(core, command);
      break;
    case 'addRoute':
    case 'removeRoute':
      runRouteCommand(core, command);
      break;
    case 'putPolicy':
      putPolicy(core, command.policy, command.before);
      break;
    case 'removePolicy':
      removePolicy(core, command.name);
      break;
    case 'moveSa':
      moveSas(core, command);
      break;
    case 'addTunnel':
      addTunnel(core, command.tunnel);
      break;
    case 'removeTunnel':
      removeTunnel(core, command.name);
      break;
    case 'setAddrconf':
      setAddrconf(core, command);
      break;
    case 'setHostModel':
      core.hostModel[command.family] = command.model;
      core.flows.clear();
      break;
    case 'setNegotiation':
      core.negotiation = command.negotiation;
      core.flows.clear();
      break;
    default:
      command satisfies never;
  }
}
