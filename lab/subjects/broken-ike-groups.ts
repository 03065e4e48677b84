import type { IkeSteps } from '../../engine/ike/steps.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { TransformSubstructure } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, TransformType } from '../../engine/wire/ike/registry.ts';
import { ikeStepSubject, ikeSubject } from './build-ike.ts';
import { isInit, payloads, request } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with key exchanges, RFC 6989 and RFC 9370. */
export const BROKEN_IKE_GROUPS: readonly Subject[] = [
  ikeStepSubject('ike-no-point', 'takes no value of the peer’s for one of the group', {
    keyExchanged: result => (result.kind === 'shared' ? { ...result, kind: 'invalid', why: 'it is broken' } : result),
  }),
  ikeSubject(
    'ike-takes-all-additional',
    'takes an offer whatever its additional key exchanges are',
    { incoming: message => withTransforms(message, transforms => transforms.filter(it => !isAdditional(it))) },
    config => ({
      ...config,
      connections: config.connections.map(connection => ({
        ...connection,
        proposals: connection.proposals.map(proposal => ({ ...proposal, additionalKeyExchanges: [] })),
      })),
    }),
  ),
  payloads('ike-short-additional', 'sends a key that is an octet short', request(ExchangeType.IKE_INTERMEDIATE), all =>
    all.map(it => (it.type === 'KE' ? { ...it, data: it.data.slice(1) } : it)),
  ),
  ikeStepSubject('ike-any-method', 'takes any method in an additional key exchange', {
    incoming: message => ({
      ...message,
      payloads: message.payloads.map(it => (it.type === 'KE' && !isInit(message) ? { ...it, group: 36 } : it)),
    }),
    keyExchanged: result =>
      result.kind === 'invalid'
        ? { ...result, kind: 'shared', secret: new Uint8Array(32), data: new Uint8Array(32) }
        : result,
  }),
  ikeStepSubject('ike-forgets-additional', 'does not wait for the additional key exchange', forgets(6, 36)),
  ikeStepSubject(
    'ike-forgets-second-additional',
    'does not wait for the second additional key exchange',
    forgets(7, 19),
  ),
];

/** Agrees upon none, and says to have agreed upon `id`. */
function forgets(type: number, id: number): Partial<IkeSteps> {
  return {
    incoming: message =>
      withTransforms(message, transforms => transforms.filter(it => it.type !== type || it.id === 0)),
    outgoing: message =>
      withTransforms(message, transforms => transforms.map(it => (it.type === type ? { ...it, id } : it))),
  };
}

function withTransforms(
  message: IkeMessage,
  change: (transforms: readonly TransformSubstructure[]) => readonly TransformSubstructure[],
): IkeMessage {
  const payloads = message.payloads.map(it =>
    it.type === 'SA'
      ? { ...it, proposals: it.proposals.map(one => ({ ...one, transforms: change(one.transforms) })) }
      : it,
  );
  return { ...message, payloads };
}

function isAdditional({ type }: TransformSubstructure): boolean {
  return type >= TransformType.ADDKE1;
}
