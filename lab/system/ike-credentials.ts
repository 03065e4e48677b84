import type { NodeCertificates } from '../../engine/config/key-connections.ts';
import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { type Certificate, isSelfIssued } from '../../engine/pki/certificate.ts';
import { namesEqual } from '../../engine/pki/name.ts';
import type { PrivateKey } from '../../engine/crypto/signature.ts';
import type { CertificateList } from '../../engine/pki/crl.ts';
import { octetsEqual } from '../../engine/wire/octets.ts';
import { certificatesOf, crlsOf, namesOf, privateKeysOf } from './certificate-store.ts';
import type { Files } from './files.ts';

/** What a node's files have to prove identities with. */
export interface NodeCredentials {
  readonly known: NodeCertificates;
  readonly config: CredentialsConfig;
  /** The place in `config.keys` of the certificate of that name. */
  readonly keyNamed: (name: string) => number | null;
}

/** More between a certificate and its root is no chain that anybody builds. */
const CHAIN_MAX = 8;

/** A certificate as its node's files call it: by slot, or by name. */
export interface HeldCertificate {
  readonly name: string;
  readonly slot: number | null;
  readonly content: Certificate;
}

/** Of the databases of ikecert. */
export function ikeCredentials(files: Files): NodeCredentials {
  const held = certificatesOf(files).map(({ slot, content }) => ({ name: String(slot), slot, content }));
  const keys = privateKeysOf(files).map(({ content }) => content);
  return credentialsOf(
    keys,
    held,
    crlsOf(files).map(({ content }) => content),
  );
}

export function credentialsOf(
  keys: readonly PrivateKey[],
  all: readonly HeldCertificate[],
  crls: readonly CertificateList[],
): NodeCredentials {
  const keyOf = ({ content }: HeldCertificate) => keys.find(key => octetsEqual(key.public.spki, content.spki)) ?? null;
  const isOwn = (each: HeldCertificate) => keyOf(each) !== null;
  const own = all.filter(isOwn);
  const others = all.filter(slot => !isOwn(slot));
  const roots = others.filter(({ content }) => isSelfIssued(content) && isCa(content));
  const known = ({ name, slot, content }: HeldCertificate) => ({ ...namesOf(content), name, slot });
  return {
    known: {
      own: own.map(known),
      peers: others.map(known),
      authorities: roots.map(known),
    },
    config: {
      keys: own.flatMap(each => {
        const key = keyOf(each);
        const chain = [each.content, ...issuersOf(each.content, others)];
        return key === null ? [] : [{ pkcs8: hex(key.pkcs8), chain: chain.map(({ der }) => hex(der)) }];
      }),
      anchors: roots.map(({ name, content }) => ({ name, certificate: hex(content.der) })),
      peers: others.filter(({ content }) => !isCa(content)).map(({ content }) => hex(content.der)),
      rawKeys: [],
      crls: crls.map(({ der }) => hex(der)),
    },
    keyNamed: name => {
      const at = own.findIndex(each => each.name === name);
      return at < 0 ? null : at;
    },
  };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const isCa = ({ extensions }: Certificate): boolean => extensions.basicConstraints?.isCa === true;

/** Those between a certificate and its root, without the root. */
function issuersOf(leaf: Certificate, others: readonly HeldCertificate[]): Certificate[] {
  const chain: Certificate[] = [];
  for (let last = leaf; chain.length < CHAIN_MAX && !isSelfIssued(last); ) {
    const issuer = others.find(({ content }) => isCa(content) && namesEqual(content.subject, last.issuer))?.content;
    if (issuer === undefined || isSelfIssued(issuer)) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}
