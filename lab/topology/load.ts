import { formatAddress, formatMac } from '../../engine/wire/address.ts';
import { formatPrefix } from '../../engine/wire/prefix.ts';
import type { SaConfig } from '../../engine/node/config.ts';
import { topologyShape, type TopologyText } from './description.ts';
import { type Diagnostic, type Place, Report } from '../../engine/config/diagnostic.ts';
import type { ProtectedFlow, Topology, TopologyIke, TopologyInterface, TopologyNode, TopologyTunnel } from './model.ts';
import { flowsOfPolicies, namedFlow, type Network } from './protected-flows.ts';
import { mtuOf, resolveAddresses } from './resolve/addresses.ts';
import { reportAdvertising, reportTunnelAdvertising } from './resolve/advertising.ts';
import { resolveChecks } from './resolve/checks.ts';
import { tieIke } from './resolve/stated-ike.ts';
import { resolveIke } from './resolve/ike.ts';
import { resolvePki } from './resolve/pki.ts';
import { resolveFaults } from './resolve/faults.ts';
import { resolveKeyings } from './resolve/keying.ts';
import { resolveLinks, type Wiring } from './resolve/links.ts';
import { macsOf } from './resolve/macs.ts';
import { natPathsOf } from './resolve/nat-path.ts';
import { tieKeyRules } from './resolve/key-files.ts';
import { nativeTexts, type ReadBeside, resolveFilter, statedKeyRules, statedPolicies } from './resolve/native-files.ts';
import { hasEngine, resolveOptions } from './resolve/node-options.ts';
import { resolvePolicies } from './resolve/policies.ts';
import { resolveRoutes, type Route } from './resolve/routes.ts';
import { pairSas } from './resolve/sa-pairs.ts';
import { spisBeside } from './resolve/spis.ts';
import { policiesOf } from './resolve/stated-policies.ts';
import { keyedSas, reportKeyless, sasOf } from './resolve/stated-sas.ts';
import { endName, type NodeScope, type Scope, scopeOf } from './resolve/scope.ts';
import { reportSecrets } from './resolve/secrets.ts';
import { resolveTunnels, type Tunnel } from './resolve/tunnels.ts';
import { repeated } from './repeat.ts';
import { readYaml } from './yaml-document.ts';

export interface LoadResult {
  /** null when there is any diagnostic. */
  readonly topology: Topology | null;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads and resolves a topology. `file` is only what diagnostics call it; native files that nodes name are read by `read`.
 * Never throws, whatever the text.
 */
export function loadTopology(file: string, text: string, read: ReadBeside = NOT_BESIDE): LoadResult {
  const report = new Report(file);
  const root = readYaml(text, report);
  const declared = root === null ? undefined : topologyShape.read(repeated(root, report), report);
  const topology = declared === undefined ? null : resolve(file, declared, report, read);
  const diagnostics = report.diagnostics();
  return { topology: diagnostics.length === 0 ? topology : null, diagnostics };
}

const NOT_BESIDE: ReadBeside = () => ({ kind: 'failed', why: 'cannot be read: this topology has no folder' });

/** Runs all steps even after errors: each leaves out what it cannot judge. */
function resolve(file: string, text: TopologyText, report: Report, read: ReadBeside): Topology {
  const scope = scopeOf(text, report);
  reportSecrets(scope);
  if (scope.nodes.size === 0) report.error(text.nodes.place, 'the topology has no nodes', 'declare two or more');
  const resolved = resolveLinks(scope);
  const { links, wiring } = resolved;
  const owners = resolveAddresses(scope, wiring);
  reportAdvertising(scope, resolved);
  const macs = macsOf(scope);
  const routes = new Map<string, readonly Route[]>();
  for (const node of scope.nodes.values()) routes.set(node.name, resolveRoutes(scope, node, resolved, owners));
  const tunnels = resolveTunnels(scope, routes);
  reportTunnelAdvertising(scope, tunnels);
  const paths = natPathsOf(scope);
  const keyings = resolveKeyings(scope);
  const stated = new Map<string, SaConfig[]>();
  const ikeOfFiles = new Map<string, TopologyIke>();
  const resolvedPolicies = resolvePolicies(scope, tunnels, paths, (node, names) =>
    statedPolicies(scope, node, read).flatMap(found => {
      if (found.ike !== null) ikeOfFiles.set(node.name, tieIke(scope, node, found.ike, found.file, owners));
      stated.set(node.name, [...(stated.get(node.name) ?? []), ...sasOf(node, found.sas, found.file)]);
      return policiesOf(
        { scope, tunnels, owners, keyings, manual: found.sas.length > 0 },
        node,
        found.policies,
        found.file,
        names,
      );
    }),
  );
  const policies = resolvedPolicies.byNode;
  const pki = resolvePki(scope);
  for (const node of scope.nodes.values()) {
    const found = statedKeyRules(scope, node, read);
    if (found === null) continue;
    ikeOfFiles.set(node.name, tieKeyRules(scope, node, found, policies.get(node.name) ?? [], pki, owners));
  }
  const nextSpi = spisBeside([...stated.values()].flat());
  const sas = [
    ...pairSas(scope, resolvedPolicies, paths, nextSpi),
    ...keyedSas(scope, keyings, policies, stated, nextSpi),
  ];
  if (report.count === 0) reportKeyless(policies, sas, stated);
  const nodes = [...scope.nodes.values()].map(node => ({
    ...nodeOf(node, wiring, macs),
    ...resolveOptions(scope, node),
    tunnels: [...(tunnels.get(node.name)?.values() ?? [])].map(tunnel => tunnelOf(node, tunnel)),
    routes: (routes.get(node.name) ?? []).map(routeOf),
    policies: (policies.get(node.name) ?? []).map(({ model }) => model),
    ike: ikeOfFiles.get(node.name) ?? resolveIke(scope, node, resolvedPolicies, paths),
    sas: stated.get(node.name) ?? [],
    filter: resolveFilter(scope, node, read),
    ...nativeTexts(scope, node, read),
  }));
  return {
    name: text.name.value,
    title: oneLine(text.title?.value ?? '') || text.name.value,
    description: oneLine(text.description?.value ?? ''),
    firstSteps: (text['first-steps']?.items ?? []).map(({ value }) => oneLine(value)),
    file,
    nodes,
    links,
    pki,
    sas,
    protectedFlows: [...flowsOfPolicies({ nodes, links }), ...flowsOfFile(scope, { nodes, links })],
    checks: resolveChecks(scope, owners),
    faults: resolveFaults(scope),
  };
}

/** Block texts of YAML end with a line feed, and folded ones may have more. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function nodeOf(
  node: NodeScope,
  wiring: Wiring,
  macs: ReadonlyMap<string, string>,
): Pick<TopologyNode, 'name' | 'kind' | 'engine' | 'implementation' | 'forwarding' | 'interfaces'> {
  const kind = node.text?.kind.value ?? 'host';
  const interfaces = [...node.interfaces.values()].map((iface): TopologyInterface => {
    const name = endName({ node: node.name, interface: iface.name });
    return {
      name: iface.name,
      mac: macs.get(name) ?? formatMac(new Uint8Array(6)),
      mtu: mtuOf(iface, wiring),
      addresses: iface.addresses.map(({ value }) => formatPrefix(value)),
      autoconfigure: iface.text?.autoconfigure?.value ?? false,
      advertise: iface.text?.advertise?.value ?? false,
      link: wiring.get(name)?.link ?? null,
    };
  });
  const implementation = kind === 'peer' ? (node.text?.implementation?.value ?? 'strongswan') : null;
  return { name: node.name, kind, engine: hasEngine(node), implementation, forwarding: kind !== 'host', interfaces };
}

function tunnelOf(node: NodeScope, tunnel: Tunnel): TopologyTunnel {
  const text = node.tunnels.get(tunnel.name)?.text;
  return {
    name: tunnel.name,
    peer: tunnel.peer,
    local: formatAddress(tunnel.local),
    remote: formatAddress(tunnel.remote),
    mtu: text?.mtu?.value ?? null,
    addresses: (text?.addresses?.items ?? []).map(({ value }) => formatPrefix(value)),
    autoconfigure: text?.autoconfigure?.value ?? false,
    advertise: text?.advertise?.value ?? false,
  };
}

function routeOf(route: Route): TopologyNode['routes'][number] {
  const via = route.via === null ? null : formatAddress(route.via);
  return { destination: formatPrefix(route.destination), via, interface: route.interface };
}

function flowsOfFile(scope: Scope, network: Network): ProtectedFlow[] {
  const flows: ProtectedFlow[] = [];
  for (const { value, place } of scope.text.protected?.items ?? []) {
    const flow = namedFlow(network, value.a, value.b, `"protected" in line ${place.line}`);
    if (flow.links.length === 0) reportUnarmed(scope, place);
    else flows.push(flow);
  }
  return flows;
}

function reportUnarmed(scope: Scope, place: Place): void {
  const message = 'every link is attached to one of the two networks: the flow is clear everywhere by design';
  scope.report.error(place, message, 'name the networks behind the gateways');
}
