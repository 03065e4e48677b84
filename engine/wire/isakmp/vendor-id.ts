import { octetsEqual } from '../octets.ts';

/**
 * Vendor IDs that say what their sender can do, RFC 2408 §3.16. Most are the MD5 of a text. Compare by `isVendorId`: some have more
 * octets behind them.
 */
export const VendorId = {
  /** MD5 of the name, RFC 3947 §3.1. */
  'RFC 3947': octetsOf('4a131c81070358455c5728f20e95452f'),
  /** MD5 of the draft's name; -02 was hashed with a line feed too. */
  'draft-ietf-ipsec-nat-t-ike-03': octetsOf('7d9419a65310ca6f2c179d9215529d56'),
  'draft-ietf-ipsec-nat-t-ike-02\\n': octetsOf('90cb80913ebb696e086381b5ec427b1f'),
  'draft-ietf-ipsec-nat-t-ike-02': octetsOf('cd60464335df21f87cfdb2fc68b6a448'),
  'draft-ietf-ipsec-nat-t-ike-00': octetsOf('4485152d18b6bbcd0be8a8469579ddcc'),
  /** RFC 3706 §5.1, version 1.0. */
  'Dead Peer Detection': octetsOf('afcad71368a1f1c96b8696fc77570100'),
  /** draft-ietf-ipsec-isakmp-xauth-06 §2. */
  XAUTH: octetsOf('09002689dfd6b712'),
  'Cisco Unity': octetsOf('12f5f28c457168a9702d9fe274cc0100'),
  /** MD5 of this word; behind it Cisco and Microsoft say in 4 octets for which phase 1 (`[MS-IKEE]` §2.2.3.1). */
  FRAGMENTATION: octetsOf('4048b7d56ebce88525e7de7f00d6c2d3'),
  /** MD5 of these words: Windows, its version in 4 octets behind it. */
  'MS NT5 ISAKMPOAKLEY': octetsOf('1e2b516905991c7d7c96fcbfb587e461'),
  strongSwan: octetsOf('882fe56d6fd20dbc2251613b2ebe5beb'),
} as const satisfies Readonly<Record<string, Uint8Array>>;

export type VendorIdName = keyof typeof VendorId;

/** Whether `data` is this one, or begins with it where more may follow. */
export function isVendorId(name: VendorIdName, data: Uint8Array): boolean {
  const known = VendorId[name];
  return octetsEqual(OPEN_ENDED.has(name) ? data.subarray(0, known.length) : data, known);
}

/** null: nobody whom we know. */
export function vendorIdName(data: Uint8Array): VendorIdName | null {
  return NAMES.find(name => isVendorId(name, data)) ?? null;
}

const NAMES = Object.keys(VendorId) as VendorIdName[];

/** A version, or bits, may stand behind these. */
const OPEN_ENDED: ReadonlySet<VendorIdName> = new Set(['FRAGMENTATION', 'MS NT5 ISAKMPOAKLEY']);

function octetsOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from({ length: hexadecimal.length / 2 }, (_, i) =>
    Number.parseInt(hexadecimal.slice(2 * i, 2 * i + 2), 16),
  );
}
