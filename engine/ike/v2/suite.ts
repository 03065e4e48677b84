import { combineEsp } from '../../crypto/esp-suite.ts';
import { encryptionAlgorithm } from '../../crypto/encryption.ts';
import { integrityAlgorithm } from '../../crypto/integrity.ts';
import type { SecurityProtocol } from '../../ipsec/sa.ts';

/** What an IKE SA was agreed to use; tokens of engine/crypto. */
export interface IkeSuite {
  readonly encryption: string;
  /** null with an AEAD. */
  readonly integrity: string | null;
  readonly prf: string;
  readonly keyExchange: string;
  /** RFC 9370: those that are done, in order; without those that were left out. */
  readonly additionalKeyExchanges: readonly AdditionalKeyExchange[];
}

/** What a Child SA was agreed to use. */
export interface ChildSuite {
  readonly protocol: SecurityProtocol;
  /** null in AH. */
  readonly encryption: string | null;
  /** null with an AEAD. */
  readonly integrity: string | null;
  /** null: its keys come of SK_d and the nonces alone. */
  readonly keyExchange: string | null;
  readonly additionalKeyExchanges: readonly AdditionalKeyExchange[];
  readonly esn: boolean;
}

export interface AdditionalKeyExchange {
  /** Transform type: 6 for ADDKE1. */
  readonly type: number;
  readonly token: string;
}

/** `aes256gcm16-prfsha384-x25519-ke1_mlkem768`. */
export function ikeSuiteName({ encryption, integrity, prf, keyExchange, additionalKeyExchanges }: IkeSuite): string {
  const parts = [encryption, integrity, prf, keyExchange].filter(part => part !== null);
  return [...parts, ...additionalKeyExchanges.map(nameOfAdditional)].join('-');
}

/** `aes256gcm16`, `aes128-sha256-x25519`; of AH `sha256`. */
export function childSuiteName(suite: ChildSuite): string {
  const parts = [saSuiteName(suite), suite.keyExchange].filter(part => part !== null);
  return [...parts, ...suite.additionalKeyExchanges.map(nameOfAdditional)].join('-');
}

/** As an SA names it: `SaInput.suite`. Throws when these do not go together, which a proposal that was accepted excludes. */
export function saSuiteName({ protocol, encryption, integrity }: ChildSuite): string {
  if (protocol === 'ah') return integrity ?? fail('AH without integrity');
  const cipher = encryption === null ? null : encryptionAlgorithm(encryption);
  if (cipher === null) return fail(`ESP with ${encryption}`);
  const found = combineEsp(cipher, integrity === null ? null : integrityAlgorithm(integrity));
  return found.kind === 'suite' ? found.suite.name : fail(`ESP with ${encryption} and ${integrity}: ${found.kind}`);
}

const nameOfAdditional = ({ type, token }: AdditionalKeyExchange): string => `ke${type - 5}_${token}`;

function fail(what: string): never {
  throw new Error(what);
}
