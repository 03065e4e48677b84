import type { ConnectionConfig, IkeLimits, PoolConfig, SharedSecretConfig } from '../ike/config.ts';
import type { LifetimeLimits } from '../ipsec/lifetime.ts';
import type { CertificateSelector } from './certificate-selector.ts';
import type { Diagnostic, Place } from './diagnostic.ts';

/**
 * What the file of a key daemon says where policy stands in another file: in.iked beside ipsecinit.conf, racoon beside setkey.conf.
 * Rules say with whom and how; `connectionsFor` (engine/config/key-connections.ts) brings them together with policies.
 */
export interface KeyRules {
  /** In the order of the file: of those that fit equally well the first is used. */
  readonly rules: readonly KeyRule[];
  /** How Child SAs are negotiated, in the order of the file. Never empty. */
  readonly children: readonly ChildRule[];
  /** Certificates that are believed in: roots, and those of peers that are trusted as they are. */
  readonly trust: Trust;
  readonly pools: readonly PoolConfig[];
  readonly limits: Partial<IkeLimits>;
  /** Addresses that the daemon listens on; empty: all. */
  readonly listen: readonly string[];
}

export interface KeyRulesReading {
  /** null when there is any diagnostic. */
  readonly stated: KeyRules | null;
  readonly diagnostics: readonly Diagnostic[];
  /** What is read and has no effect here, and why. */
  readonly notes: readonly Diagnostic[];
}

export interface SecretsReading {
  /** null when there is any diagnostic. */
  readonly secrets: readonly SharedSecretConfig[] | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** One way to talk to some peers. */
export interface KeyRule {
  /** A label of in.iked, an address or a name of racoon. Unique in its file. */
  readonly name: string;
  readonly place: Place;
  /** Outer addresses of this node, prefixes and ranges; empty: any. */
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly options: KeyOptions;
  readonly own: OwnAuthentication;
  readonly peer: PeerAuthentication;
  /** It never begins. */
  readonly isPassive: boolean;
  /** Child rules with this number alone serve it (`ph1id` of racoon); 0 is a number too. */
  readonly number: number;
}

export type KeyOptions = Omit<ConnectionConfig, 'name' | 'local' | 'remote' | 'authentication' | 'children'>;

export type OwnAuthentication =
  /** `identity` null: the address that it speaks from. */
  | { readonly method: 'psk'; readonly identity: string | null }
  | {
      readonly method: 'signature';
      readonly certificate: CertificateSelector | NamedFile;
      /** Which name of the certificate is shown; null: what `identity` says, or its subject. */
      readonly idKind: 'dn' | 'fqdn' | 'email' | 'address' | null;
      readonly identity: string | null;
      readonly sends: 'always' | 'never';
    };

export type PeerAuthentication =
  /** `identity` null: the address that it speaks from. */
  | { readonly method: 'psk'; readonly identities: readonly (string | null)[] }
  | {
      readonly method: 'signature';
      /** Of any of them; empty: any that it can prove. */
      readonly identities: readonly (string | CertificateSelector)[];
      /** Files with certificates of the peer that are believed as they are. */
      readonly files: readonly NamedFile[];
      /** Files with its root; empty: those of `KeyRules.trust`. */
      readonly roots: readonly NamedFile[];
      readonly revocation: ConnectionConfig['authentication']['remote']['revocation'];
    };

/** A file that the text names, without folder and ending. */
export interface NamedFile {
  readonly kind: 'file';
  readonly file: string;
  readonly place: Place;
}

/** `any`: whatever is there. */
export interface Trust {
  readonly roots: readonly CertificateSelector[] | 'any';
  readonly peers: readonly CertificateSelector[];
}

/** How Child SAs are negotiated for policies that it is for. */
export interface ChildRule {
  readonly place: Place;
  /** null: for all rules of that number. */
  readonly rule: string | null;
  readonly number: number;
  /** Exactly what a policy selects; null: anything. */
  readonly local: RuleSelector | null;
  readonly remote: RuleSelector | null;
  /** null: what the policy says. */
  readonly encryption: readonly string[] | null;
  readonly integrity: readonly string[] | null;
  /** One Oakley group at most. */
  readonly groups: readonly string[];
  readonly rekey: LifetimeLimits;
  readonly over: number;
}

/** A prefix, with its protocol and port. */
export interface RuleSelector {
  readonly addresses: string;
  readonly protocol: number | 'any';
  readonly port: number | 'any';
}
