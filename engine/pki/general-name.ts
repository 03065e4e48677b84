import { contextConstructed, contextPrimitive, type DerElement, type DerReader } from '../wire/der-reader.ts';
import { decodeName } from './name.ts';

/** GeneralName, RFC 5280 §4.2.1.6. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  /** 4 or 16 octets; in a name constraint twice as many: address and mask. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  /** A Name, DER. */
  | { readonly kind: 'directory'; readonly name: Uint8Array }
  /** otherName, x400Address, ediPartyName, registeredID: kept by their number. */
  | { readonly kind: 'other'; readonly number: number; readonly octets: Uint8Array };

const NAMES_MAX = 256;
const TEXT_KINDS: ReadonlyMap<number, 'email' | 'dns' | 'uri'> = new Map([
  [contextPrimitive(1), 'email'],
  [contextPrimitive(2), 'dns'],
  [contextPrimitive(6), 'uri'],
]);
const DIRECTORY = contextConstructed(4);
const IP_ADDRESS = contextPrimitive(7);

/** Reads names up to the end of the reader, 256 at most. Throws `WireError`. */
export function decodeGeneralNames(names: DerReader): readonly GeneralName[] {
  const found: GeneralName[] = [];
  while (!names.isAtEnd) {
    if (found.length === NAMES_MAX) throw names.error('GeneralNames', `are more than ${NAMES_MAX}`);
    found.push(generalNameOf(names.any('GeneralName'), names));
  }
  return found;
}

/** `reader` is for the error alone. */
export function generalNameOf({ tag, content }: DerElement, reader: DerReader): GeneralName {
  const kind = TEXT_KINDS.get(tag);
  if (kind !== undefined) {
    if (content.some(octet => octet >= 0x80 || octet < 0x20)) throw reader.error('GeneralName', 'is not an IA5String');
    return { kind, text: Buffer.from(content).toString('latin1') };
  }
  if (tag === IP_ADDRESS) {
    if (![4, 8, 16, 32].includes(content.length)) throw reader.error('iPAddress', `has ${content.length} octets`);
    return { kind: 'ip', octets: content };
  }
  if (tag === DIRECTORY) {
    decodeName(content); // explicit tag of a CHOICE: the Name is inside, whole
    return { kind: 'directory', name: content };
  }
  if ((tag & 0xc0) !== 0x80 || (tag & 0x1f) > 8) throw reader.error('GeneralName', 'is of no kind that there is');
  return { kind: 'other', number: tag & 0x1f, octets: content };
}
