import { nameIn } from '../../engine/crypto/dialects.ts';
import { findEspSuite } from '../../engine/crypto/esp-suite.ts';
import { integrityAlgorithm } from '../../engine/crypto/integrity.ts';
import type { SaStatus } from '../../engine/node/node.ts';
import { clockText, dateText } from './time-text.ts';

/** What `ipseckey dump` prints of SAs, without their keys. */
export function formatSadb(sas: readonly SaStatus[], unixSeconds: number, protocol: 'esp' | 'ah' | null): string {
  const type = protocol === null ? 0 : protocol === 'ah' ? 2 : 3;
  return `${sas.map(sa => `${saText(sa, unixSeconds)}\n`).join('')}Dump succeeded for SA type ${type}.\n`;
}

function saText(sa: SaStatus, unixSeconds: number): string {
  const { encryption, integrity } = algorithmsOf(sa);
  const isInbound = sa.direction === 'inbound';
  const lines = [
    `Base message (version 2) type DUMP, SA type ${sa.protocol.toUpperCase()}.`,
    `SA: SADB_ASSOC spi=0x${sa.spi.toString(16)}, replay window size=${sa.windowPackets}, state=MATURE`,
    ...(integrity === null ? [] : [`SA: Authentication algorithm = ${integrity}`]),
    ...(encryption === null ? [] : [`SA: Encryption algorithm = ${encryption}`]),
    `SA: flags=0x${isInbound ? 'c0000000' : 'a0000000'} < X_USED ${isInbound ? 'INBOUND' : 'OUTBOUND'} >`,
    ...(sa.encapsulation === null ? [] : [`NLOC: ESP in UDP: ${sa.encapsulation}`]),
    'SRC: Source address (proto=0)',
    `SRC: ${addressText(sa.source)}`,
    'DST: Destination address (proto=0)',
    `DST: ${addressText(sa.destination)}`,
    ...(encryption === null ? [] : ['EKEY: Encryption key: <not shown>']),
    ...(integrity === null ? [] : ['AKEY: Authentication key: <not shown>']),
    ...lifetimeLines(sa, unixSeconds),
  ];
  return lines.map(line => `${line}\n`).join('');
}

function algorithmsOf({ protocol, suite }: SaStatus): {
  readonly encryption: string | null;
  readonly integrity: string | null;
} {
  if (protocol === 'ah') {
    const found = integrityAlgorithm(suite);
    return { encryption: null, integrity: (found === null ? null : nameIn('solaris', found)) ?? suite };
  }
  const found = findEspSuite(suite);
  if (found.kind !== 'suite' && found.kind !== 'unavailable') return { encryption: suite, integrity: null };
  const { encryption, integrity } = found.suite;
  return {
    encryption: nameIn('solaris', encryption) ?? encryption.token,
    integrity: integrity === null ? null : (nameIn('solaris', integrity) ?? integrity.token),
  };
}

const addressText = (address: string): string => `AF_INET${address.includes(':') ? '6' : ''}: port 0, ${address}.`;

function lifetimeLines({ octets, packets, ageSeconds, lifetime }: SaStatus, unixSeconds: number): string[] {
  return [
    'LT: Lifetime information',
    `CLT: ${octets} bytes protected, ${packets} allocations used.`,
    `CLT: SA added at time ${momentText(unixSeconds - ageSeconds)}`,
    `CLT: Time now is ${momentText(unixSeconds)}`,
    ...limits('S', 'Soft', lifetime.soft),
    ...limits('H', 'Hard', lifetime.hard),
  ];
}

const limits = (letter: 'S' | 'H', name: 'Soft' | 'Hard', of: SaStatus['lifetime']['soft']): readonly string[] => [
  `${letter}LT: ${name} lifetime information:`,
  `${letter}LT: ${of.octets ?? 0} bytes of lifetime, ${of.packets ?? 0} allocations.`,
  `${letter}LT: ${of.seconds ?? 0} seconds of post-add lifetime.`,
];

const momentText = (seconds: number): string => `${dateText(seconds).slice(0, 6)} ${clockText(seconds)} UTC`;
