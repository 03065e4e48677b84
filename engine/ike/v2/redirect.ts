import { type Address, formatAddress, parseAddress } from '../../wire/address.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { GatewayIdentity, NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { notifyOf, notifyPayload } from './notify.ts';

/**
 * Redirect, RFC 5685. The data of REDIRECT and REDIRECTED_FROM:
 *     | GW Ident Type | GW Ident Len  |  gateway identity ...  |  nonce data ... (in IKE_SA_INIT alone)
 */
export interface Redirection {
  /** An address, as text; names are not looked up by this node. */
  readonly to: string;
  /** Ni, echoed in IKE_SA_INIT; empty elsewhere. */
  readonly nonce: Uint8Array;
}

/** `nonce`: of the request that it answers, in IKE_SA_INIT; null elsewhere. Throws when `to` is no address. */
export function redirectNotify(to: string, nonce: Uint8Array | null): NotifyPayload {
  const address = parseAddress(to);
  if (address === null) throw new Error(`${to} is no address to redirect to`);
  return notifyPayload(NotifyType.REDIRECT, Buffer.concat([gateway(address), nonce ?? new Uint8Array(0)]));
}

export function redirectedFromNotify(address: Address): NotifyPayload {
  return notifyPayload(NotifyType.REDIRECTED_FROM, gateway(address));
}

/** Whether a connection sends initiators to another address than the one that they came to. */
export function sendsElsewhere<C extends Pick<ConnectionConfig, 'redirectTo'>>(
  connection: C,
  here: Address,
): connection is C & { readonly redirectTo: string } {
  return connection.redirectTo !== null && connection.redirectTo !== formatAddress(here);
}

/** Whether an initiator can be redirected: one that was already has said so by that, §3. */
export function canBeRedirected(request: readonly Payload[]): boolean {
  const types = [NotifyType.REDIRECT_SUPPORTED, NotifyType.REDIRECTED_FROM];
  return types.some(type => notifyOf(request, type) !== null);
}

/** null: there is none, or it is not well formed, or names a gateway by what is not an address. */
export function readRedirect(payloads: readonly Payload[]): Redirection | null {
  const notify = notifyOf(payloads, NotifyType.REDIRECT);
  if (notify === null) return null;
  const [type, octets] = notify.data;
  if (type === undefined || octets === undefined || notify.data.length < 2 + octets) return null;
  if (octets !== (type === GatewayIdentity.IPV4 ? 4 : type === GatewayIdentity.IPV6 ? 16 : -1)) return null;
  const to = formatAddress(notify.data.subarray(2, 2 + octets));
  return { to, nonce: Uint8Array.from(notify.data.subarray(2 + octets)) };
}

/** Of an IKE_SA_INIT response: whoever has not seen our nonce is not heard, §3. */
export function echoesNonce({ nonce }: Redirection, ours: Uint8Array): boolean {
  return octetsEqual(nonce, ours);
}

/** §7. */
export const REDIRECTS_MAX = 5;
export const REDIRECT_LOOP_SECONDS = 300;

function gateway(address: Address): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(address.length === 4 ? GatewayIdentity.IPV4 : GatewayIdentity.IPV6, address.length),
    address,
  ]);
}
