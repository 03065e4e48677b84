import type { ConnectionConfig, SharedSecretConfig } from '../../engine/ike/config.ts';
import type { IkeSaStatus, IkeStatus } from '../../engine/ike/status.ts';
import { clockText, dateText } from './time-text.ts';

/** One SA of phase 1 as `ikeadm dump p1` shows it, without its keys. */
export function formatPhase1(sa: IkeSaStatus, unixSeconds: number): string {
  const isInitiator = sa.role === 'initiator';
  const [own, other] = isInitiator ? ['Initiator', 'Responder'] : ['Responder', 'Initiator'];
  const created = unixSeconds - sa.ageSeconds;
  const left = sa.rekeySeconds;
  const lines = [
    '',
    `IKESA: Cookies: Initiator 0x${sa.initiatorSpi}  Responder 0x${sa.responderSpi}`,
    `IKESA: The local host is the ${sa.role}.`,
    `IKESA: ISAKMP version ${sa.version}.0; rule ${sa.connection}`,
    `IKESA: Current state is ${STATES[sa.state]}`,
    `XFORM: Authentication method: ${methodText(sa.localAuthentication)}`,
    `XFORM: Suite: ${sa.suite ?? '<not yet>'}`,
    ...(sa.extensions.length === 0 ? [] : [`XFORM: Extensions: ${sa.extensions.join(', ')}`]),
    `LOCIP: Address (${own}):`,
    `LOCIP: ${addressText(sa.local)}`,
    `REMIP: Address (${other}):`,
    `REMIP: ${addressText(sa.remote)}`,
    'LIFTM: Current usage:',
    `LIFTM: SA was created at ${momentText(created)}`,
    ...(left === null
      ? []
      : [`LIFTM: SA is rekeyed in ${Math.max(0, Math.round(left))} seconds, at ${momentText(unixSeconds + left)}`]),
    `STATS: ${sa.children.length} Quick Mode SAs; ${sa.sent} datagrams sent, ${sa.received} received, ${sa.retransmitted} retransmitted`,
    ...sa.children.map(
      child =>
        `QMSA:  ${child.name}: ${child.protocol} ${child.mode} ${child.suite}, SPI in 0x${hex(child.spiIn)}, out 0x${hex(child.spiOut)}, ${child.state}`,
    ),
    ...(sa.localIdentity === null ? [] : [`LOCID: ${own} identity, ${sa.localIdentity}`]),
    ...(sa.remoteIdentity === null ? [] : [`REMID: ${other} identity, ${sa.remoteIdentity}`]),
  ];
  return lines.map(line => `${line}\n`).join('');
}

export function formatRule(connection: ConnectionConfig): string {
  const { name, local, remote, authentication, proposals, children, v1 } = connection;
  const groups = [...new Set(children.flatMap(child => child.proposals.flatMap(({ keyExchange }) => keyExchange)))];
  const lines = [
    '',
    `GLOBL: Label '${name}'`,
    `GLOBL: ike_mode=${v1?.mode === 'aggressive' ? 'aggressive mode' : 'main mode (identity protect)'}`,
    `GLOBL: p1_nonce_len=${v1?.nonceOctets ?? 0}, p2_nonce_len=${v1?.quickNonceOctets ?? 0}, p2_pfs=${groups.length > 0} (${groups.join(', ') || 'none'})`,
    'LOCIP: IP address range(s):',
    ...(local.length === 0 ? ['any'] : local).map(text => `LOCIP: ${text}`),
    'REMIP: IP address range(s):',
    ...(remote.length === 0 ? ['any'] : remote).map(text => `REMIP: ${text}`),
    `LOCID: ${authentication.local.identity}`,
    `REMID: ${authentication.remote.identity}`,
    'XFRMS: Available Transforms:',
    ...proposals.flatMap(({ encryption, integrity, keyExchange }, i) => [
      `XF ${String(i).padStart(2)}: Authentication method: ${methodText(authentication.local.method)}`,
      `XF ${String(i).padStart(2)}: Encryption alg: ${encryption.join(', ')}; Authentication alg: ${integrity.join(', ')}`,
      `XF ${String(i).padStart(2)}: Oakley Group: ${keyExchange.join(', ')}`,
      `XF ${String(i).padStart(2)}: Lifetime limits: ${connection.rekeySeconds} seconds`,
    ]),
  ];
  return lines.map(line => `${line}\n`).join('');
}

/** Whom it is for; the key is for in.iked alone. */
export function formatPreshared({ identities, secret }: SharedSecretConfig): string {
  const [local = 'any', remote = 'any'] = identities;
  const lines = [
    '',
    'PSKEY: For main mode (identity protect) exchanges',
    `PSKEY: Pre-shared key (${secret.length / 2} bytes): <not shown>`,
    'LOCIP: Address:',
    `LOCIP: AF_INET${local.includes(':') ? '6' : ''}: ${local}`,
    'REMIP: Address:',
    `REMIP: AF_INET${remote.includes(':') ? '6' : ''}: ${remote}`,
  ];
  return lines.map(line => `${line}\n`).join('');
}

export function formatStats({ sas, counters }: IkeStatus): string {
  const count = (role: IkeSaStatus['role']) => sas.filter(sa => sa.role === role).length;
  const total = counters.ikeEstablished ?? 0;
  const failed = (counters.negotiationFailed ?? 0) + (counters.authenticationFailed ?? 0);
  return `Phase 1 SA counts:
Current:   ${pair(count('initiator'), count('responder'))}
Total:     ${String(total).padStart(10)} established
Failed:    ${String(failed).padStart(10)}
           initiator fails include ${counters.peerFailed ?? 0} time-out(s)
`;
}

const pair = (initiator: number, responder: number): string =>
  `initiator: ${String(initiator).padStart(10)}   responder: ${String(responder).padStart(10)}`;

const STATES: Readonly<Record<IkeSaStatus['state'], string>> = {
  connecting: 'INITIALIZING',
  established: 'ACTIVE',
  rekeying: 'ACTIVE',
  rekeyed: 'ACTIVE',
  deleting: 'DELETED',
};

function methodText(method: string | null): string {
  if (method === null) return '<not yet>';
  if (method === 'psk') return 'pre-shared key';
  return method === 'signature' || method.startsWith('rsa') ? 'RSA signatures' : method;
}

function addressText(place: string): string {
  const [, host = place, port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(place) ?? [];
  return `AF_INET${host.includes(':') ? '6' : ''}: port ${port}, ${host}`;
}

const momentText = (seconds: number): string => `${dateText(seconds).slice(0, 6)} ${clockText(seconds)} UTC`;

const hex = (spi: number): string => spi.toString(16).padStart(8, '0');
