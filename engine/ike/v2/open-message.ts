import { coveredOf } from '../../wire/ike/encrypted.ts';
import type { IkeMessage } from '../../wire/ike/message.ts';
import type { EncryptedFragmentPayload, EncryptedPayload } from '../../wire/ike/payload.ts';
import type { Core } from './core.ts';
import { collect, type FragmentSet } from './fragments.ts';
import { cipherKeysOf } from './ike-keys.ts';
import type { IkeKeys, KeyedIkeSa } from './ike-sa.ts';
import { refuseMessage } from './refuse.ts';
import { storeSa } from './sa-table.ts';
import { withoutPadding } from './sealing.ts';
import { placeOf } from './windows.ts';

/** What is inside of SK or SKF; null: it was not made with the keys of the peer. */
export function openMessage(
  sa: KeyedIkeSa,
  message: IkeMessage,
  payload: EncryptedPayload | EncryptedFragmentPayload,
  octets: Uint8Array,
) {
  const sender = sa.role === 'initiator' ? 'responder' : 'initiator';
  const openBy = (keys: IkeKeys) =>
    sa.cipher.open(cipherKeysOf(keys, sender), coveredOf(octets, message), payload.body);
  const plaintext = openBy(sa.keys) ?? openEarlier(sa, message, openBy);
  return plaintext === null ? null : withoutPadding(plaintext);
}

/** The request of the last additional key exchange comes again under the keys that it came under, RFC 9242 §3.3.1. */
function openEarlier(sa: KeyedIkeSa, message: IkeMessage, openBy: (keys: IkeKeys) => Uint8Array | null) {
  if (sa.kind !== 'halfOpen' || sa.earlierKeys === undefined || message.isResponse) return null;
  return placeOf(sa.windows.responses, message.messageId) === 'answered' ? openBy(sa.earlierKeys) : null;
}

/** Fragments of a message, until it is whole; null: it is not yet. */
export function gather(
  core: Core,
  sa: KeyedIkeSa,
  { messageId, isResponse }: IkeMessage,
  fragment: EncryptedFragmentPayload,
  inner: Uint8Array,
): { readonly sa: KeyedIkeSa; readonly firstPayload: number; readonly inner: Uint8Array } | null {
  const isSame = (set: FragmentSet) => set.messageId === messageId && set.isResponse === isResponse;
  const others = sa.fragments.filter(set => !isSame(set) && isAwaited(sa, set));
  const known = sa.fragments.find(isSame) ?? null;
  const collected = collect(known, { messageId, isResponse }, fragment, inner, core.config.limits.messageOctets);
  if (collected.kind === 'whole') return { ...collected, sa: { ...sa, fragments: others } };
  if (collected.kind === 'tooBig') refuseMessage(core, sa, 'fragments of more than any message');
  const sets =
    collected.kind === 'more' ? [...others, collected.set] : collected.kind === 'old' ? sa.fragments : others;
  storeSa(core, { ...sa, fragments: sets });
  return null;
}

/** Whether a message may still become whole: others were answered, or came in one piece. */
function isAwaited({ windows }: KeyedIkeSa, { messageId, isResponse }: FragmentSet): boolean {
  if (!isResponse) return placeOf(windows.responses, messageId) === 'new';
  return windows.requests.outstanding.some(({ header }) => header.messageId === messageId);
}
