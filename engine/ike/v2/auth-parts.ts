import { icvsEqual } from '../../crypto/icv.ts';
import type { AuthPayload, IdPayload, Payload } from '../../wire/ike/payload.ts';
import { AuthMethod } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import { type Identity, identityOfAddress, parseIdentity } from '../identity.ts';
import { type AuthContext, type PeerVerdict, proveIdentity, type Proof, verifyPeer } from './authenticate.ts';
import { intermediateAuth, type IntermediateAuth, signedOctets } from './auth-octets.ts';
import { payloadOf, payloadsOf } from './exchange-table.ts';
import type { AuthenticatingIkeSa, HalfOpenIkeSa, IkeKeys } from './ike-sa.ts';
import { mobikeNotifies } from './mobike-payloads.ts';
import { ownCrashToken } from './quick-crash.ts';
import type { World } from './step.ts';
import type { Resumed } from './ticket.ts';
import { windowNotifies } from './window-size.ts';

/** Either end before it has authenticated the other. */
export type Unproven = AuthenticatingIkeSa | HalfOpenIkeSa;

/** Of `InitialExchange` and keys, what AUTH payloads are over; a PPK is mixed into `keys` where one is used. */
export type AuthBasis = Pick<Unproven, 'initial' | 'prf' | 'role' | 'extensions'> & { readonly keys: IkeKeys };

/** Who this node says it is; one that may be anybody is its address. */
export function ownIdentity(
  { authentication }: ConnectionConfig,
  path: Unproven['path'],
  named: Identity | null,
): Identity {
  const identity = identityOf(authentication.local.identity);
  if (identity.kind !== 'any') return identity;
  return named ?? identityOfAddress(path.local);
}

/** Whom the connection expects. */
export function expectedIdentity({ authentication }: ConnectionConfig): Identity {
  return identityOf(authentication.remote.identity);
}

/** This node's AUTH. */
export function proveSelf(
  basis: AuthBasis,
  connection: ConnectionConfig,
  id: IdPayload,
  identities: Pick<AuthContext, 'localIdentity' | 'remoteIdentity'>,
  world: World,
): Proof {
  const context = contextOf(basis, basis.role, id, identities, world);
  const { resumed } = basis.initial;
  if (resumed !== undefined) {
    const auth: AuthPayload = { type: 'AUTH', method: RESUMED_METHOD, data: resumedMac(context) };
    return { kind: 'made', auth, method: resumed.localAuthentication };
  }
  return proveIdentity(connection.authentication.local, context, world.random);
}

/** The peer's AUTH, with the CERTs beside it. `id` is its identity as it came. */
export function judgePeer(
  basis: AuthBasis,
  connection: ConnectionConfig,
  id: IdPayload,
  identities: Pick<AuthContext, 'localIdentity' | 'remoteIdentity'>,
  payloads: readonly Payload[],
  isPpkUsed: boolean,
  world: World,
): PeerVerdict {
  const auth = payloadOf(payloads, 'AUTH');
  if (auth === null) return { kind: 'refused', why: 'no AUTH payload' };
  const context = contextOf(basis, basis.role === 'initiator' ? 'responder' : 'initiator', id, identities, world);
  const { resumed } = basis.initial;
  if (resumed !== undefined) return world.steps.peerJudged(judgeResumed(resumed, id, auth, context));
  return world.steps.peerJudged(
    verifyPeer({
      ...context,
      auth,
      certificates: payloadsOf(payloads, 'CERT'),
      expected: connection.authentication.remote,
      isPpkUsed,
      limits: world.config.limits,
      epochSeconds: world.epochSeconds,
      fetched: world.fetched,
      memory: world.memory,
    }),
  );
}

/** RFC 5723 §4.3.3: a MAC by SK_p alone, whose keys only the ends of the old IKE SA have, and the identities that it had. */
function judgeResumed(resumed: Resumed, id: IdPayload, auth: AuthPayload, context: AuthContext): PeerVerdict {
  const { idType, data } = resumed.remoteIdentity;
  if (id.idType !== idType || !octetsEqual(id.data, data)) return { kind: 'refused', why: 'not whom the ticket is of' };
  if (auth.method !== RESUMED_METHOD || !icvsEqual(resumedMac(context), auth.data)) {
    return { kind: 'refused', why: 'AUTH is not over this exchange' };
  }
  return { kind: 'accepted', method: resumed.remoteAuthentication };
}

const RESUMED_METHOD = AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE;
const resumedMac = ({ prf, skP, octets }: AuthContext): Uint8Array => prf.compute(skP, octets);

/** What either end may say of itself in IKE_AUTH. */
export function authNotifies(connection: ConnectionConfig, sa: Unproven, world: World): Payload[] {
  const notifies: Payload[] = [];
  if (connection.quickCrashDetection) notifies.push(ownCrashToken(world.config, sa));
  if (connection.mobike) notifies.push(...mobikeNotifies({ connection, path: sa.path }, world));
  notifies.push(...windowNotifies(connection));
  return notifies;
}

function contextOf(
  basis: AuthBasis,
  signer: 'initiator' | 'responder',
  id: IdPayload,
  identities: Pick<AuthContext, 'localIdentity' | 'remoteIdentity'>,
  world: World,
): AuthContext {
  const { initial, keys, prf, extensions } = basis;
  const isInitiator = signer === 'initiator';
  const skP = isInitiator ? keys.skPi : keys.skPr;
  const octets = signedOctets(prf, {
    message: isInitiator ? initial.initiatorMessage : initial.responderMessage,
    nonce: isInitiator ? initial.responderNonce : initial.initiatorNonce,
    skP,
    id,
    intermediate: intermediateOf(basis),
  });
  return {
    credentials: credentialsOf(world.config),
    prf,
    skP,
    octets,
    ...identities,
    peerHashes: extensions.has('signatureAuthentication') ? initial.peerHashes : null,
  };
}

/** RFC 9242 §3.3.2: each exchange by the keys of its time. */
function intermediateOf({ initial, prf }: AuthBasis): IntermediateAuth | null {
  let initiator: Uint8Array | null = null;
  let responder: Uint8Array | null = null;
  for (const { skPi, skPr, request, response } of initial.intermediates) {
    initiator = intermediateAuth(prf, skPi, initiator, request);
    responder = intermediateAuth(prf, skPr, responder, response);
  }
  if (initiator === null || responder === null) return null;
  return { initiator, responder, authMessageId: initial.intermediates.length + 1 };
}

function identityOf(text: string): Identity {
  const identity = parseIdentity(text);
  if (identity === null) throw new Error(`the configuration of IKE has an identity that cannot be read: ${text}`);
  return identity;
}
