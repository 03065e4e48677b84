import { type IkeSpi, NO_SPI } from '../../wire/ike/message.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import type { ConnectionConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import { connectionsFor } from '../peer-authorization.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { certificateRequests, lookupNotifies } from './certificate-payloads.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import type { HalfOpenIkeSa, Path } from './ike-sa.ts';
import { DeferredIkeKeys, expandIkeKeys, ikeAlgorithms, initialSkeyseed } from './ike-keys.ts';
import { extensionsInUse, peerHashes, responderNotifies } from './initial-extensions.ts';
import { IKE_SA_INIT } from './initial-tables.ts';
import { detectNats, natDetectionNotifies } from './nat-detection.ts';
import { newNonce, nonceProblem } from './nonce.ts';
import { notifyOf } from './notify.ts';
import { canBeRedirected, redirectNotify, sendsElsewhere } from './redirect.ts';
import { ikeChoices } from './proposals.ts';
import { answerWith, type Selection, selectIke } from './select-proposal.ts';
import type { World } from './step.ts';
import type { IkeSuite } from './suite.ts';
import type { Resumed } from './ticket.ts';
import { agreedMethod } from './transforms.ts';
import { INITIAL_WINDOWS } from './windows.ts';

/** What a responder makes of an IKE_SA_INIT request that has passed the gate (cookies, limits). */
export type InitialAnswer =
  | { readonly kind: 'accepted'; readonly sa: AnsweredIkeSa; readonly payloads: readonly Payload[] }
  /** Nothing is kept of it: it is told where to go, RFC 5685 §3. */
  | { readonly kind: 'elsewhere'; readonly payloads: readonly Payload[] }
  /** Nothing is kept of it; what `notifyFor` says goes back in the clear. */
  | { readonly kind: 'refused'; readonly error: ProtocolError };

/** `<-- HDR, SAr1, KEr, Nr, [CERTREQ,] [N...]`. The responder's message is put into the IKE SA when it has been made. */
export function answerInitial(request: ReceivedMessage, world: World): InitialAnswer {
  const { payloads, from } = request;
  const wrong = world.steps.checked(checkPayloads(IKE_SA_INIT.request, payloads));
  if (wrong !== null) return refused(wrong);
  const connections = connectionsFor(world.config, from).filter(({ version }) => version === 2);
  const choice = chooseConnection(connections, payloads);
  if (choice.kind !== 'chosen') {
    return refused(
      choice.kind === 'malformed' ? { kind: 'malformed', field: 'SA', offset: 0 } : { kind: 'noProposalChosen' },
    );
  }
  const { suite, proposal, connection } = choice;
  const method = agreedMethod(suite.keyExchange);
  const nonce = requiredPayload(payloads, 'NONCE').data;
  if (sendsElsewhere(connection, from.local) && canBeRedirected(payloads)) {
    return { kind: 'elsewhere', payloads: [redirectNotify(connection.redirectTo, nonce)] };
  }
  const ke = requiredPayload(payloads, 'KE');
  if (ke.group !== method.ianaId) return refused({ kind: 'invalidKe', group: method.ianaId });
  const algorithms = ikeAlgorithms(suite);
  const initiatorNonce = Uint8Array.from(nonce);
  const problem = nonceProblem(initiatorNonce, algorithms.prf, world);
  if (problem !== null) return refused(problem);
  const answer = world.steps.keyExchanged(method.respond(ke.data, world.random, world.takeKeyPair(method)));
  if (answer.kind === 'invalid')
    return refused({ kind: 'malformed', field: `Key Exchange Data: ${answer.why}`, offset: 0 });
  if (suite.additionalKeyExchanges.length > 0 && !extensionsInUse(connections, payloads).has('intermediate'))
    return refused({ kind: 'noProposalChosen' });
  const responderNonce = newNonce(world.random);
  const skeyseed = () => initialSkeyseed(algorithms.prf, { initiatorNonce, responderNonce }, answer.secret);
  const agreed = { connection, connections, suite, skeyseed, initiatorNonce, responderNonce };
  const sa = createHalfOpen(request, agreed, world);
  const { initiatorSpi, responderSpi } = sa;
  const encapsulation = connection.forceEncapsulation ? 'pretend' : 'asDetected';
  const remotes = connections.map(({ authentication }) => authentication.remote);
  const answered: Payload[] = [
    answerWith(proposal, new Uint8Array(0)),
    { type: 'KE', group: method.ianaId, data: answer.data },
    { type: 'NONCE', data: responderNonce },
    ...natDetectionNotifies({ initiatorSpi, responderSpi }, from, encapsulation),
    ...certificateRequests(remotes, credentialsOf(world.config)),
    ...lookupNotifies(remotes),
    ...responderNotifies(connections, payloads),
  ];
  return { kind: 'accepted', sa, payloads: answered };
}

export type AnsweredIkeSa = HalfOpenIkeSa & { readonly keys: DeferredIkeKeys };

/** What the first exchange has agreed on. */
export interface AgreedFirst {
  readonly connection: ConnectionConfig;
  /** Those that the peer may mean. */
  readonly connections: readonly ConnectionConfig[];
  readonly suite: IkeSuite;
  /** Called once, when the keys are needed. */
  readonly skeyseed: () => Uint8Array;
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  /** Absent: it was IKE_SA_INIT. */
  readonly resumed?: Resumed;
}

/** The IKE SA of a responder that is about to answer. */
export function createHalfOpen(request: ReceivedMessage, agreed: AgreedFirst, world: World): AnsweredIkeSa {
  const { connection, connections, suite, skeyseed, initiatorNonce, responderNonce, resumed } = agreed;
  const { payloads } = request;
  const { initiatorSpi } = request.header;
  const responderSpi = world.newIkeSpi();
  const algorithms = ikeAlgorithms(suite);
  const parties = { initiatorNonce, responderNonce, initiatorSpi, responderSpi };
  const extensions = new Set(extensionsInUse(connections, payloads));
  if (canBeRedirected(payloads)) extensions.add('redirect');
  if (resumed !== undefined) extensions.add('resumption');
  return {
    kind: 'halfOpen',
    id: world.newId(),
    role: 'responder',
    connection,
    initiatorSpi,
    responderSpi,
    path: pathOf(request, initiatorSpi, world),
    windows: INITIAL_WINDOWS,
    tasks: [],
    createdAt: world.now,
    heardAt: world.now,
    extensions,
    sent: 0,
    received: 1,
    retransmitted: 0,
    suite,
    ...algorithms,
    keys: new DeferredIkeKeys(() => expandIkeKeys(algorithms, skeyseed(), parties)),
    sealed: 0,
    fragments: [],
    initial: {
      initiatorNonce,
      responderNonce,
      initiatorMessage: Uint8Array.from(request.octets),
      responderMessage: new Uint8Array(0),
      peerHashes: peerHashes(payloads),
      certificateRequests: [],
      intermediates: [],
      // Those of a resumed one were done before.
      additionalDone: resumed === undefined ? 0 : suite.additionalKeyExchanges.length,
      peerUsesPpk: notifyOf(payloads, NotifyType.USE_PPK) !== null,
      peerFetchesCertificates: false,
      ...(resumed === undefined ? {} : { resumed }),
    },
    dropAt: world.now + world.config.limits.halfOpenSeconds * NS_PER_S,
  };
}

type Choice =
  | (Extract<Selection<IkeSuite>, { kind: 'chosen' }> & { readonly connection: ConnectionConfig })
  | { readonly kind: 'none' | 'malformed' };

/** The first connection that has a proposal in common with the initiator: who it is, and which is meant, comes in IKE_AUTH. */
function chooseConnection(connections: readonly ConnectionConfig[], payloads: readonly Payload[]): Choice {
  const offered = requiredPayload(payloads, 'SA');
  for (const connection of connections) {
    const selection = selectIke(offered, ikeChoices(connection.proposals), 0);
    if (selection.kind === 'malformed') return selection;
    if (selection.kind === 'chosen') return { ...selection, connection };
  }
  return { kind: 'none' };
}

/** Digests of the request have zero for the responder's SPI, §2.23. */
function pathOf({ payloads, from }: ReceivedMessage, initiatorSpi: IkeSpi, { steps }: World): Path {
  const nats = steps.natsDetected(detectNats(payloads, { initiatorSpi, responderSpi: NO_SPI }, from));
  const { local, localPort, remote, remotePort } = from;
  return { local, localPort, remote, remotePort, isLocalNatted: false, isRemoteNatted: false, ...nats };
}

const refused = (error: ProtocolError): InitialAnswer => ({ kind: 'refused', error });
