import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import type { Extension } from './ike-sa.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { hashesOffered, readHashes, writeHashes } from './signature-auth.ts';

/** An extension that both ends name in IKE_SA_INIT. */
interface Announced {
  readonly extension: Extension;
  readonly notifyType: number;
  /** Who says it; the responder of `both` only where the initiator has. */
  readonly saidBy: 'both' | 'initiator' | 'responder';
  readonly wants: (connection: ConnectionConfig) => boolean;
}

const ANNOUNCED: readonly Announced[] = [
  {
    extension: 'fragmentation', // RFC 7383 §2.3
    notifyType: NotifyType.IKEV2_FRAGMENTATION_SUPPORTED,
    saidBy: 'both',
    wants: ({ fragmentation }) => fragmentation !== 'no',
  },
  {
    extension: 'intermediate', // RFC 9242 §3.1
    notifyType: NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED,
    saidBy: 'both',
    wants: ({ proposals }) => proposals.some(proposal => proposal.additionalKeyExchanges.length > 0),
  },
  {
    extension: 'ppk', // RFC 8784 §3
    notifyType: NotifyType.USE_PPK,
    saidBy: 'both',
    wants: ({ ppk }) => ppk !== null,
  },
  {
    extension: 'redirect', // RFC 5685 §3
    notifyType: NotifyType.REDIRECT_SUPPORTED,
    saidBy: 'initiator',
    wants: ({ followsRedirects }) => followsRedirects,
  },
  {
    extension: 'childless', // RFC 6023 §3
    notifyType: NotifyType.CHILDLESS_IKEV2_SUPPORTED,
    saidBy: 'responder',
    wants: ({ childless }) => childless !== 'no',
  },
];

/** What an initiator says that it can. */
export function initiatorNotifies(connection: ConnectionConfig): NotifyPayload[] {
  const said = ANNOUNCED.filter(one => one.saidBy !== 'responder' && one.wants(connection));
  return [...said.map(({ notifyType }) => notifyPayload(notifyType)), hashNotify([connection])];
}

/** What a responder says, to what the initiator has said; `connections` are those that the peer may mean. */
export function responderNotifies(
  connections: readonly ConnectionConfig[],
  request: readonly Payload[],
): NotifyPayload[] {
  const said = ANNOUNCED.filter(({ saidBy, notifyType, wants }) => {
    if (saidBy === 'initiator' || !connections.some(wants)) return false;
    return saidBy === 'responder' || notifyOf(request, notifyType) !== null;
  });
  return [...said.map(({ notifyType }) => notifyPayload(notifyType)), hashNotify(connections)];
}

/** What is in use from here on, by what the peer has said. */
export function extensionsInUse(
  connections: readonly ConnectionConfig[],
  received: readonly Payload[],
): ReadonlySet<Extension> {
  const used = ANNOUNCED.filter(
    ({ notifyType, wants }) => connections.some(wants) && notifyOf(received, notifyType) !== null,
  );
  const extensions = new Set(used.map(({ extension }) => extension));
  if (peerHashes(received) !== null) extensions.add('signatureAuthentication');
  if (connections[0]?.forceEncapsulation === true) extensions.add('encapsulation');
  return extensions;
}

/** RFC 7427 §4: the hash algorithms with which the peer can verify; null: it has not said. */
export function peerHashes(received: readonly Payload[]): readonly number[] | null {
  const said = notifyOf(received, NotifyType.SIGNATURE_HASH_ALGORITHMS);
  return said === null ? null : readHashes(said.data);
}

function hashNotify(connections: readonly ConnectionConfig[]): NotifyPayload {
  const schemes = connections.map(({ authentication }) => authentication.remote.schemes);
  // One that leaves it open allows what is not legacy.
  const hashes = new Set(schemes.flatMap(hashesOffered));
  return notifyPayload(NotifyType.SIGNATURE_HASH_ALGORITHMS, writeHashes([...hashes].sort((a, b) => a - b)));
}
