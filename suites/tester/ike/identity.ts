import { Writer } from '../../../engine/wire/writer.ts';
import { encodeId } from '../../../engine/wire/ike/payload-id.ts';
import type { IdPayload } from '../../../engine/wire/ike/payload.ts';
import { IdType } from '../../../engine/wire/ike/registry.ts';

/** ID_FQDN. */
export function fqdn(type: IdPayload['type'], name: string): IdPayload {
  return { type, idType: IdType.ID_FQDN, data: Buffer.from(name, 'latin1') };
}

/** RestOfInitIDPayload or RestOfRespIDPayload, RFC 7296 §2.15. */
export function idBody(id: IdPayload): Uint8Array {
  const out = new Writer();
  encodeId(id, out);
  return out.finish();
}
