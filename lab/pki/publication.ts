/**
 * What Charles needs to know to answer over HTTP, as plain JSON: a live node's server is a process of its own. DER is
 * hexadecimal. Secret: it has the keys of authorities.
 */
export interface Publication {
  readonly authorities: readonly PublishedAuthority[];
  /** Certificates that stand at a URL, RFC 7296 §3.6. */
  readonly certificates: readonly {
    readonly name: string;
    readonly certificate: string;
    /** Those between it and its anchor. */
    readonly chain: readonly string[];
  }[];
}

export interface PublishedAuthority {
  readonly name: string;
  readonly certificate: string;
  readonly pkcs8: string;
  readonly publishesCrl: boolean;
  readonly answersOcsp: boolean;
  /** All that it has issued, in the order in which it did. */
  readonly issued: readonly IssuedEntry[];
}

export interface IssuedEntry {
  readonly name: string;
  /** Content octets of the INTEGER, hexadecimal. */
  readonly serial: string;
  /** Seconds since the Unix epoch, and the reason in the words of RFC 5280 §5.3.1; null: it is good. */
  readonly revoked: { readonly at: number; readonly reason: string } | null;
}

/** The same, with a certificate revoked at a time (seconds since the Unix epoch). Throws where no authority has issued one of that name. */
export function withRevoked(publication: Publication, name: string, at: number, reason: string): Publication {
  const authorities = publication.authorities.map(authority => ({
    ...authority,
    issued: authority.issued.map(entry =>
      entry.name === name ? { ...entry, revoked: { at: Math.floor(at), reason } } : entry,
    ),
  }));
  if (!publication.authorities.some(({ issued }) => issued.some(entry => entry.name === name))) {
    throw new Error(`no authority has issued ${name}`);
  }
  return { ...publication, authorities };
}
