/** The SAs of a daemon as anybody may see them: no keys. Plain JSON. */
export interface IkeStatus {
  readonly sas: readonly IkeSaStatus[];
  readonly halfOpen: number;
  readonly cookies: boolean;
  /** How often each kind of event has happened. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface IkeSaStatus {
  readonly id: number;
  readonly connection: string;
  readonly version: 1 | 2;
  readonly role: 'initiator' | 'responder';
  readonly state: 'connecting' | 'established' | 'rekeying' | 'rekeyed' | 'deleting';
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  /** `192.0.2.1:500`. */
  readonly local: string;
  readonly remote: string;
  readonly localIdentity: string | null;
  readonly remoteIdentity: string | null;
  /** `psk`, `rsa-pss-sha256`, `ecdsa-sha256`, `ed25519`, `null`; null: not yet. */
  readonly localAuthentication: string | null;
  readonly remoteAuthentication: string | null;
  /** `aes256gcm16-prfsha384-x25519-mlkem768`; null: not yet. */
  readonly suite: string | null;
  readonly nat: 'none' | 'local' | 'remote' | 'both';
  /** Extensions in use: `fragmentation`, `mobike`, `ppk`, `childless`, `resumption`; of IKEv1 its mode as well, and `user NAME`. */
  readonly extensions: readonly string[];
  /** Virtual addresses that were given to this node, or by it. */
  readonly virtualAddresses: readonly string[];
  readonly ageSeconds: number;
  readonly rekeySeconds: number | null;
  readonly reauthenticateSeconds: number | null;
  /** Datagrams: a message that is cut counts once for each of its fragments. What was sent again is counted apart. */
  readonly sent: number;
  readonly received: number;
  readonly retransmitted: number;
  readonly children: readonly ChildSaStatus[];
}

/** Counters of packets are those of its two SAs, in the node's status. */
export interface ChildSaStatus {
  readonly id: number;
  readonly name: string;
  readonly state: 'installing' | 'installed' | 'rekeying' | 'rekeyed' | 'deleting';
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly spiIn: number;
  readonly spiOut: number;
  /** `aes256gcm16`, with `-x25519` where its keys have an exchange of their own. */
  readonly suite: string;
  readonly esn: boolean;
  readonly encapsulated: boolean;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly ageSeconds: number;
  readonly rekeySeconds: number | null;
}
