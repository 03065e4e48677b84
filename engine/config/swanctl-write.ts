import { encryptionAlgorithm } from '../crypto/encryption.ts';
import { integrityAlgorithm } from '../crypto/integrity.ts';
import { privateKey } from '../crypto/signature.ts';
import { nameIn } from '../crypto/dialects.ts';
import { parseIdentity } from '../ike/identity.ts';
import type {
  ChildConfig,
  ChildProposalConfig,
  ConnectionConfig,
  IkeConfig,
  IkeProposalConfig,
  TrafficSelectorConfig,
} from '../ike/config.ts';
import { ConfWriter } from './conf-writer.ts';
import { singleChildProposals, singleIkeProposals } from './single-transforms.ts';
import { missingInV1, softer, writeVersion1, writeXauthSecrets, xauthRounds } from './swanctl-write-v1.ts';

/** A file below the directory that SWANCTL_DIR names. */
export interface SwanctlFile {
  /** `swanctl.conf`, `x509/key-0-0.pem`, `private/key-0.pem`. */
  readonly path: string;
  readonly text: string;
  /** It has keys or secrets in it: mode 0600. */
  readonly isSecret: boolean;
}

export interface SwanctlWriting {
  readonly files: readonly SwanctlFile[];
  /** What of the configuration strongSwan cannot be told in its files, one sentence each. */
  readonly missing: readonly string[];
}

/** The same configuration as strongSwan reads it: swanctl.conf, and the certificates and keys around it. */
export function writeSwanctl(config: IkeConfig): SwanctlWriting {
  const missing: string[] = [];
  const conf = new ConfWriter();
  conf.section('connections', () => {
    for (const connection of config.connections) writeConnection(conf, config, connection, missing);
  });
  conf.section('secrets', () => {
    for (const [index, { identities, secret }] of config.secrets.entries()) {
      conf.section(`ike-${index}`, () => {
        for (const [number, identity] of identities.entries()) conf.set(`id-${number}`, idText(identity));
        conf.set('secret', `0x${secret}`);
      });
    }
    for (const [index, { id, key }] of config.ppks.entries()) {
      conf.section(`ppk-${index}`, () => {
        conf.set('id', idText(id));
        conf.set('secret', `0x${key}`);
      });
    }
    writeXauthSecrets(conf, config);
  });
  conf.section('pools', () => {
    for (const { name, addresses, dns, subnets } of config.pools) {
      for (const [index, range] of addresses.entries()) {
        conf.section(poolName(name, index), () => {
          conf.set('addrs', range);
          if (index === 0 && dns.length > 0) conf.set('dns', dns.join(','));
          if (index === 0 && subnets.length > 0) conf.set('subnet', subnets.join(','));
        });
      }
    }
  });
  const files = [{ path: 'swanctl.conf', text: conf.text(), isSecret: true }, ...credentialFiles(config)];
  return { files, missing };
}

/** `aes256gcm16-prfsha384-x25519-ke1_mlkem768`, as strongSwan and `parseIkeProposal` read it. */
export function ikeProposalText(proposal: IkeProposalConfig): string {
  const { encryption, integrity, prf, keyExchange } = proposal;
  const words = [...encryption.map(encryptionName), ...integrity.map(integrityName), ...prf, ...keyExchange];
  return [...words, ...additionalWords(proposal)].join('-');
}

/** `aes256gcm16-x25519-esn`; of AH `sha256-x25519`. */
export function childProposalText(proposal: ChildProposalConfig): string {
  const { encryption, integrity, keyExchange, esn } = proposal;
  const words = [...encryption.map(encryptionName), ...integrity.map(integrityName)];
  words.push(...keyExchange.filter(token => token !== 'none'), ...additionalWords(proposal));
  if (esn.includes('yes')) words.push('esn');
  if (esn.includes('no') && esn.includes('yes')) words.push('noesn');
  return words.join('-');
}

function writeConnection(conf: ConfWriter, config: IkeConfig, connection: ConnectionConfig, missing: string[]): void {
  reportMissing(connection, missing);
  conf.section(connection.name, () => {
    conf.set('version', String(connection.version));
    if (connection.local.length > 0) conf.set('local_addrs', connection.local.join(','));
    if (connection.remote.length > 0) conf.set('remote_addrs', connection.remote.join(','));
    const proposals = connection.version === 1 ? singleIkeProposals(connection.proposals) : connection.proposals;
    conf.set('proposals', proposals.map(ikeProposalText).join(','));
    if (connection.requestAddresses.length > 0) conf.set('vips', connection.requestAddresses.join(','));
    if (connection.pools.length > 0) conf.set('pools', poolNames(config, connection.pools).join(','));
    conf.set('encap', yesNo(connection.forceEncapsulation || connection.v1?.natTraversal === 'force'));
    if (connection.version === 1) writeVersion1(conf, connection);
    else writeVersion2(conf, connection);
    conf.set('fragmentation', connection.fragmentation);
    conf.set('unique', connection.unique);
    conf.set('keyingtries', String(connection.attempts ?? 0));
    conf.set('dpd_delay', seconds(connection.livenessSeconds));
    const rekeySeconds = connection.version === 1 ? softer(connection.rekeySeconds) : connection.rekeySeconds;
    conf.set('rekey_time', seconds(rekeySeconds));
    conf.set('reauth_time', seconds(connection.reauthenticateSeconds));
    const agreedOver = connection.rekeySeconds - rekeySeconds;
    conf.set('over_time', seconds(connection.version === 1 ? agreedOver : connection.overSeconds));
    conf.set('rand_time', seconds(jittered(connection, rekeySeconds)));
    writeAuthentication(conf, config, connection);
    conf.section('children', () => {
      for (const child of connection.children) writeChild(conf, connection, child);
    });
  });
}

function writeVersion2(conf: ConfWriter, { mobike, childless, ppk }: ConnectionConfig): void {
  conf.set('mobike', yesNo(mobike));
  conf.set('childless', childless === 'no' ? 'never' : childless);
  if (ppk !== null) {
    conf.set('ppk_id', idText(ppk.ids[0] ?? ''));
    conf.set('ppk_required', yesNo(ppk.isRequired));
  }
}

function writeAuthentication(conf: ConfWriter, { credentials }: IkeConfig, connection: ConnectionConfig): void {
  const { local, remote } = connection.authentication;
  if (local.method === 'signature') conf.set('send_cert', SEND[local.sends]);
  conf.section('local', () => {
    conf.set('auth', local.method === 'signature' ? authText(local.schemes) : local.method);
    conf.set('id', idText(local.identity));
    if (local.method !== 'signature') return;
    if (local.sends === 'raw') conf.set('pubkeys', `${keyName(local.key)}.pem`);
    else conf.set('certs', `${keyName(local.key)}-0.pem`);
  });
  conf.section('remote', () => {
    const [method = 'psk'] = remote.methods;
    conf.set('auth', method === 'signature' ? authText(remote.schemes) : method);
    conf.set('id', idText(remote.identity));
    if (method !== 'signature') return;
    if (remote.authorities.length > 0) conf.set('cacerts', remote.authorities.map(name => `${name}.pem`).join(','));
    conf.set('revocation', remote.revocation.toLowerCase());
    const raw = credentials.rawKeys.flatMap(({ identity }, index) =>
      identity === remote.identity ? [`${peerName(index)}.pem`] : [],
    );
    if (raw.length > 0) conf.set('pubkeys', raw.join(','));
  });
  xauthRounds(conf, connection);
}

function writeChild(conf: ConfWriter, connection: ConnectionConfig, child: ChildConfig): void {
  conf.section(child.name, () => {
    for (const protocol of ['esp', 'ah'] as const) {
      const all = child.proposals.filter(proposal => proposal.protocol === protocol);
      const proposals = connection.version === 1 ? singleChildProposals(all) : all;
      if (proposals.length > 0) conf.set(`${protocol}_proposals`, proposals.map(childProposalText).join(','));
    }
    conf.set('mode', child.mode);
    conf.set('local_ts', child.local.map(selectorText).join(','));
    conf.set('remote_ts', child.remote.map(selectorText).join(','));
    conf.set('start_action', child.start);
    conf.set('close_action', child.onClose);
    conf.set('dpd_action', child.onDeath);
    writeLifetime(conf, connection, child);
    if (child.requestId !== null) conf.set('reqid', String(child.requestId));
    conf.set('replay_window', String(child.windowPackets));
    if ((child.trafficFlow?.padToOctets ?? null) !== null)
      conf.set('tfc_padding', String(child.trafficFlow?.padToOctets));
    const { dontFragment, ecn, dscp } = child.outer;
    if (dontFragment !== undefined) conf.set('copy_df', yesNo(dontFragment === 'copy'));
    if (ecn !== undefined) conf.set('copy_ecn', yesNo(ecn === 'normal'));
    if (dscp !== undefined) conf.set('copy_dscp', dscp === 'copy' ? 'out' : 'no');
  });
}

/** A hard limit is as much longer as `over` says. In IKEv1 it is what both ends agree on, and the rekey comes earlier. */
function writeLifetime(conf: ConfWriter, connection: ConnectionConfig, { rekey, over }: ChildConfig): void {
  const hard = (soft: number) => Math.max(soft + 1, Math.round(soft * (1 + over)));
  const agreed = rekey.seconds ?? 0;
  const time = connection.version === 1 ? softer(agreed) : agreed;
  conf.set('rekey_time', seconds(time));
  conf.set('life_time', seconds(time === 0 ? 0 : connection.version === 1 ? agreed : hard(time)));
  conf.set('rand_time', seconds(jittered(connection, time)));
  for (const [unit, key] of [
    ['octets', 'bytes'],
    ['packets', 'packets'],
  ] as const) {
    const soft = rekey[unit];
    if (soft === null || soft === 0) continue;
    conf.set(`rekey_${key}`, String(soft));
    conf.set(`life_${key}`, String(hard(soft)));
    conf.set(`rand_${key}`, String(jittered(connection, soft)));
  }
}

function reportMissing(connection: ConnectionConfig, missing: string[]): void {
  const say = (what: string) => missing.push(`${connection.name}: strongSwan's files have no ${what}`);
  const { authentication, children } = connection;
  if (authentication.local.method === 'null' || authentication.remote.methods.includes('null'))
    say('NULL authentication');
  if (connection.resumption) say('session resumption (RFC 5723)');
  if (connection.quickCrashDetection) say('quick crash detection (RFC 6290)');
  if (connection.redirectTo !== null) say('redirect for a single connection (RFC 5685)');
  if (connection.fragmentOctets !== null) say('size of fragments for a single connection');
  if (connection.windowSize !== 1) say('window size but 1');
  if (authentication.remote.methods.length > 1) say('choice of methods for the peer');
  if (connection.addressInterface !== null) say('interface for virtual addresses of a single connection');
  if (children.some(({ trafficFlow }) => (trafficFlow?.dummyEveryMs ?? null) !== null)) say('dummy packets');
  if (children.some(({ transform }) => transform > 0)) say('SAs one inside the other');
  for (const what of missingInV1(connection)) say(what);
}

const SEND = { always: 'always', asked: 'ifasked', never: 'never', raw: 'always', url: 'always' } as const;

/** `pubkey`, or the schemes of RFC 7427 that may be used: `ike:rsa/pss-sha256-ecdsa-sha384`. */
function authText(schemes: readonly string[]): string {
  if (schemes.length === 0) return 'pubkey';
  return `ike:${schemes.map(scheme => scheme.replace('rsa-pss-', 'rsa/pss-')).join('-')}`;
}

/** Octets are given in hexadecimal: distinguished names too, which strongSwan writes the other way round. */
function idText(text: string): string {
  const identity = parseIdentity(text);
  if (identity?.kind === 'dn') return `asn1dn:#${Buffer.from(identity.der).toString('hex')}`;
  if (identity?.kind === 'keyid') return `keyid:#${Buffer.from(identity.octets).toString('hex')}`;
  return text;
}

function selectorText({ addresses, protocol, ports }: TrafficSelectorConfig): string {
  if (protocol === 'any' && ports === 'any') return addresses;
  const port = typeof ports === 'string' ? ports : ports[0] === ports[1] ? String(ports[0]) : ports.join('-');
  return `${addresses}[${protocol === 'any' ? '%any' : protocol}${port === 'any' ? '' : `/${port}`}]`;
}

function additionalWords({ additionalKeyExchanges }: Pick<IkeProposalConfig, 'additionalKeyExchanges'>): string[] {
  return additionalKeyExchanges.flatMap((methods, index) => methods.map(method => `ke${index + 1}_${method}`));
}

function encryptionName(token: string): string {
  const algorithm = encryptionAlgorithm(token);
  return (algorithm === null ? null : nameIn('strongswan', algorithm)) ?? token;
}

function integrityName(token: string): string {
  const algorithm = integrityAlgorithm(token);
  return (algorithm === null ? null : nameIn('strongswan', algorithm)) ?? token;
}

/** Off a lifetime at random, up to so much. */
function jittered({ lifetimeJitter }: ConnectionConfig, whole: number): number {
  return Math.floor(whole * lifetimeJitter);
}

/** A pool of strongSwan has one range. */
const poolName = (name: string, index: number): string => (index === 0 ? name : `${name}-${index + 1}`);

function poolNames(config: IkeConfig, names: readonly string[]): string[] {
  return config.pools
    .filter(({ name }) => names.includes(name))
    .flatMap(({ name, addresses }) => addresses.map((_, index) => poolName(name, index)));
}

const keyName = (index: number): string => `key-${index}`;
const peerName = (index: number): string => `peer-${index}`;

function credentialFiles({ credentials, connections }: IkeConfig): SwanctlFile[] {
  const rawKeys = connections.flatMap(({ authentication: { local } }) =>
    local.method === 'signature' && local.sends === 'raw' ? [local.key] : [],
  );
  const files: SwanctlFile[] = [];
  const add = (path: string, label: string, der: string) =>
    files.push({ path, text: pem(label, der), isSecret: label === 'PRIVATE KEY' });
  for (const [index, { pkcs8, chain }] of credentials.keys.entries()) {
    add(`pkcs8/${keyName(index)}.pem`, 'PRIVATE KEY', pkcs8);
    const key = rawKeys.includes(index) ? privateKey(Buffer.from(pkcs8, 'hex')) : null;
    if (key !== null) add(`pubkey/${keyName(index)}.pem`, 'PUBLIC KEY', Buffer.from(key.public.spki).toString('hex'));
    for (const [depth, certificate] of chain.entries())
      add(`${depth === 0 ? 'x509' : 'x509ca'}/${keyName(index)}-${depth}.pem`, 'CERTIFICATE', certificate);
  }
  for (const { name, certificate } of credentials.anchors) add(`x509ca/${name}.pem`, 'CERTIFICATE', certificate);
  for (const [index, certificate] of credentials.peers.entries())
    add(`x509/${peerName(index)}.pem`, 'CERTIFICATE', certificate);
  for (const [index, { spki }] of credentials.rawKeys.entries())
    add(`pubkey/${peerName(index)}.pem`, 'PUBLIC KEY', spki);
  for (const [index, crl] of credentials.crls.entries()) add(`x509crl/crl-${index}.pem`, 'X509 CRL', crl);
  return files;
}

function pem(label: string, der: string): string {
  const body = Buffer.from(der, 'hex')
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
const seconds = (value: number): string => `${Math.round(value)}s`;
