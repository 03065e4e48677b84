import type { NodeCertificates } from '../../engine/config/key-connections.ts';
import type { CredentialsConfig } from '../../engine/ike/config.ts';
import { type Certificate, isSelfIssued } from '../../engine/pki/certificate.ts';
import { namesEqual } from '../../engine/pki/name.ts';
import { certificatesOf, crlsOf, keySlotOf, knownCertificate, privateKeysOf, type Slot } from './certificate-store.ts';
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

export function ikeCredentials(files: Files): NodeCredentials {
  const keys = privateKeysOf(files);
  const all = certificatesOf(files);
  const isOwn = ({ content }: Slot<Certificate>) => keySlotOf(keys, content.spki) !== null;
  const own = all.filter(isOwn);
  const others = all.filter(slot => !isOwn(slot));
  const roots = others.filter(({ content }) => isSelfIssued(content) && isCa(content));
  return {
    known: {
      own: own.map(knownCertificate),
      peers: others.map(knownCertificate),
      authorities: roots.map(knownCertificate),
    },
    config: {
      keys: own.flatMap(({ content }) => {
        const key = keys.find(({ slot }) => slot === keySlotOf(keys, content.spki));
        if (key === undefined) return [];
        return [
          { pkcs8: hex(key.content.pkcs8), chain: [content, ...issuersOf(content, others)].map(({ der }) => hex(der)) },
        ];
      }),
      anchors: roots.map(({ slot, content }) => ({ name: String(slot), certificate: hex(content.der) })),
      peers: others.filter(({ content }) => !isCa(content)).map(({ content }) => hex(content.der)),
      rawKeys: [],
      crls: crlsOf(files).map(({ content }) => hex(content.der)),
    },
    keyNamed: name => {
      const at = own.findIndex(({ slot }) => String(slot) === name);
      return at < 0 ? null : at;
    },
  };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

const isCa = ({ extensions }: Certificate): boolean => extensions.basicConstraints?.isCa === true;

/** Those between a certificate and its root, without the root. */
function issuersOf(leaf: Certificate, others: readonly Slot<Certificate>[]): Certificate[] {
  const chain: Certificate[] = [];
  for (let last = leaf; chain.length < CHAIN_MAX && !isSelfIssued(last); ) {
    const issuer = others.find(({ content }) => isCa(content) && namesEqual(content.subject, last.issuer))?.content;
    if (issuer === undefined || isSelfIssued(issuer)) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}
