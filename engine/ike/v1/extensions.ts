import type { IsakmpPayload, IsakmpVendorIdPayload } from '../../wire/isakmp/payload.ts';
import { isVendorId, VendorId, type VendorIdName } from '../../wire/isakmp/vendor-id.ts';
import type { ConnectionConfig } from '../config.ts';
import { DEFAULT_V1, type V1Config } from '../v1-config.ts';
import { payloadsOf } from './exchange-table.ts';
import type { Extension } from './isakmp-sa.ts';

/** What this end does of what is said by vendor IDs, RFC 2408 §3.16; it sends them in its first message. */

/** The best way to find NATs first: RFC 3947 §3.1 has both ends take the first that both know. */
const NAT_WAYS = [
  { extension: 'natTraversal', vendorId: 'RFC 3947' },
  { extension: 'natTraversal03', vendorId: 'draft-ietf-ipsec-nat-t-ike-03' },
  { extension: 'natTraversal02', vendorId: 'draft-ietf-ipsec-nat-t-ike-02\\n' },
] as const satisfies readonly { readonly extension: Extension; readonly vendorId: VendorIdName }[];

/** Two that say the same. */
const ALSO_NAT_02: VendorIdName = 'draft-ietf-ipsec-nat-t-ike-02';

/** The vendor IDs of a first message of this end. */
export function vendorIdsOf(connection: ConnectionConfig): IsakmpVendorIdPayload[] {
  const v1 = v1Of(connection);
  const names: VendorIdName[] = ['Dead Peer Detection'];
  if (v1.natTraversal !== 'no') names.push(...NAT_WAYS.map(({ vendorId }) => vendorId), ALSO_NAT_02);
  if (v1.xauth !== null) names.push('XAUTH');
  if (v1.modeConfig !== 'none') names.push('Cisco Unity');
  const payloads = names.map((name): IsakmpVendorIdPayload => ({ type: 'VID', data: VendorId[name] }));
  if (connection.fragmentation === 'no') return payloads;
  // As deployed: 0x80000000 behind it says that both Main Mode and Quick Mode may be cut.
  const data = Buffer.concat([VendorId.FRAGMENTATION, Uint8Array.of(0x80, 0, 0, 0)]);
  return [...payloads, { type: 'VID', data }];
}

/** What both ends do, by the vendor IDs in the peer's first message. */
export function extensionsInUse(connection: ConnectionConfig, payloads: readonly IsakmpPayload[]): Set<Extension> {
  const v1 = v1Of(connection);
  const said = payloadsOf(payloads, 'VID');
  const says = (name: VendorIdName) => said.some(({ data }) => isVendorId(name, data));
  const extensions = new Set<Extension>();
  if (connection.fragmentation !== 'no' && says('FRAGMENTATION')) extensions.add('fragmentation');
  if (says('Dead Peer Detection')) extensions.add('deadPeerDetection');
  if (says('XAUTH')) extensions.add('xauth');
  if (says('Cisco Unity')) extensions.add('unity');
  if (v1.natTraversal !== 'no') {
    const way = NAT_WAYS.find(({ vendorId }) => says(vendorId));
    if (way !== undefined) extensions.add(way.extension);
    else if (says(ALSO_NAT_02)) extensions.add('natTraversal02');
  }
  return extensions;
}

/** What a connection says of IKEv1. */
export const v1Of = ({ v1 }: Pick<ConnectionConfig, 'v1'>): V1Config => v1 ?? DEFAULT_V1;

/** Whether NATs are looked for. */
export const findsNats = (extensions: ReadonlySet<Extension>): boolean =>
  NAT_WAYS.some(({ extension }) => extensions.has(extension));

/** Whether both ends have the payload numbers of a draft before RFC 3947. */
export const usesNatDraft = (extensions: ReadonlySet<Extension>): boolean =>
  extensions.has('natTraversal02') || extensions.has('natTraversal03');
