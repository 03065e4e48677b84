import type { IkeConfig } from '../../engine/ike/config.ts';
import { createIkeDaemon } from '../../engine/ike/create.ts';
import { STEPS } from '../../engine/ike/steps.ts';
import type { ReceivedMessage } from '../../engine/ike/v1/exchange.ts';
import { V1_STEPS, type V1Steps } from '../../engine/ike/v1/steps.ts';
import { createNode } from '../../engine/node/create.ts';
import type { ClearIsakmpMessage, IsakmpHeader } from '../../engine/wire/isakmp/message.ts';
import type {
  IsakmpNotifyPayload,
  IsakmpPayload,
  IsakmpProposal,
  IsakmpSaPayload,
  IsakmpTransform,
} from '../../engine/wire/isakmp/payload.ts';
import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeEffectsSubject } from './build-ike-effects.ts';
import { ikeConfigSubject } from './build-ike.ts';
import type { Subject } from './subject.ts';

/** The ways to break the engine's IKEv1 from outside of it: one of its steps, its configuration, the messages on their way. */

export function v1StepSubject(
  name: string,
  fault: string,
  steps: Partial<V1Steps> | (() => Partial<V1Steps>),
): Subject {
  return {
    name,
    fault,
    make: createNode,
    makeIke: (config, context) =>
      createIkeDaemon(config, context, STEPS, { ...V1_STEPS, ...(typeof steps === 'function' ? steps() : steps) }),
  };
}

type Connection = IkeConfig['connections'][number];

/** Something of each connection. */
export function v1ConnectionSubject(
  name: string,
  fault: string,
  change: (connection: Connection) => Connection,
): Subject {
  return ikeConfigSubject(name, fault, config => ({ ...config, connections: config.connections.map(change) }));
}

type V1 = NonNullable<Connection['v1']>;

/** Something of what only IKEv1 has. */
export function v1TraitsSubject(name: string, fault: string, change: Partial<V1>): Subject {
  return v1ConnectionSubject(name, fault, connection =>
    connection.v1 === undefined ? connection : { ...connection, v1: { ...connection.v1, ...change } },
  );
}

/** Which messages a fault is about. */
export type ChoosesV1 = (header: Pick<IsakmpHeader, 'exchangeType'>) => boolean;

export const isPhase1: ChoosesV1 = ({ exchangeType }) =>
  exchangeType === IsakmpExchange.IDENTITY_PROTECTION || exchangeType === IsakmpExchange.AGGRESSIVE;
export const isQuickMode: ChoosesV1 = ({ exchangeType }) => exchangeType === IsakmpExchange.QUICK_MODE;
export const isInformational: ChoosesV1 = ({ exchangeType }) => exchangeType === IsakmpExchange.INFORMATIONAL;

/** The payloads of messages that leave: of phase 1 all, of phase 2 those behind the HASH, which is made of what comes out. */
export function v1Payloads(
  name: string,
  fault: string,
  chooses: ChoosesV1,
  change: (payloads: readonly IsakmpPayload[]) => readonly IsakmpPayload[],
): Subject {
  return v1StepSubject(name, fault, {
    outgoing: message =>
      isPhase1(message) && chooses(message) ? { ...message, payloads: change(message.payloads) } : message,
    behindHash: (payloads, header) => (chooses(header) ? change(payloads) : payloads),
  });
}

/** Each payload of a type. */
export function v1Payload<T extends IsakmpPayload['type']>(
  name: string,
  fault: string,
  chooses: ChoosesV1,
  type: T,
  change: (payload: Extract<IsakmpPayload, { type: T }>) => IsakmpPayload,
): Subject {
  return v1Payloads(name, fault, chooses, all => each(all, type, change));
}

export function each<T extends IsakmpPayload['type']>(
  payloads: readonly IsakmpPayload[],
  type: T,
  change: (payload: Extract<IsakmpPayload, { type: T }>) => IsakmpPayload,
): readonly IsakmpPayload[] {
  return payloads.map(it => (isOf(it, type) ? change(it) : it));
}

const isOf = <T extends IsakmpPayload['type']>(
  payload: IsakmpPayload,
  type: T,
): payload is Extract<IsakmpPayload, { type: T }> => payload.type === type;

/** Each transform of an SA payload. */
export function eachTransform(
  sa: IsakmpSaPayload,
  change: (transform: IsakmpTransform) => IsakmpTransform,
): IsakmpSaPayload {
  return eachProposal(sa, one => ({ ...one, transforms: one.transforms.map(change) }));
}

/** What came as it was, `octets`, is not what it is any more. */
export function eachProposal(
  sa: IsakmpSaPayload,
  change: (proposal: IsakmpProposal) => IsakmpProposal,
): IsakmpSaPayload {
  const { octets: _, ...rest } = sa;
  return { ...rest, proposals: sa.proposals.map(change) };
}

/** A message that leaves, whole, before it is sealed; null: it does not leave. */
export function v1Outgoing(
  name: string,
  fault: string,
  change: (message: ClearIsakmpMessage) => ClearIsakmpMessage | null,
): Subject {
  return v1StepSubject(name, fault, { outgoing: change });
}

/** Says nothing by messages with such a notify. */
export function v1SilentAbout(name: string, fault: string, notifyType: number): Subject {
  return v1Outgoing(name, fault, message => (hasNotify(message.payloads, notifyType) ? null : message));
}

export function hasNotify(payloads: readonly IsakmpPayload[], notifyType: number): boolean {
  return payloads.some(it => isNotify(it, notifyType));
}

export function isNotify(payload: IsakmpPayload, notifyType: number): payload is IsakmpNotifyPayload {
  return payload.type === 'N' && payload.notifyType === notifyType;
}

/** A message that came, opened; null: it is not heard. */
export function v1Incoming(
  name: string,
  fault: string,
  change: (message: ReceivedMessage) => ReceivedMessage | null,
  steps: Partial<V1Steps> = {},
): Subject {
  return v1StepSubject(name, fault, { ...steps, incoming: change });
}

/** The payloads of messages that came. */
export function v1Hears(
  name: string,
  fault: string,
  chooses: ChoosesV1,
  change: (payloads: readonly IsakmpPayload[]) => readonly IsakmpPayload[],
  steps: Partial<V1Steps> = {},
): Subject {
  const incoming = (message: ReceivedMessage) =>
    chooses(message) ? { ...message, payloads: change(message.payloads) } : message;
  return v1Incoming(name, fault, incoming, steps);
}

/** Hears nothing of such messages. */
export function v1Minds(name: string, fault: string, isLost: (message: ReceivedMessage) => boolean): Subject {
  return v1Incoming(name, fault, message => (isLost(message) ? null : message));
}

/** Hears nothing any more after such a message. */
export function v1DiesOf(name: string, fault: string, isFatal: (message: ReceivedMessage) => boolean): Subject {
  return v1StepSubject(name, fault, () => {
    let isDead = false;
    return {
      incoming: message => {
        isDead ||= isFatal(message);
        return isDead ? null : message;
      },
    };
  });
}

/** The octets of a message that leaves. */
export function v1Octets(name: string, fault: string, change: (octets: Uint8Array) => Uint8Array | null): Subject {
  return v1StepSubject(name, fault, { outgoingOctets: change });
}

/** The octets of a datagram that comes, at the daemon's mouth; null: it is lost. */
export function v1Mouth(name: string, fault: string, filter: () => (octets: Uint8Array) => Uint8Array | null): Subject {
  return ikeEffectsSubject(name, fault, () => {
    const change = filter();
    return {
      incoming: datagram => {
        const octets = change(datagram.octets);
        return octets === null ? null : { ...datagram, octets };
      },
    };
  });
}

/** Places in the header, RFC 2408 §3.1. */
export const AT = {
  responderCookie: 8,
  nextPayload: 16,
  version: 17,
  exchangeType: 18,
  flags: 19,
  messageId: 20,
  length: 24,
} as const;

export const isMain = (octets: Uint8Array): boolean =>
  u8At(octets, AT.exchangeType) === IsakmpExchange.IDENTITY_PROTECTION;

/** The same octets with others from there on. */
export function written(octets: Uint8Array, at: number, ...others: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(octets);
  copy.set(others, at);
  return copy;
}

export const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');
