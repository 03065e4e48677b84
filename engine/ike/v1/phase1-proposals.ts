import { encryptionAlgorithm, encryptionAlgorithms } from '../../crypto/encryption.ts';
import { keyExchange, keyExchangeNumbered } from '../../crypto/key-exchange-table.ts';
import { attributeOf, numberOf } from '../../wire/isakmp/attribute.ts';
import type { IsakmpAttribute, IsakmpSaPayload, IsakmpTransform } from '../../wire/isakmp/payload.ts';
import {
  IsakmpTransformId,
  LifeType,
  OakleyAttribute,
  OakleyAuthentication,
  OakleyEncryption,
  OakleyHash,
} from '../../wire/isakmp/registry-attributes.ts';
import { Doi, IsakmpProtocol, Situation } from '../../wire/isakmp/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import { v1Of } from './extensions.ts';
import type { PhaseOneMode } from './isakmp-sa.ts';
import { methodOfKey } from './signature-method.ts';
import type { World } from './step.ts';
import type { IsakmpSuite } from './suite.ts';

/** Attributes of phase 1, RFC 2409 App. A, and the tokens that they stand for. */

/** What of a suite is chosen among; lifetimes come beside it. */
export type PhaseOneChoice = Omit<IsakmpSuite, 'lifeSeconds' | 'lifeKilobytes'>;

/** All that a connection offers and accepts, in order of preference. `initiates`: XAuth has numbers for either end. */
export function choicesOf(
  connection: ConnectionConfig,
  initiates: boolean,
  world: Pick<World, 'config'>,
): PhaseOneChoice[] {
  const { method } = connection.authentication.local;
  const methodNumber = methodNumberOf(connection, initiates, world);
  if (method === 'null' || methodNumber === null) return [];
  return connection.proposals.flatMap(({ encryption, integrity, keyExchange: groups }) =>
    groups.flatMap(group =>
      encryption
        .filter(isAvailable)
        .flatMap(cipher =>
          integrity.map(hash => ({ encryption: cipher, hash, keyExchange: group, method, methodNumber })),
        ),
    ),
  );
}

/** The SA payload that offers all of it; Aggressive Mode can offer one group only, since its KE comes along (RFC 2409 §5). */
export function offerOf(
  connection: ConnectionConfig,
  mode: PhaseOneMode,
  world: Pick<World, 'config'>,
): IsakmpSaPayload {
  const all = choicesOf(connection, true, world);
  const choices = mode === 'main' ? all : all.filter(({ keyExchange: group }) => group === all[0]?.keyExchange);
  const transforms = choices.slice(0, TRANSFORMS_MAX).map(
    (choice, i): IsakmpTransform => ({
      number: i + 1,
      id: IsakmpTransformId.KEY_IKE,
      attributes: [...attributesOf(choice), ...lifeAttributes(connection)],
    }),
  );
  return saOf(1, new Uint8Array(0), transforms);
}

const TRANSFORMS_MAX = 255;

/** A payload with one proposal. */
export function saOf(number: number, spi: Uint8Array, transforms: readonly IsakmpTransform[]): IsakmpSaPayload {
  const proposals = [{ number, protocolId: IsakmpProtocol.ISAKMP, spi, transforms }];
  return { type: 'SA', doi: Doi.IPSEC, situation: Situation.SIT_IDENTITY_ONLY, proposals };
}

/** null: it is not understood, has what we do not know, or says something twice. */
export function suiteOf({ id, attributes }: IsakmpTransform): Omit<IsakmpSuite, 'method'> | null {
  if (id !== IsakmpTransformId.KEY_IKE) return null;
  const read = readAttributes(attributes);
  if (read === null) return null;
  const { values, lifeSeconds, lifeKilobytes } = read;
  const encryption = encryptionOf(
    values.get(OakleyAttribute.ENCRYPTION_ALGORITHM),
    values.get(OakleyAttribute.KEY_LENGTH),
  );
  const hash = HASHES.find(one => one.id === values.get(OakleyAttribute.HASH_ALGORITHM))?.token;
  const group = keyExchangeNumbered(values.get(OakleyAttribute.GROUP_DESCRIPTION) ?? 0)?.token;
  const methodNumber = values.get(OakleyAttribute.AUTHENTICATION_METHOD);
  if (encryption === null || hash === undefined || group === undefined || methodNumber === undefined) return null;
  return { encryption, hash, keyExchange: group, methodNumber, lifeSeconds, lifeKilobytes };
}

/** Of one transform, for people who look for what is wrong with an offer: the number of its authentication method. */
export function methodOffered({ attributes }: IsakmpTransform): number | null {
  const found = attributes.find(({ type }) => type === OakleyAttribute.AUTHENTICATION_METHOD);
  return found === undefined ? null : numberOf(found);
}

function attributesOf({ encryption, hash, keyExchange: group, methodNumber }: PhaseOneChoice): IsakmpAttribute[] {
  const cipher = CIPHERS.find(({ token }) => token === encryption);
  const hashId = HASHES.find(({ token }) => token === hash)?.id;
  const groupId = keyExchange(group)?.ianaId;
  if (cipher === undefined || hashId === undefined || groupId === undefined) {
    throw new Error(`IKEv1 has no ${encryption}-${hash}-${group}`);
  }
  const length = cipher.keyBits === null ? [] : [{ type: OakleyAttribute.KEY_LENGTH, value: cipher.keyBits }];
  return [
    { type: OakleyAttribute.ENCRYPTION_ALGORITHM, value: cipher.id },
    ...length,
    { type: OakleyAttribute.HASH_ALGORITHM, value: hashId },
    { type: OakleyAttribute.GROUP_DESCRIPTION, value: groupId },
    { type: OakleyAttribute.AUTHENTICATION_METHOD, value: methodNumber },
  ];
}

/** Seconds and kilobytes; each Life Type is of the Life Duration behind it. */
function lifeAttributes(connection: ConnectionConfig): IsakmpAttribute[] {
  const kilobytes = v1Of(connection).lifetimeKilobytes;
  const seconds = ownSeconds(connection);
  return [
    ...(seconds === null ? [] : life(LifeType.SECONDS, seconds)),
    ...(kilobytes === null ? [] : life(LifeType.KILOBYTES, kilobytes)),
  ];
}

/** The longest that an ISAKMP SA of this connection may live; null: for ever. */
export function ownSeconds({ rekeySeconds, reauthenticateSeconds }: ConnectionConfig): number | null {
  const limits = [rekeySeconds, reauthenticateSeconds].filter(seconds => seconds > 0);
  return limits.length === 0 ? null : Math.max(1, Math.round(Math.min(...limits)));
}

const life = (type: number, duration: number): IsakmpAttribute[] => [
  { type: OakleyAttribute.LIFE_TYPE, value: type },
  attributeOf(OakleyAttribute.LIFE_DURATION, duration),
];

interface ReadAttributes {
  readonly values: ReadonlyMap<number, number>;
  readonly lifeSeconds: number | null;
  readonly lifeKilobytes: number | null;
}

/** All attributes have to be understood, RFC 2408 §4.2, and none but the lifetimes may come twice. */
function readAttributes(attributes: readonly IsakmpAttribute[]): ReadAttributes | null {
  const values = new Map<number, number>();
  const lives = new Map<number, number>();
  let lifeType: number | null = null;
  for (const attribute of attributes) {
    const { type } = attribute;
    const value = numberOf(attribute);
    if (value === null) return null;
    if (type === OakleyAttribute.LIFE_TYPE) lifeType = value;
    else if (type === OakleyAttribute.LIFE_DURATION) {
      if (lifeType === null || lives.has(lifeType) || !LIFE_TYPES.includes(lifeType) || value === 0) return null;
      lives.set(lifeType, value);
      lifeType = null;
    } else if (!KNOWN.includes(type) || values.has(type)) return null;
    else values.set(type, value);
  }
  if (lifeType !== null) return null;
  return {
    values,
    lifeSeconds: lives.get(LifeType.SECONDS) ?? null,
    lifeKilobytes: lives.get(LifeType.KILOBYTES) ?? null,
  };
}

const LIFE_TYPES: readonly number[] = [LifeType.SECONDS, LifeType.KILOBYTES];
const KNOWN: readonly number[] = [
  OakleyAttribute.ENCRYPTION_ALGORITHM,
  OakleyAttribute.HASH_ALGORITHM,
  OakleyAttribute.AUTHENTICATION_METHOD,
  OakleyAttribute.GROUP_DESCRIPTION,
  OakleyAttribute.KEY_LENGTH,
];

/**
 * By what this end has: its key says how it signs. XAuth says in the method who is to show its user, and has no numbers for ECDSA:
 * draft-beaulieu-ike-xauth-02 §7.2. null: there is none.
 */
export function methodNumberOf(
  connection: ConnectionConfig,
  initiates: boolean,
  { config }: Pick<World, 'config'>,
): number | null {
  const { local } = connection.authentication;
  if (local.method === 'null') return null;
  const { xauth } = v1Of(connection);
  const isInitiatorAsked = (xauth?.side === 'user') === initiates;
  if (local.method === 'psk') {
    if (xauth === null) return OakleyAuthentication.PRE_SHARED_KEY;
    return isInitiatorAsked ? OakleyAuthentication.XAUTH_INIT_PRE_SHARED : OakleyAuthentication.XAUTH_RESP_PRE_SHARED;
  }
  const own = credentialsOf(config).keys[local.key];
  const signs = own === undefined ? null : methodOfKey(own.key.public);
  if (xauth === null || signs !== OakleyAuthentication.RSA_SIGNATURES) return xauth === null ? signs : null;
  return isInitiatorAsked ? OakleyAuthentication.XAUTH_INIT_RSA : OakleyAuthentication.XAUTH_RESP_RSA;
}

const HASHES: readonly { readonly token: string; readonly id: number }[] = [
  { token: 'md5', id: OakleyHash.MD5 },
  { token: 'sha1', id: OakleyHash.SHA },
  { token: 'sha256', id: OakleyHash.SHA2_256 },
  { token: 'sha384', id: OakleyHash.SHA2_384 },
  { token: 'sha512', id: OakleyHash.SHA2_512 },
];

interface Cipher {
  readonly token: string;
  readonly id: number;
  /** In a Key Length attribute; null: it must not have one. */
  readonly keyBits: number | null;
}

/** Names of engine/crypto's ciphers that IKEv1 has a number for. */
const NUMBERS: Readonly<Record<string, { readonly id: number; readonly hasLength: boolean }>> = {
  ENCR_AES_CBC: { id: OakleyEncryption.AES_CBC, hasLength: true },
  ENCR_CAMELLIA_CBC: { id: OakleyEncryption.CAMELLIA_CBC, hasLength: true },
  ENCR_3DES: { id: OakleyEncryption['3DES_CBC'], hasLength: false },
  ENCR_DES: { id: OakleyEncryption.DES_CBC, hasLength: false },
  ENCR_BLOWFISH: { id: OakleyEncryption.BLOWFISH_CBC, hasLength: true },
  ENCR_CAST: { id: OakleyEncryption.CAST_CBC, hasLength: true },
};

const CIPHERS: readonly Cipher[] = encryptionAlgorithms().flatMap(({ name, token, keyOctets }) => {
  const number = NUMBERS[name];
  return number === undefined ? [] : [{ token, id: number.id, keyBits: number.hasLength ? keyOctets * 8 : null }];
});

function encryptionOf(id: number | undefined, keyBits: number | undefined): string | null {
  const isIt = (one: Cipher) => one.id === id && (one.keyBits === (keyBits ?? null) || isDefault(one, keyBits));
  const token = CIPHERS.find(isIt)?.token ?? null;
  return token !== null && isAvailable(token) ? token : null;
}

/** Not where this Node's OpenSSL has none of it. */
const isAvailable = (token: string): boolean => encryptionAlgorithm(token)?.unavailable === null;

/** Blowfish and CAST without a length have 128 bits: that is what their senders mean. */
const isDefault = (one: Cipher, keyBits: number | undefined): boolean =>
  keyBits === undefined && one.keyBits === 128 && one.id !== OakleyEncryption.AES_CBC;
