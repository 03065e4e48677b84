import type { ChildSaStatus, IkeSaStatus } from '../../../../engine/ike/status.ts';
import { type RawTree, readRawLine } from './raw-tree.ts';
import { suiteTokens } from './suite-tokens.ts';

/** What `swanctl --list-sas --raw` prints, in the words of this project's own status. */
export function ikeSasOf(printed: string): IkeSaStatus[] {
  return printed
    .split('\n')
    .filter(line => line.startsWith('list-sa event'))
    .flatMap(line => Object.entries(readRawLine(line) ?? {}))
    .flatMap(([name, sa]) => (isTree(sa) ? [ikeSaOf(name, sa)] : []));
}

const STATES: Readonly<Record<string, IkeSaStatus['state']>> = {
  ESTABLISHED: 'established',
  REKEYING: 'rekeying',
  REKEYED: 'rekeyed',
  DELETING: 'deleting',
};

function ikeSaOf(name: string, sa: RawTree): IkeSaStatus {
  const isInitiator = text(sa, 'initiator') === 'yes';
  const children = sa['child-sas'];
  return {
    id: number(sa, 'uniqueid'),
    connection: name,
    version: text(sa, 'version') === '1' ? 1 : 2,
    role: isInitiator ? 'initiator' : 'responder',
    state: STATES[text(sa, 'state')] ?? 'connecting',
    initiatorSpi: text(sa, 'initiator-spi'),
    responderSpi: text(sa, 'responder-spi'),
    local: endOf(text(sa, 'local-host'), text(sa, 'local-port')),
    remote: endOf(text(sa, 'remote-host'), text(sa, 'remote-port')),
    localIdentity: text(sa, 'local-id') || null,
    remoteIdentity: text(sa, 'remote-id') || null,
    localAuthentication: null,
    remoteAuthentication: null,
    suite: suiteOf(sa) || null,
    nat: natOf(sa),
    extensions: [],
    virtualAddresses: [...list(sa, 'local-vips'), ...list(sa, 'remote-vips')],
    ageSeconds: number(sa, 'established'),
    rekeySeconds: optional(sa, 'rekey-time'),
    reauthenticateSeconds: optional(sa, 'reauth-time'),
    sent: 0,
    received: 0,
    retransmitted: 0,
    children: isTree(children) ? Object.values(children).flatMap(child => (isTree(child) ? [childOf(child)] : [])) : [],
  };
}

const CHILD_STATES: Readonly<Record<string, ChildSaStatus['state']>> = {
  INSTALLED: 'installed',
  REKEYING: 'rekeying',
  REKEYED: 'rekeyed',
  DELETING: 'deleting',
  DELETED: 'deleting',
};

function childOf(child: RawTree): ChildSaStatus {
  return {
    id: number(child, 'uniqueid'),
    name: text(child, 'name'),
    state: CHILD_STATES[text(child, 'state')] ?? 'installing',
    protocol: text(child, 'protocol') === 'AH' ? 'ah' : 'esp',
    mode: text(child, 'mode') === 'TRANSPORT' ? 'transport' : 'tunnel',
    spiIn: Number.parseInt(text(child, 'spi-in'), 16),
    spiOut: Number.parseInt(text(child, 'spi-out'), 16),
    suite: suiteOf(child),
    esn: text(child, 'esn') === '1',
    encapsulated: text(child, 'encap') === 'yes',
    local: list(child, 'local-ts'),
    remote: list(child, 'remote-ts'),
    ageSeconds: number(child, 'install-time'),
    rekeySeconds: optional(child, 'rekey-time'),
  };
}

function suiteOf(sa: RawTree): string {
  return suiteTokens({
    encryption: text(sa, 'encr-alg'),
    keyBits: text(sa, 'encr-keysize'),
    integrity: text(sa, 'integ-alg'),
    prf: text(sa, 'prf-alg'),
    group: text(sa, 'dh-group'),
  });
}

function natOf(sa: RawTree): IkeSaStatus['nat'] {
  const [local, remote] = [text(sa, 'nat-local') === 'yes', text(sa, 'nat-remote') === 'yes'];
  if (local && remote) return 'both';
  return local ? 'local' : remote ? 'remote' : 'none';
}

const endOf = (host: string, port: string): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

const isTree = (value: RawTree[string] | undefined): value is RawTree =>
  typeof value === 'object' && !Array.isArray(value);

function text(tree: RawTree, name: string): string {
  const value = tree[name];
  return typeof value === 'string' ? value : '';
}

function list(tree: RawTree, name: string): readonly string[] {
  const value = tree[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

const number = (tree: RawTree, name: string): number => Number(text(tree, name) || '0');
const optional = (tree: RawTree, name: string): number | null => (text(tree, name) === '' ? null : number(tree, name));
