import { OctetString } from '@peculiar/asn1-schema';
import * as ocsp from '@peculiar/asn1-ocsp';
import * as x509 from '@peculiar/asn1-x509';
import type { Random } from '../crypto/random.ts';
import { sign } from '../crypto/sign.ts';
import { algorithmIdentifier } from '../crypto/signature-scheme.ts';
import type { Revocation } from './crl.ts';
import { Tag } from '../wire/der-reader.ts';
import { der } from '../wire/der-writer.ts';
import { asn, asnTime, buffer, octets } from './encode-certificate.ts';
import { keyIdentifier, rawExtension } from './encode-extensions.ts';
import { reasonCode } from './encode-crl.ts';
import { type Authority, usualScheme } from './issue.ts';
import type { CertId } from './ocsp-request.ts';
import { Oid } from './oid.ts';

/** Times in seconds since the Unix epoch. */
export interface OcspOrder {
  readonly answers: readonly { readonly id: CertId; readonly status: 'good' | 'unknown' | Revocation }[];
  readonly thisUpdate: number;
  /** null: only for now. */
  readonly nextUpdate: number | null;
  /** Of the request. */
  readonly nonce: Uint8Array | null;
}

export type OcspError = 'malformedRequest' | 'internalError' | 'tryLater' | 'unauthorized';

/** A response by the issuer itself, or (`isDelegate`) by whom it has certified, whose certificate goes with it. RFC 6960 §4.2. */
export function encodeOcspResponse(
  order: OcspOrder,
  responder: Authority,
  isDelegate: boolean,
  random: Random,
): Uint8Array {
  const { certificate, key } = responder;
  const scheme = usualScheme(key.public);
  const { nonce, thisUpdate } = order;
  const producedAt = asnTime(thisUpdate).getTime();
  const tbsResponseData = new ocsp.ResponseData({
    responderID: new ocsp.ResponderID({ byKey: new ocsp.KeyHash(buffer(keyIdentifier(key.public.spki))) }),
    producedAt,
    responses: order.answers.map(answer => singleResponse(answer, order)),
    ...(nonce === null ? {} : { responseExtensions: [nonceExtension(nonce)] }),
  });
  const basic = new ocsp.BasicOCSPResponse({
    tbsResponseData,
    signatureAlgorithm: asn(algorithmIdentifier(scheme), x509.AlgorithmIdentifier),
    signature: buffer(sign(key, scheme, octets(tbsResponseData), random)),
    ...(isDelegate ? { certs: [asn(certificate.der, x509.Certificate)] } : {}),
  });
  const responseBytes = new ocsp.ResponseBytes({
    responseType: Oid.OCSP_BASIC,
    response: new OctetString(octets(basic)),
  });
  return octets(new ocsp.OCSPResponse({ responseStatus: ocsp.OCSPResponseStatus.successful, responseBytes }));
}

/** An error is not signed, RFC 6960 §2.3. */
export function encodeOcspError(error: OcspError): Uint8Array {
  const codes = { malformedRequest: 1, internalError: 2, tryLater: 3, unauthorized: 6 } as const;
  return der(Tag.SEQUENCE, der(Tag.ENUMERATED, Uint8Array.of(codes[error])));
}

function singleResponse({ id, status }: OcspOrder['answers'][number], order: OcspOrder): ocsp.SingleResponse {
  return new ocsp.SingleResponse({
    certID: new ocsp.CertID({
      hashAlgorithm: new x509.AlgorithmIdentifier({
        algorithm: id.hash === 'sha1' ? Oid.SHA1 : Oid.SHA256,
        parameters: null,
      }),
      issuerNameHash: new OctetString(id.issuerNameHash),
      issuerKeyHash: new OctetString(id.issuerKeyHash),
      serialNumber: buffer(id.serial),
    }),
    certStatus: certStatus(status),
    thisUpdate: asnTime(order.thisUpdate).getTime(),
    ...(order.nextUpdate === null ? {} : { nextUpdate: asnTime(order.nextUpdate).getTime() }),
  });
}

function certStatus(status: 'good' | 'unknown' | Revocation): ocsp.CertStatus {
  if (status === 'good') return new ocsp.CertStatus({ good: null });
  if (status === 'unknown') return new ocsp.CertStatus({ unknown: null });
  const code = status.reason === null ? null : reasonCode(status.reason);
  const reason = code === null || code === 0 ? {} : { revocationReason: new x509.CRLReason(code) };
  return new ocsp.CertStatus({
    revoked: new ocsp.RevokedInfo({ revocationTime: asnTime(status.at).getTime(), ...reason }),
  });
}

function nonceExtension(nonce: Uint8Array): x509.Extension {
  return rawExtension(Oid.OCSP_NONCE, false, der(Tag.OCTET_STRING, nonce));
}
