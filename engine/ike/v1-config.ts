/** What a connection of IKEv1 says besides: RFC 2407, 2408 and 2409, and what is deployed with them. Plain JSON, as all of `IkeConfig`. */
export interface V1Config {
  /**
   * What this end begins with. Aggressive Mode shows both identities to everybody, and with a PSK lets whoever has seen one
   * exchange guess it in peace: only where it was asked for.
   */
  readonly mode: 'main' | 'aggressive';
  /** What this end answers. */
  readonly accepts: readonly ('main' | 'aggressive')[];
  /** Octets of Ni_b and Nr_b: in phase 1, and in Quick Mode. RFC 2409 §5: 8 to 256. */
  readonly nonceOctets: number;
  readonly quickNonceOctets: number;
  /** Of the ISAKMP SA, as offered and as a limit; null: none. Its seconds are the connection's `rekeySeconds`. */
  readonly lifetimeKilobytes: number | null;
  /**
   * What becomes of lifetimes, and of a PFS group, that the peer wants differently: `obey` the initiator; `strict`: no longer and
   * no weaker than ours; `claim`: as `strict`, and the initiator is told by RESPONDER-LIFETIME; `exact`: equal.
   */
  readonly lifetimeCheck: 'obey' | 'strict' | 'claim' | 'exact';
  readonly initialContact: boolean;
  /** RFC 3947 and its drafts. `force`: as if there were a NAT. */
  readonly natTraversal: 'no' | 'yes' | 'force';
  /** Silence after the first R-U-THERE that is not answered, until the peer counts as dead, RFC 3706; `livenessSeconds` is when it is sent. */
  readonly livenessTimeoutSeconds: number;
  /** draft-beaulieu-ike-xauth-02: behind phase 1, the initiator is asked who its user is. null: nobody asks. */
  readonly xauth: XauthConfig | null;
  /** draft-dukes-ike-mode-cfg-02: the initiator asks for its addresses (`requestAddresses`), or the responder tells it. */
  readonly modeConfig: 'none' | 'pull' | 'push';
  /** RFC 2408 §3.1: as a responder of Quick Mode, let the initiator wait for CONNECTED. */
  readonly commitBit: boolean;
  /** Whether certificates are asked for by CERT_REQ payloads. */
  readonly requestsCertificates: boolean;
  /** No CRL is looked at, and the result says so. */
  readonly ignoresRevocation: boolean;
  /** Whether CRLs and OCSP answers are fetched from where certificates say; otherwise there are those configured, and those that a peer sends. */
  readonly fetchesRevocation: boolean;
}

export type XauthConfig =
  | { readonly side: 'user'; readonly user: string; readonly password: string }
  | { readonly side: 'gateway'; readonly users: readonly { readonly user: string; readonly password: string }[] };

export const DEFAULT_V1: V1Config = {
  mode: 'main',
  accepts: ['main'],
  nonceOctets: 32,
  quickNonceOctets: 32,
  lifetimeKilobytes: null,
  lifetimeCheck: 'strict',
  initialContact: true,
  natTraversal: 'yes',
  livenessTimeoutSeconds: 60,
  xauth: null,
  modeConfig: 'none',
  commitBit: false,
  requestsCertificates: true,
  ignoresRevocation: false,
  fetchesRevocation: true,
};
