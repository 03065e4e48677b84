/** What the peer says of itself and asks for, as its initiator or as who answers. */
export interface CallTraits {
  readonly identity: string;
  readonly psk: string;
  readonly childSuite: string;
  /** Of the child's inbound SA at the peer. */
  readonly childSpi: number;
  /** IDci and IDcr where the peer begins Quick Mode. */
  readonly own: string;
  readonly other: string;
}

export const CALL: CallTraits = {
  identity: 'bob.lab',
  psk: 'a secret of the bench',
  childSuite: 'aes128-sha256',
  childSpi: 0xc0ff_ee01,
  own: '10.0.1.0/24',
  other: '10.0.0.0/24',
};
