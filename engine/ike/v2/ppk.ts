import { prfPlus } from '../../crypto/prf-table.ts';
import type { Prf } from '../../crypto/prf.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import type { Credentials } from '../credentials.ts';
import type { CommonIkeSa, IkeKeys } from './ike-sa.ts';
import { notifyOf, notifyPayload } from './notify.ts';

/**
 * Postquantum preshared keys, RFC 8784: both ends say N(USE_PPK) in IKE_SA_INIT; IKE_AUTH then has
 *
 *     HDR, SK {IDi, ..., AUTH, ..., N(PPK_IDENTITY, PPK_ID), [N(NO_PPK_AUTH)]}  -->
 *                                    <--  HDR, SK {IDr, ..., AUTH, ..., N(PPK_IDENTITY)}
 */
export interface Ppk {
  readonly id: string;
  readonly key: Uint8Array;
}

/** SK_d, SK_pi and SK_pr with a PPK mixed in, §3; messages go on under the keys that they are under. */
export function withPpk(prf: Prf, ppk: Uint8Array, keys: IkeKeys): IkeKeys {
  const mixed = (key: Uint8Array) => prfPlus(prf, ppk, key, key.length);
  const { skAi, skAr, skEi, skEr } = keys;
  return { skD: mixed(keys.skD), skAi, skAr, skEi, skEr, skPi: mixed(keys.skPi), skPr: mixed(keys.skPr) };
}

/** What the initiator uses: the first key of the connection that it has. null: none. */
export function ppkToOffer({ ppk }: Pick<ConnectionConfig, 'ppk'>, { ppks }: Credentials): Ppk | null {
  for (const id of ppk?.ids ?? []) {
    const key = ppks.get(id);
    if (key !== undefined) return { id, key };
  }
  return null;
}

/** The same of an exchange in which both have said USE_PPK; null: without. */
export function ppkInUse(
  { extensions, connection }: Pick<CommonIkeSa, 'extensions' | 'connection'>,
  known: Credentials,
) {
  return extensions.has('ppk') ? ppkToOffer(connection, known) : null;
}

/** An IKE SA with the keys that it has by a PPK; null: as it is. */
export function mixed<T extends { readonly prf: Prf; readonly keys: IkeKeys }>(sa: T, ppk: Ppk | null): T {
  return ppk === null ? sa : { ...sa, keys: withPpk(sa.prf, ppk.key, sa.keys) };
}

/** Type 2 of §5.1: a fixed string that both ends were told. */
const PPK_ID_FIXED = 2;

export function ppkIdentityNotify(ppk: Ppk): NotifyPayload {
  return notifyPayload(
    NotifyType.PPK_IDENTITY,
    Buffer.concat([Uint8Array.of(PPK_ID_FIXED), Buffer.from(ppk.id, 'utf8')]),
  );
}

/** What the responder does, §3 table 1. */
export type PpkChoice =
  | { readonly kind: 'use'; readonly ppk: Ppk }
  /** Without: where the initiator offered a PPK that is not known here, its AUTH is the one of NO_PPK_AUTH. */
  | { readonly kind: 'without'; readonly authData: Uint8Array | null }
  | { readonly kind: 'refuse'; readonly why: string };

/** `isAgreed`: USE_PPK was said by both. */
export function choosePpk(
  { ppk: wanted }: Pick<ConnectionConfig, 'ppk'>,
  { ppks }: Credentials,
  isAgreed: boolean,
  request: readonly Payload[],
): PpkChoice {
  const isRequired = wanted?.isRequired ?? false;
  const identity = isAgreed ? notifyOf(request, NotifyType.PPK_IDENTITY) : null;
  if (identity === null) {
    if (isRequired) return { kind: 'refuse', why: 'the peer uses no PPK, which is required' };
    return { kind: 'without', authData: null };
  }
  const id = identity.data[0] === PPK_ID_FIXED ? Buffer.from(identity.data.subarray(1)).toString('utf8') : null;
  const key = id !== null && wanted?.ids.includes(id) === true ? ppks.get(id) : undefined;
  if (id !== null && key !== undefined) return { kind: 'use', ppk: { id, key } };
  const without = notifyOf(request, NotifyType.NO_PPK_AUTH);
  if (isRequired || without === null) return { kind: 'refuse', why: 'the PPK of the peer is not known here' };
  return { kind: 'without', authData: without.data };
}
