import { formatDistinguishedName } from '../pki/name-text.ts';
import { privateKey } from '../crypto/signature.ts';
import { parseAddress } from '../wire/address.ts';
import { parseIdentity } from '../ike/identity.ts';
import { DEFAULT_V1 } from '../ike/v1-config.ts';
import type {
  ChildConfig,
  ConnectionConfig,
  IkeConfig,
  IkeProposalConfig,
  TrafficSelectorConfig,
} from '../ike/config.ts';
import { libreswanChildProposal, libreswanIkeProposal } from './libreswan-names.ts';
import { singleChildProposals, singleIkeProposals, singles } from './single-transforms.ts';

/** What libreswan is told: the texts of its files, and what of a configuration is not in them. */
export interface LibreswanWriting {
  readonly conf: string;
  /** Secret. */
  readonly secrets: string;
  readonly conns: readonly LibreswanConn[];
  /** One sentence each: it negotiates without that. */
  readonly missing: readonly string[];
  /** One sentence each: without that it would be another configuration. */
  readonly impossible: readonly string[];
}

/** A `conn` of ipsec.conf: one pair of selectors. */
export interface LibreswanConn {
  readonly name: string;
  readonly connection: string;
  readonly child: string;
  readonly start: ChildConfig['start'];
  /** Its selectors, without protocol and ports. */
  readonly local: string;
  readonly remote: string;
}

/** Nicknames in its NSS database: of `CredentialsConfig.keys`, and of `CredentialsConfig.peers`. */
export const keyNickname = (index: number): string => `key-${index}`;
export const peerNickname = (index: number): string => `peer-${index}`;

/** The same configuration as libreswan reads it; `settings` are more lines of `config setup`. Certificates and keys go in apart. */
export function writeLibreswan(config: IkeConfig, settings = ''): LibreswanWriting {
  const told = { missing: [] as string[], impossible: [] as string[] };
  const conns: LibreswanConn[] = [];
  const lines = setupLines(config, settings);
  for (const connection of config.connections) {
    reportUntold(config, connection, told);
    const common = connectionLines(config, connection, told.impossible);
    for (const child of connection.children) {
      const own = childLines(connection, child, told.impossible);
      for (const [index, [local, remote]] of pairsOf(child).entries()) {
        const name = `${connection.name}.${child.name}${index === 0 ? '' : `.${index + 1}`}`;
        const ends = { local: local.addresses, remote: remote.addresses };
        conns.push({ name, connection: connection.name, child: child.name, start: child.start, ...ends });
        const sides = [...sideLines('left', local, told.impossible), ...sideLines('right', remote, told.impossible)];
        lines.push(`conn ${name}`, ...[...common, ...own, ...sides].map(line => `  ${line}`));
      }
    }
  }
  const secrets = secretLines(config);
  // A line more would be a setting more.
  if ([...lines, ...secrets].some(line => /[\n\r\0]/.test(line))) told.impossible.push('a name has several lines');
  return { conf: `${lines.join('\n')}\n`, secrets: `${secrets.join('\n')}\n`, conns, ...told };
}

function setupLines({ connections, limits }: IkeConfig, settings: string): string[] {
  const isOld = connections.some(({ version }) => version === 1);
  return [
    'config setup',
    `  ikev1-policy=${isOld ? 'accept' : 'drop'}`,
    `  uniqueids=${connections.every(({ unique }) => unique === 'no') ? 'no' : 'yes'}`,
    limits.cookiesFrom === 0 ? '  ddos-mode=busy' : `  ddos-ike-threshold=${limits.cookiesFrom}`,
    `  max-halfopen-ike=${limits.halfOpen}`,
    ...settings.split('\n').flatMap(line => (line.trim() === '' ? [] : [`  ${line.trim()}`])),
  ];
}

function connectionLines(config: IkeConfig, connection: ConnectionConfig, impossible: string[]): string[] {
  const { name, version, v1 = DEFAULT_V1, local, remote, livenessSeconds, retransmission } = connection;
  const [own] = local;
  if (own === undefined) impossible.push(`${name}: libreswan is not told which address is its own`);
  const single = version === 1 ? singleIkeProposals(connection.proposals) : withSinglePrf(connection.proposals);
  const proposals = single.flatMap(one => libreswanIkeProposal(one, version) ?? []);
  if (proposals.length === 0) impossible.push(`${name}: libreswan has none of the algorithms of the IKE SA`);
  const { firstMs, factor, longestMs, sends } = retransmission;
  let waitedMs = 0;
  for (let turn = 0; turn < sends; turn++) waitedMs += Math.min(firstMs * factor ** turn, longestMs);
  return [
    `ikev2=${version === 2 ? 'yes' : 'no'}`,
    'auto=ignore',
    `left=${own ?? '%defaultroute'}`,
    `right=${parseAddress(remote[0] ?? '') === null ? '%any' : remote[0]}`,
    ...authenticationLines(config, connection),
    `ike=${[...new Set(proposals)].join(',')}`,
    `keyingtries=${connection.attempts ?? 0}`,
    `retransmit-interval=${firstMs}`,
    `retransmit-timeout=${Math.ceil(waitedMs / 1000)}`,
    `fragmentation=${connection.fragmentation}`,
    `encapsulation=${connection.forceEncapsulation || v1.natTraversal === 'force' ? 'yes' : 'auto'}`,
    ...lifetimeLines(connection),
    ...(livenessSeconds === 0 ? [] : [`dpddelay=${livenessSeconds}`, `dpdtimeout=${v1.livenessTimeoutSeconds}`]),
    ...(version === 2
      ? [`mobike=${yesNo(connection.mobike)}`, 'narrowing=yes']
      : [
          `aggressive=${yesNo(v1.mode === 'aggressive' || !v1.accepts.includes('main'))}`,
          `initial-contact=${yesNo(v1.initialContact)}`,
          ...(v1.natTraversal === 'no' ? ['nat-ikev1-method=none'] : []),
        ]),
    // Its script would change routes and firewall of the node.
    'leftupdown=%disabled',
  ];
}

function withSinglePrf(proposals: readonly IkeProposalConfig[]): IkeProposalConfig[] {
  return singles(proposals).flatMap(one => one.prf.map(prf => ({ ...one, prf: [prf] })));
}

function authenticationLines({ credentials }: IkeConfig, connection: ConnectionConfig): string[] {
  const { version, authentication } = connection;
  const { local, remote } = authentication;
  const ways = [local.method, remote.methods[0] ?? 'psk'].map(method => AUTHBY[method]);
  const isOne = ways[0] === ways[1];
  const isSigned = local.method === 'signature';
  const pkcs8 = isSigned ? (credentials.keys[local.key]?.pkcs8 ?? '') : '';
  const isEcdsa = privateKey(Buffer.from(pkcs8, 'hex'))?.public.algorithm === 'ecdsa';
  return [
    // Which RSA signatures IKEv2 takes is best left to it: it has old and new ones.
    ...(isOne
      ? ways[0] === 'rsasig' && version === 2
        ? isEcdsa
          ? ['authby=ecdsa']
          : []
        : [`authby=${ways[0]}`]
      : []),
    ...(isOne ? [] : [`leftauth=${ways[0]}`, `rightauth=${ways[1]}`]),
    `leftid=${idText(local.identity)}`,
    `rightid=${idText(remote.identity)}`,
    ...(isSigned ? [`leftcert=${keyNickname(local.key)}`, `leftsendcert=${SEND[local.sends]}`] : []),
    ...(credentials.peers.length === 1 ? [`rightcert=${peerNickname(0)}`] : []),
  ];
}

const AUTHBY = { psk: 'secret', signature: 'rsasig', null: 'null' } as const;
const SEND = { always: 'always', asked: 'ifasked', never: 'never', raw: 'never', url: 'always' } as const;

/** Lifetimes are hard ones; both SAs are replaced by the same margin before. */
function lifetimeLines({ rekeySeconds, children }: ConnectionConfig): string[] {
  const soft = children.map(({ rekey }) => rekey.seconds ?? 0).filter(seconds => seconds > 0);
  const times = [rekeySeconds, ...soft].filter(seconds => seconds > 0);
  const margin = Math.max(1, Math.floor(Math.min(...times) / 10));
  return times.length === 0
    ? ['rekey=no']
    : [
        'rekey=yes',
        'rekeyfuzz=0%',
        `rekeymargin=${margin}s`,
        ...(rekeySeconds > 0 ? [`ikelifetime=${Math.round(rekeySeconds) + margin}s`] : []),
        ...(soft[0] === undefined ? [] : [`salifetime=${Math.round(soft[0]) + margin}s`]),
      ];
}

function childLines(connection: ConnectionConfig, child: ChildConfig, impossible: string[]): string[] {
  const { version } = connection;
  const what = `${connection.name}: ${child.name}`;
  const protocol = child.proposals[0]?.protocol ?? 'esp';
  const all = child.proposals.filter(proposal => proposal.protocol === protocol);
  const single = version === 1 ? singleChildProposals(all) : singles(all);
  const proposals = single.flatMap(one => libreswanChildProposal(one, version) ?? []);
  if (proposals.length === 0) impossible.push(`${what}: libreswan has none of the algorithms of the Child SA`);
  if (child.sharing === 'unique') impossible.push(`${what}: libreswan has no SA for each pair of addresses`);
  const isPerfect = all.some(({ keyExchange }) => keyExchange.some(group => group !== 'none'));
  const esn = all.flatMap(proposal => proposal.esn);
  return [
    `type=${child.mode}`,
    `phase2=${protocol}`,
    `${protocol}=${[...new Set(proposals)].join(',')}`,
    `pfs=${yesNo(isPerfect)}`,
    `esn=${!esn.includes('yes') || version === 1 ? 'no' : esn.includes('no') ? 'either' : 'yes'}`,
    `replay-window=${child.windowPackets}`,
    ...(connection.livenessSeconds === 0 ? [] : [`dpdaction=${DPD_ACTION[child.onDeath]}`]),
    ...(child.requestId === null ? [] : [`reqid=${child.requestId}`]),
  ];
}

const DPD_ACTION = { clear: 'clear', trap: 'hold', restart: 'restart' } as const;

type Pair = readonly [TrafficSelectorConfig, TrafficSelectorConfig];

/** A conn has one selector a side. */
const pairsOf = ({ local, remote }: ChildConfig): Pair[] =>
  local.flatMap(own => remote.map(peer => [own, peer] as Pair));

function sideLines(
  side: 'left' | 'right',
  { addresses, protocol, ports }: TrafficSelectorConfig,
  impossible: string[],
): string[] {
  const lines: string[] = [];
  const isAddress = parseAddress(addresses) !== null;
  if (addresses.includes('/')) lines.push(`${side}subnet=${addresses}`);
  else if (isAddress) lines.push(`${side}subnet=${addresses}/${addresses.includes(':') ? 128 : 32}`);
  else if (addresses !== 'dynamic') impossible.push(`libreswan has no range of addresses (${addresses})`);
  if (protocol === 'any') return lines;
  const port = typeof ports === 'string' ? null : ports[0] === ports[1] ? ports[0] : undefined;
  if (port === undefined || ports === 'opaque') impossible.push('libreswan has one port, or all of them');
  lines.push(`${side}protoport=${protocol}/${port ?? 0}`);
  return lines;
}

const secretLines = ({ secrets }: IkeConfig): string[] =>
  secrets.map(({ identities, secret }) => `${[...identities.map(idText), ': PSK'].join(' ')} 0x${secret}`);

/** `@alice.lab`, `alice@lab.example`, `192.0.2.1`, `"C=DE, O=Lab, CN=alice"`: names from the root. */
function idText(text: string): string {
  const identity = parseIdentity(text) ?? { kind: 'any' };
  if (identity.kind === 'fqdn') return `@${identity.name}`;
  if (identity.kind === 'email') return identity.name;
  if (identity.kind === 'keyid') return `@#0x${Buffer.from(identity.octets).toString('hex')}`;
  if (identity.kind === 'null') return '%null';
  if (identity.kind !== 'dn') return text;
  const leafFirst = (formatDistinguishedName(identity.der) ?? '').split(/(?<!\\),/);
  return `"${leafFirst.reverse().join(', ')}"`;
}

interface Told {
  readonly missing: string[];
  readonly impossible: string[];
}

function reportUntold({ credentials, ppks }: IkeConfig, connection: ConnectionConfig, told: Told): void {
  const { name, v1 = DEFAULT_V1, authentication, version, children } = connection;
  const say = (to: string[], what: string) => to.push(`${name}: libreswan is not told of ${what}`);
  const not = (what: string) => say(told.impossible, what);
  const methods = [authentication.local.method, ...authentication.remote.methods];
  if (authentication.remote.methods.length > 1) not('a choice of methods for the peer');
  if (methods.includes('null') && version === 1) not('NULL authentication');
  if (authentication.local.method === 'signature' && authentication.local.sends === 'raw') not('bare public keys');
  if (credentials.rawKeys.length > 0) not('bare public keys of peers');
  if (credentials.peers.length > 1) not('several certificates of peers');
  if (connection.ppk !== null || ppks.length > 0) not('post-quantum pre-shared keys');
  if (connection.pools.length > 0 || connection.requestAddresses.length > 0) not('virtual addresses');
  if (connection.redirectTo !== null) not('redirects');
  if (connection.childless === 'force') not('an IKE SA without a child');
  if (connection.port !== 500 || connection.natPort !== 4500) not('other ports');
  if (version === 1 && v1.xauth !== null) not('XAuth');
  if (version === 1 && v1.commitBit) not('the commit bit');
  if (version === 1 && (v1.lifetimeCheck === 'claim' || v1.lifetimeCheck === 'exact')) not('such a check of lifetimes');
  if (children.some(({ transform }) => transform > 0)) not('SAs one inside the other');
  const less = (what: string) => say(told.missing, what);
  if (authentication.remote.authorities.length > 0 && credentials.anchors.length > 1) less('authorities of one peer');
  if (connection.resumption) less('session resumption (RFC 5723)');
  if (connection.quickCrashDetection) less('quick crash detection (RFC 6290)');
  if (connection.fragmentOctets !== null) less('a size of fragments');
  if (connection.windowSize !== 1) less('a window size');
  if (connection.reauthenticateSeconds > 0) less('reauthentication');
  if (version === 1 && v1.accepts.some(mode => mode !== v1.mode)) less('a mode to answer but its own');
  if (version === 1 && v1.lifetimeKilobytes !== null) less('a lifetime of an ISAKMP SA in kilobytes');
  if (children.some(({ trafficFlow }) => trafficFlow !== null)) less('traffic flow confidentiality');
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
