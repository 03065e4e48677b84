import type { SaMode, SecurityProtocol } from '../../ipsec/sa.ts';
import { attributeOf, numberOf } from '../../wire/isakmp/attribute.ts';
import type { IsakmpAttribute, IsakmpTransform } from '../../wire/isakmp/payload.ts';
import { IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { EncapsulationMode, IpsecAttribute, LifeType } from '../../wire/isakmp/registry-attributes.ts';
import type { ChildSuite } from '../v2/suite.ts';
import type { Lifetimes } from './child-lifetimes.ts';
import {
  ahTransform,
  authenticationNumber,
  authenticationToken,
  espToken,
  espTransform,
  groupNumber,
  groupToken,
  isEspPair,
  protocolNumber,
} from './ipsec-transforms.ts';

/** One transform of Quick Mode as a whole: in IKEv1 each is a complete choice, RFC 2408 §4.2. */
export interface Phase2Choice {
  readonly suite: ChildSuite;
  readonly mode: SaMode;
  /** As the numbers of Encapsulation Mode tell: ESP as such, in UDP (RFC 3947 §5.1), or in UDP by the drafts before it. */
  readonly encapsulation: Encapsulation;
  readonly lifetimes: Lifetimes;
}

/** What an SA uses, and not how its keys came about. */
export type SuiteWithoutGroup = Omit<ChildSuite, 'keyExchange'>;

export type Encapsulation = 'none' | 'udp' | 'draftUdp';

/** A transform without its number in the proposal. */
export type TransformValue = Omit<IsakmpTransform, 'number'>;

/** Throws for what IKEv1 has no number for: `isSpeakable` tells. */
export function transformOfChoice({ suite, mode, encapsulation, lifetimes }: Phase2Choice): TransformValue {
  const group = suite.keyExchange === null ? null : required(groupNumber(suite.keyExchange), suite.keyExchange);
  const integrity = suite.integrity === null ? null : required(authenticationNumber(suite.integrity), suite.integrity);
  const cipher = suite.encryption === null ? null : required(espTransform(suite.encryption), suite.encryption);
  const id = cipher?.id ?? required(ahTransform(suite.integrity ?? ''), suite.integrity ?? 'AH without integrity');
  return {
    id,
    attributes: [
      ...lifetimeAttributes(lifetimes),
      ...optional(IpsecAttribute.GROUP_DESCRIPTION, group),
      { type: IpsecAttribute.ENCAPSULATION_MODE, value: MODES[mode][encapsulation] },
      ...optional(IpsecAttribute.AUTHENTICATION_ALGORITHM, integrity),
      ...optional(IpsecAttribute.KEY_LENGTH, cipher?.keyBits ?? null),
      ...optional(IpsecAttribute.EXTENDED_SEQUENCE_NUMBER, suite.esn ? 1 : null),
    ],
  };
}

/** Whether IKEv1 has numbers for all of a suite. */
export function isSpeakable({ protocol, encryption, integrity, keyExchange }: ChildSuite): boolean {
  if (keyExchange !== null && groupNumber(keyExchange) === null) return false;
  if (protocol === 'ah') return integrity !== null && ahTransform(integrity) !== null;
  if (encryption === null || espTransform(encryption) === null || !isEspPair(encryption, integrity)) return false;
  return integrity === null || authenticationNumber(integrity) !== null;
}

/** What a transform says; null: something in it is not known, is missing, or contradicts itself. */
export function choiceOfTransform(protocolId: number, { id, attributes }: TransformValue): Phase2Choice | null {
  const protocol: SecurityProtocol = protocolId === IsakmpProtocol.AH ? 'ah' : 'esp';
  if (protocolNumber(protocol) !== protocolId) return null;
  const read = readAttributes(attributes);
  if (read === null) return null;
  const { lifetimes, values } = read;
  const encapsulated = modeOf(values.get(IpsecAttribute.ENCAPSULATION_MODE));
  const group = values.get(IpsecAttribute.GROUP_DESCRIPTION);
  const keyExchange = group === undefined ? null : groupToken(group);
  const authentication = values.get(IpsecAttribute.AUTHENTICATION_ALGORITHM);
  const integrity = authentication === undefined ? null : authenticationToken(authentication);
  if (encapsulated === null) return null;
  if ((keyExchange === null) !== (group === undefined)) return null;
  if ((integrity === null) !== (authentication === undefined)) return null;
  const keyBits = values.get(IpsecAttribute.KEY_LENGTH) ?? null;
  const encryption = protocol === 'ah' ? null : espToken(id, keyBits);
  if (protocol === 'ah' ? keyBits !== null || ahTransform(integrity ?? '') !== id : encryption === null) return null;
  const esn = values.get(IpsecAttribute.EXTENDED_SEQUENCE_NUMBER) === 1;
  const suite: ChildSuite = { protocol, encryption, integrity, keyExchange, additionalKeyExchanges: [], esn };
  return isSpeakable(suite) ? { suite, ...encapsulated, lifetimes } : null;
}

/** Whether both are the same but for their lifetimes. */
export function isSameChoice(a: Phase2Choice, b: Phase2Choice): boolean {
  return (
    a.mode === b.mode &&
    (a.encapsulation === 'none') === (b.encapsulation === 'none') &&
    a.suite.keyExchange === b.suite.keyExchange &&
    isSameButGroup(a.suite, b.suite)
  );
}

export function isSameButGroup(a: SuiteWithoutGroup, b: SuiteWithoutGroup): boolean {
  return a.protocol === b.protocol && a.encryption === b.encryption && a.integrity === b.integrity && a.esn === b.esn;
}

/** SA Life Type and SA Life Duration: the second always behind the first that it is of. Also of RESPONDER-LIFETIME. */
export function lifetimeAttributes({ seconds, kilobytes }: Lifetimes): IsakmpAttribute[] {
  return [...lifetimePair(LifeType.SECONDS, seconds), ...lifetimePair(LifeType.KILOBYTES, kilobytes)];
}

/** Lifetimes, and the other attributes by their type, RFC 2407 §4.5.2; null: one that is not known, twice, or in disorder. */
export function readAttributes(
  attributes: readonly IsakmpAttribute[],
): { readonly lifetimes: Lifetimes; readonly values: ReadonlyMap<number, number> } | null {
  let lifeType: number | null = null;
  const durations = new Map<number, number>();
  const values = new Map<number, number>();
  for (const attribute of attributes) {
    const { type } = attribute;
    const value = numberOf(attribute);
    if (value === null) return null;
    if (type === IpsecAttribute.SA_LIFE_TYPE) {
      lifeType = value;
    } else if (type === IpsecAttribute.SA_LIFE_DURATION) {
      if (lifeType !== LifeType.SECONDS && lifeType !== LifeType.KILOBYTES) return null;
      // The same again is no conflict, §4.5.2. Nothing lives for no time at all.
      if (value === 0 || (durations.get(lifeType) ?? value) !== value) return null;
      durations.set(lifeType, value);
      lifeType = null;
    } else {
      if (!KNOWN.has(type) || (values.get(type) ?? value) !== value) return null;
      values.set(type, value);
    }
  }
  if (lifeType !== null) return null;
  const lifetimes = {
    seconds: durations.get(LifeType.SECONDS) ?? null,
    kilobytes: durations.get(LifeType.KILOBYTES) ?? null,
  };
  return { lifetimes, values };
}

function lifetimePair(lifeType: number, value: number | null): IsakmpAttribute[] {
  if (value === null) return [];
  const duration = attributeOf(IpsecAttribute.SA_LIFE_DURATION, Math.min(value, 0xffff_ffff));
  return [{ type: IpsecAttribute.SA_LIFE_TYPE, value: lifeType }, duration];
}

function optional(type: number, value: number | null): IsakmpAttribute[] {
  return value === null ? [] : [{ type, value }];
}

/** Key rounds, compression and private algorithms are of nothing that is spoken here. */
const KNOWN: ReadonlySet<number> = new Set([
  IpsecAttribute.GROUP_DESCRIPTION,
  IpsecAttribute.ENCAPSULATION_MODE,
  IpsecAttribute.AUTHENTICATION_ALGORITHM,
  IpsecAttribute.KEY_LENGTH,
  IpsecAttribute.EXTENDED_SEQUENCE_NUMBER,
]);

/** Encapsulation Mode: RFC 2407 §4.5, RFC 3947 §5.1, and draft-ietf-ipsec-nat-t-ike-02 and -03. */
const MODES: Readonly<Record<SaMode, Readonly<Record<Encapsulation, number>>>> = {
  tunnel: {
    none: EncapsulationMode.TUNNEL,
    udp: EncapsulationMode.UDP_ENCAPSULATED_TUNNEL,
    draftUdp: EncapsulationMode.UDP_ENCAPSULATED_TUNNEL_DRAFT,
  },
  transport: {
    none: EncapsulationMode.TRANSPORT,
    udp: EncapsulationMode.UDP_ENCAPSULATED_TRANSPORT,
    draftUdp: EncapsulationMode.UDP_ENCAPSULATED_TRANSPORT_DRAFT,
  },
};

/** Not said: RFC 2407 leaves it to the host, and hosts take a tunnel. */
function modeOf(value: number = MODES.tunnel.none): Pick<Phase2Choice, 'mode' | 'encapsulation'> | null {
  for (const mode of ['tunnel', 'transport'] as const) {
    for (const encapsulation of ['none', 'udp', 'draftUdp'] as const) {
      if (MODES[mode][encapsulation] === value) return { mode, encapsulation };
    }
  }
  return null;
}

function required<T>(value: T | null, name: string): T {
  if (value === null) throw new Error(`IKEv1 has no number for ${name}`);
  return value;
}
