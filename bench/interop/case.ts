/** One way in which the engine and another implementation meet. */
export interface InteropCase {
  /** Of the whole matrix one only: `ike aes256gcm16-prfsha384-x25519, from strongswan`. */
  readonly name: string;
  /** What the table of a run counts together. */
  readonly group: string;
  /** What bob runs. */
  readonly other: OtherImplementation;
  /** Who begins. */
  readonly initiator: 'engine' | OtherImplementation;
  /** What alice offers or takes, and what bob does. */
  readonly ike: { readonly alice: string; readonly bob: string };
  readonly esp: string;
  /** Group for perfect forward secrecy; null: none. */
  readonly pfs: string | null;
  readonly authentication: Authentication;
  readonly path: 'v4' | 'v6' | 'alice behind a NAT' | 'bob behind a NAT';
  /** Networks behind each, a Child SA a line: alice's own, bob's own, and what each takes the other's to be. */
  readonly networks: readonly Networks[];
  /** More of what `ike:` of each node says. */
  readonly alice: readonly string[];
  readonly bob: readonly string[];
  /** More lines for the settings of bob's daemon: the charon section of strongswan.conf. */
  readonly charon: string;
  readonly play: Play;
  /** Child SAs, once both have agreed. */
  readonly children: number;
}

export interface Networks {
  readonly alice: string;
  readonly bob: string;
  readonly aliceSays: string;
  readonly bobSays: string;
}

export type OtherImplementation = 'strongswan' | 'libreswan';

/** What happens once the lab is up: bench/interop/plays.ts. */
export type Play =
  | 'rekeys'
  | 'refusal'
  | 'reauthenticates'
  | 'crash of bob'
  | 'crash of alice'
  | 'bob stops'
  | 'alice moves'
  | 'bob moves'
  | 'mapping changes'
  | 'address for alice'
  | 'address for bob'
  | 'cookie of bob'
  | 'tcp'
  | 'same keys';

export type Authentication =
  | { readonly kind: 'psk' }
  /** Secrets that differ. */
  | { readonly kind: 'wrong psk' }
  /** Certificates issued by one authority; by one below it; self-signed. */
  | { readonly kind: 'certificate'; readonly key: string; readonly chain: 'root' | 'intermediate' | 'self-signed' }
  /** Bare public keys, RFC 7670. */
  | { readonly kind: 'raw'; readonly key: string }
  /** Of the side that does not verify. */
  | { readonly kind: 'revoked'; readonly whose: 'alice' | 'bob'; readonly key: string };

export const SITES: Networks = {
  alice: '10.0.0.0/24',
  bob: '10.0.1.0/24',
  aliceSays: '10.0.1.0/24',
  bobSays: '10.0.0.0/24',
};

/** An IKE suite of cases that are about something else. */
export const SUITE = 'aes256gcm16-prfsha384-x25519';

const COMMON: Omit<InteropCase, 'name' | 'initiator' | 'group'> = {
  other: 'strongswan',
  ike: { alice: SUITE, bob: SUITE },
  esp: 'aes256gcm16',
  pfs: null,
  authentication: { kind: 'psk' },
  path: 'v4',
  networks: [SITES],
  alice: [],
  bob: [],
  charon: '',
  play: 'rekeys',
  children: 1,
};

/** The same begun by the engine and by the other. */
export function either(name: string, group: string, changes: Partial<InteropCase>): InteropCase[] {
  return (['engine', changes.other ?? 'strongswan'] as const).map(initiator => from(initiator, name, group, changes));
}

export function from(
  initiator: InteropCase['initiator'],
  name: string,
  group: string,
  changes: Partial<InteropCase>,
): InteropCase {
  return { ...COMMON, ...changes, group, initiator, name: `${name}, from ${initiator}` };
}
