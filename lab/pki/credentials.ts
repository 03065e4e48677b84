import type { Random } from '../../engine/crypto/random.ts';
import { encodeCrl } from '../../engine/pki/encode-crl.ts';
import type { NodeCredentials } from '../topology/ike-config.ts';
import type { CredentialNames, Topology } from '../topology/model.ts';
import { crlOrder } from './crl-order.ts';
import type { MadeAuthority, MadeKey, MadePki } from './make.ts';
import { served } from './plan.ts';
import type { Publication } from './publication.ts';

/** A list that nobody publishes has to do for as long as the lab runs. Seconds. */
const HANDED_OUT_SECONDS = 10 * 365 * 86_400;

/** What a node is given of what was made. Throws where a name was not made, or the node does not negotiate. */
export function credentialsOf(topology: Topology, made: MadePki, name: string, random: Random): NodeCredentials {
  const names = topology.nodes.find(node => node.name === name)?.ike?.credentials;
  if (names === undefined) throw new Error(`node ${name} does not negotiate`);
  return {
    keys: names.keys.map(key => ownKey(made, key)),
    anchors: names.anchors.map(anchor => ({
      name: anchor,
      certificate: hex(must(made.authorities.get(anchor), anchor).certificate.der),
    })),
    peers: names.peers.map(peer => hex(must(keyNamed(made, peer).certificate, peer).der)),
    rawKeys: names.rawKeys.map(({ identity, key }) => ({ identity, spki: hex(keyNamed(made, key).key.public.spki) })),
    crls: handedOut(made, names, random),
  };
}

/** What the server is told; null: there is none. */
export function publicationOf(made: MadePki): Publication | null {
  const { description, authorities, keys } = made;
  if (description.server === null) return null;
  return {
    authorities: description.authorities.map(({ name, publishesCrl, answersOcsp }) => {
      const { certificate, key, issued } = must(authorities.get(name), name);
      return {
        name,
        certificate: hex(certificate.der),
        pkcs8: hex(key.pkcs8),
        publishesCrl,
        answersOcsp,
        issued: issued.map(entry => ({
          name: entry.name,
          serial: hex(entry.certificate.serial),
          revoked: entry.revoked,
        })),
      };
    }),
    certificates: [...keys].flatMap(([name, { certificate, chain }]) =>
      certificate === null
        ? []
        : [{ name, certificate: hex(certificate.der), chain: chain.map(({ der }) => hex(der)) }],
    ),
  };
}

function ownKey(made: MadePki, name: string): NodeCredentials['keys'][number] {
  const { key, certificate, chain } = keyNamed(made, name);
  const certificates = certificate === null ? [] : [certificate, ...chain];
  return {
    name,
    pkcs8: hex(key.pkcs8),
    chain: certificates.map(({ der }) => hex(der)),
    url: certificate === null ? null : served(made.description, `certificates/${name}.der`),
  };
}

/** Lists of authorities that have revoked somebody and publish nothing: everybody has them from the beginning. */
function handedOut(made: MadePki, { anchors }: CredentialNames, random: Random): readonly string[] {
  if (anchors.length === 0) return [];
  return made.description.authorities.flatMap(({ name, publishesCrl, answersOcsp }) => {
    const authority = must(made.authorities.get(name), name);
    const isPublished = made.description.server !== null && (publishesCrl || answersOcsp);
    if (isPublished || !authority.issued.some(({ revoked }) => revoked !== null)) return [];
    return [
      hex(encodeCrl(crlOrder(entriesOf(authority), made.start, made.start, HANDED_OUT_SECONDS), authority, random)),
    ];
  });
}

function entriesOf({ issued }: MadeAuthority) {
  return issued.map(({ certificate, revoked }) => ({ serial: certificate.serial, revoked }));
}

function keyNamed(made: MadePki, name: string): MadeKey {
  return must(made.keys.get(name), name);
}

function must<T>(value: T | null | undefined, name: string): T {
  if (value === null || value === undefined) throw new Error(`${name} of pki was not made`);
  return value;
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
