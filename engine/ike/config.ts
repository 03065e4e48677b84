import type { LifetimeLimits } from '../ipsec/lifetime.ts';
import type { V1Config } from './v1-config.ts';
import type { OuterTreatment, SaMode, SecurityProtocol } from '../ipsec/sa.ts';

/**
 * What one node's IKE daemon is told, as plain JSON: it crosses a process boundary on a live node. Octets are hexadecimal,
 * addresses text, algorithms by their tokens in engine/crypto. Whoever builds one has validated it: a daemon throws on a
 * contradiction, it does not diagnose.
 */
export interface IkeConfig {
  readonly connections: readonly ConnectionConfig[];
  readonly secrets: readonly SharedSecretConfig[];
  /** RFC 8784. */
  readonly ppks: readonly { readonly id: string; readonly key: string }[];
  readonly credentials: CredentialsConfig;
  /** Addresses to be given to peers that ask, RFC 7296 §3.15. */
  readonly pools: readonly PoolConfig[];
  readonly limits: IkeLimits;
  /** Tell of keys in `IkeEffects.secrets`: only because a user asked for a key log. */
  readonly revealsSecrets: boolean;
}

/** A pre-shared key, RFC 7296 §2.15. */
export interface SharedSecretConfig {
  /** The identities that use it, as `IdentityText`; none: everybody. The most specific secret is taken. */
  readonly identities: readonly IdentityText[];
  /** Hexadecimal. */
  readonly secret: string;
}

/** What may prove an identity, ours or a peer's. Certificates and CRLs are DER. */
export interface CredentialsConfig {
  /** Private keys (PKCS#8), with the certificate that names the key, where there is one, and those between it and its anchor. */
  readonly keys: readonly { readonly pkcs8: string; readonly chain: readonly string[] }[];
  /** By name, for `AuthenticationConfig.authorities`. */
  readonly anchors: readonly { readonly name: string; readonly certificate: string }[];
  /** Certificates of peers that are trusted as they are: self-signed ones, exchanged out of band. */
  readonly peers: readonly string[];
  /** Public keys without a certificate (SubjectPublicKeyInfo), RFC 7670, with the identity that each is of. */
  readonly rawKeys: readonly { readonly identity: IdentityText; readonly spki: string }[];
  readonly crls: readonly string[];
}

/**
 * An identity as people write it: `192.0.2.1`, `2001:db8::1`, `alice.lab`, `alice@lab.example`, `CN=alice, O=Lab` (a
 * distinguished name), `keyid:0a0b` (hexadecimal), `%any`. A kind in front forces it: `fqdn:`, `email:`, `dn:`, `ipv4:`,
 * `ipv6:`, `keyid:`, `null:`. In what is expected of a peer, `*` may stand for the leftmost label of a name (`*.lab`),
 * for the local part of a mail address, and for the value of an attribute of a distinguished name (`CN=*, O=Lab`).
 */
export type IdentityText = string;

export interface PoolConfig {
  readonly name: string;
  /** Prefixes or ranges, one for each family at most. */
  readonly addresses: readonly string[];
  readonly dns: readonly string[];
  /** INTERNAL_IP4_SUBNET and INTERNAL_IP6_SUBNET. */
  readonly subnets: readonly string[];
}

/** What strangers may take, RFC 7296 §2.6 and RFC 8019 §3. */
export interface IkeLimits {
  /** Half-open IKE SAs of one source (an address; of IPv6 a /64), and of all: beyond either the next IKE_SA_INIT is not answered. */
  readonly halfOpenPerSource: number;
  readonly halfOpen: number;
  /** As many half-open IKE SAs turn cookies on; puzzles (0: never). */
  readonly cookiesFrom: number;
  readonly puzzlesFrom: number;
  /** Zero bits that a puzzle asks for. */
  readonly puzzleBits: number;
  /** How long a half-open IKE SA is kept. */
  readonly halfOpenSeconds: number;
  readonly ikeSas: number;
  readonly childSasPerIkeSa: number;
  /** Octets of one message, whole. */
  readonly messageOctets: number;
  readonly certificates: number;
  readonly certificateOctets: number;
}

export const DEFAULT_LIMITS: IkeLimits = {
  halfOpenPerSource: 20,
  halfOpen: 1000,
  cookiesFrom: 30,
  puzzlesFrom: 0,
  puzzleBits: 16,
  halfOpenSeconds: 30,
  ikeSas: 10_000,
  childSasPerIkeSa: 100,
  messageOctets: 65_000,
  certificates: 10,
  certificateOctets: 16_384,
};

/** Nobody to talk to: a daemon that is given it closes all that it has. */
export const NO_CONNECTIONS: IkeConfig = {
  connections: [],
  secrets: [],
  ppks: [],
  credentials: { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] },
  pools: [],
  limits: DEFAULT_LIMITS,
  revealsSecrets: false,
};

/** An entry of the Peer Authorization Database and how to talk to that peer, RFC 4301 §4.4.3. */
export interface ConnectionConfig {
  readonly name: string;
  readonly version: 1 | 2;
  /**
   * Of version 1; absent: `DEFAULT_V1`. There the `integrity` of a proposal is its hash, whose HMAC is the prf (`prf` is empty),
   * and an ISAKMP SA is rekeyed by another phase 1.
   */
  readonly v1?: V1Config;
  /** Addresses of this node to be used, in order of preference; empty: any. */
  readonly local: readonly string[];
  /** Addresses, prefixes or ranges of the peer; empty: any, and then this node never begins. The first address is called. */
  readonly remote: readonly string[];
  /** UDP ports: 500 and 4500 unless the topology says otherwise. */
  readonly port: number;
  readonly natPort: number;
  /** In order of preference. */
  readonly proposals: readonly IkeProposalConfig[];
  readonly authentication: {
    readonly local: LocalAuthenticationConfig;
    readonly remote: RemoteAuthenticationConfig;
  };
  /** RFC 8784: the ids of keys to be used with this peer, and whether it has to know one. */
  readonly ppk: { readonly ids: readonly string[]; readonly isRequired: boolean } | null;
  /** Addresses to ask of the peer: `0.0.0.0` and `::` for whichever. */
  readonly requestAddresses: readonly string[];
  /** The interface that what was asked for is put on; null: the one that leads to the peer. */
  readonly addressInterface: string | null;
  /** Names of pools from which the peer is given addresses. */
  readonly pools: readonly string[];
  /** What becomes of an older IKE SA with the same identities, RFC 7296 §2.4. */
  readonly unique: 'no' | 'keep' | 'replace';
  /** `force`: also what would fit, INFORMATIONAL apart. */
  readonly fragmentation: 'no' | 'yes' | 'force';
  /** Octets of IP packet, for IPv4 and IPv6; null: 576 and 1280, RFC 7383 §2.5.1. */
  readonly fragmentOctets: number | null;
  readonly mobike: boolean;
  /** UDP encapsulation even where there is no NAT. */
  readonly forceEncapsulation: boolean;
  /** RFC 6023: an IKE SA without a child in its first exchanges. */
  readonly childless: 'no' | 'allow' | 'prefer' | 'force';
  /** RFC 5723: ask for tickets and use them. RFC 6290. RFC 5685. */
  readonly resumption: boolean;
  readonly quickCrashDetection: boolean;
  /** As a responder: where to send initiators instead; null: nowhere. */
  readonly redirectTo: string | null;
  /** As an initiator: whether to go where the peer sends us. */
  readonly followsRedirects: boolean;
  /** Silence of the peer after which it is asked whether it lives; 0: never. */
  readonly livenessSeconds: number;
  readonly rekeySeconds: number;
  /** 0: never. */
  readonly reauthenticateSeconds: number;
  /** Reauthenticate by making the new IKE SA first. */
  readonly makeBeforeBreak: boolean;
  /** How long after the time to rekey an IKE SA that could not be rekeyed is deleted. */
  readonly overSeconds: number;
  /** Taken off a lifetime at random, up to so much of it: 0.1. */
  readonly lifetimeJitter: number;
  readonly retransmission: RetransmissionConfig;
  /** Requests that may be under way: what SET_WINDOW_SIZE tells the peer, RFC 7296 §2.3. */
  readonly windowSize: number;
  /** How often to begin again when the peer does not answer; null: for ever, ever more rarely. */
  readonly attempts: number | null;
  readonly children: readonly ChildConfig[];
}

/** RFC 7296 §2.1: the first wait, how much longer each is than the one before, at most, and how often it is sent in all. */
export interface RetransmissionConfig {
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
  readonly sends: number;
}

/** Each list in order of preference; tokens of engine/crypto: `aes256gcm16`, `sha256`, `prfsha384`, `x25519`, `mlkem768`. */
export interface IkeProposalConfig {
  readonly encryption: readonly string[];
  /** Empty with AEADs. */
  readonly integrity: readonly string[];
  readonly prf: readonly string[];
  readonly keyExchange: readonly string[];
  /** RFC 9370: of each additional key exchange in turn; `none` where it may be left out. */
  readonly additionalKeyExchanges: readonly (readonly string[])[];
}

/** Of ESP or AH; AH has no encryption. */
export interface ChildProposalConfig {
  readonly protocol: SecurityProtocol;
  readonly encryption: readonly string[];
  readonly integrity: readonly string[];
  /** For perfect forward secrecy; empty: none; `none` where it may be left out. */
  readonly keyExchange: readonly string[];
  readonly additionalKeyExchanges: readonly (readonly string[])[];
  readonly esn: readonly ('yes' | 'no')[];
}

export type LocalAuthenticationConfig =
  | { readonly method: 'psk'; readonly identity: IdentityText }
  | {
      readonly method: 'signature';
      readonly identity: IdentityText;
      /** Which of `CredentialsConfig.keys`. */
      readonly key: number;
      /** Preferred, where the key allows it; tokens `rsa-pss-sha256`, `rsa-sha384`, `ecdsa-sha256`, `ed25519`. Empty: as the key suggests. */
      readonly schemes: readonly string[];
      /** `raw`: the bare public key goes in CERT, RFC 7670. */
      readonly sends: 'always' | 'asked' | 'never' | 'raw' | 'url';
      /** For `url`: where the certificate can be fetched, RFC 7296 §3.6. */
      readonly url: string | null;
    }
  /** RFC 7619; the identity is ID_NULL unless one is given. */
  | { readonly method: 'null'; readonly identity: IdentityText };

export interface RemoteAuthenticationConfig {
  readonly methods: readonly ('psk' | 'signature' | 'null')[];
  /** Expected of the peer; `%any`: whichever it can prove. */
  readonly identity: IdentityText;
  /** Names of anchors that may stand at the end of the peer's chain; empty: any of them. */
  readonly authorities: readonly string[];
  /** Schemes that the peer may use; empty: all that are not legacy. */
  readonly schemes: readonly string[];
  /** `strict`: what cannot be learnt counts as revoked. `ifUri`: strict where the certificate says where to ask. */
  readonly revocation: 'strict' | 'ifUri' | 'relaxed';
  /**
   * Whether the peer may say by URL where its certificate is, RFC 7296 §3.6: that makes this node fetch for somebody who has
   * proven nothing yet, so not unless asked.
   */
  readonly fetchesCertificates?: boolean;
}

/** A Child SA to be negotiated. */
export interface ChildConfig {
  readonly name: string;
  /** The entry of the node's SPD that its SAs serve, and which of its transforms. */
  readonly policy: string;
  readonly transform: number;
  readonly mode: SaMode;
  /** `unique`: each pair of addresses has an SA of its own, RFC 7296 §2.9; absent: shared. */
  readonly sharing?: 'shared' | 'unique';
  readonly proposals: readonly ChildProposalConfig[];
  readonly local: readonly TrafficSelectorConfig[];
  readonly remote: readonly TrafficSelectorConfig[];
  /** `start`: at once; `trap`: when the policy wants it; `none`: when the peer or somebody asks. */
  readonly start: 'none' | 'trap' | 'start';
  /** When the peer closes it, and when the peer is found dead. */
  readonly onClose: 'none' | 'trap' | 'start';
  readonly onDeath: 'clear' | 'trap' | 'restart';
  /** Soft limits lead to a rekey; the hard ones are `over` as much again. 0 seconds: never. */
  readonly rekey: LifetimeLimits;
  readonly over: number;
  readonly requestId: number | null;
  readonly windowPackets: number;
  readonly outer: Partial<OuterTreatment>;
  readonly trafficFlow: { readonly padToOctets: number | null; readonly dummyEveryMs: number | null } | null;
}

export interface TrafficSelectorConfig {
  /** A prefix, a range `10.0.0.1-10.0.0.9`, or `dynamic`: the outer address of that side, or the virtual one that it was given. */
  readonly addresses: string;
  readonly protocol: number | 'any';
  /** Inclusive; of ICMP type * 256 + code. */
  readonly ports: readonly [number, number] | 'any' | 'opaque';
}
