import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ReceivedMessage } from './exchange.ts';
import type { AuthenticatingIkeSa, InitiatingIkeSa, Path } from './ike-sa.ts';
import { expandIkeKeys, ikeAlgorithms } from './ike-keys.ts';
import { extensionsInUse, peerHashes } from './initial-extensions.ts';
import { secretsOf } from './key-log.ts';
import { detectNats } from './nat-detection.ts';
import { notifyOf } from './notify.ts';
import { type Step, step, type World } from './step.ts';
import type { IkeSuite } from './suite.ts';
import type { Resumed } from './ticket.ts';
import { ADDITIONAL_KEY_EXCHANGES } from './transforms.ts';
import { INITIAL_WINDOWS, type OutstandingRequest } from './windows.ts';

/** What an answer to an initiator's first request has brought. */
export interface Answered {
  readonly suite: IkeSuite;
  readonly skeyseed: Uint8Array;
  /** The responder's. */
  readonly nonce: Uint8Array;
  readonly resumed?: Resumed;
}

/** An IKE SA of its own for each answer: the first that proves who it is stays, RFC 7296 §2.4. */
export function withCandidate(
  sa: InitiatingIkeSa,
  request: OutstandingRequest,
  { header, payloads, octets, from }: ReceivedMessage,
  { suite, skeyseed, nonce, resumed }: Answered,
  world: World,
): Step {
  const { connection, attempt, initiatorSpi } = sa;
  const { responderSpi } = header;
  const algorithms = ikeAlgorithms(suite);
  const parties = { initiatorNonce: attempt.nonce, responderNonce: nonce, initiatorSpi, responderSpi };
  const keys = expandIkeKeys(algorithms, skeyseed, parties);
  // Those of a resumed one were done before.
  const further = resumed === undefined ? suite.additionalKeyExchanges : [];
  const extensions = new Set(extensionsInUse([connection], payloads));
  if (resumed !== undefined) extensions.add('resumption');
  const candidate: AuthenticatingIkeSa = {
    kind: 'authenticating',
    id: world.newId(),
    role: 'initiator',
    connection,
    initiatorSpi,
    responderSpi,
    path: pathAfter(sa, payloads, { initiatorSpi, responderSpi }, from, world),
    windows: { ...INITIAL_WINDOWS, requests: { ...INITIAL_WINDOWS.requests, nextId: 1 } },
    tasks: [
      ...further.map(({ type }) => ({
        kind: 'intermediate' as const,
        index: ADDITIONAL_KEY_EXCHANGES.indexOf(type),
        keyExchange: null,
      })),
      { kind: 'authenticate', offer: null, method: null },
    ],
    createdAt: sa.createdAt,
    heardAt: world.now,
    extensions,
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    suite,
    ...algorithms,
    keys,
    sealed: 0,
    fragments: [],
    initial: {
      initiatorNonce: attempt.nonce,
      responderNonce: nonce,
      initiatorMessage: request.messages[0] ?? new Uint8Array(0),
      responderMessage: Uint8Array.from(octets),
      peerHashes: peerHashes(payloads),
      certificateRequests: certificateRequestsOf(payloads),
      intermediates: [],
      additionalDone: suite.additionalKeyExchanges.length - further.length,
      peerUsesPpk: notifyOf(payloads, NotifyType.USE_PPK) !== null,
      peerFetchesCertificates: notifyOf(payloads, NotifyType.HTTP_CERT_LOOKUP_SUPPORTED) !== null,
      ...(resumed === undefined ? {} : { resumed }),
    },
    attemptId: sa.id,
    children: attempt.children,
    notes: attempt.notes,
  };
  const waiting: InitiatingIkeSa = {
    ...sa,
    attempt: { ...attempt, refusal: null, candidates: [...attempt.candidates, candidate.id] },
  };
  return step(waiting, { kind: 'put', sa: candidate }, { kind: 'secrets', secrets: secretsOf(candidate) });
}

/** §2.23: to the port for NATs where there is one; with MOBIKE also where there is none yet (RFC 4555 §3.3). */
function pathAfter(
  { path, connection }: InitiatingIkeSa,
  payloads: readonly Payload[],
  spis: { readonly initiatorSpi: string; readonly responderSpi: string },
  from: ReceivedMessage['from'],
  { steps }: World,
): Path {
  const nats = steps.natsDetected(detectNats(payloads, spis, from));
  if (nats === null) return path;
  const isNatted = nats.isLocalNatted || nats.isRemoteNatted;
  const floats = isNatted || connection.mobike || connection.forceEncapsulation;
  const ports = floats ? { localPort: connection.natPort, remotePort: connection.natPort } : {};
  return { ...path, ...nats, ...ports };
}

export function certificateRequestsOf(payloads: readonly Payload[]) {
  return payloads.flatMap(payload =>
    payload.type === 'CERTREQ' ? [{ encoding: payload.encoding, data: Uint8Array.from(payload.data) }] : [],
  );
}
