import { readFileSync } from 'node:fs';

/**
 * What strongSwan 5.9.8 said to itself in IKEv1, 192.0.2.1 being the initiator, with the keys out of its log: made by nobody of this
 * project. Octets are hexadecimal.
 */
export interface IsakmpTranscript {
  readonly name: string;
  readonly initiatorCookie: string;
  readonly responderCookie: string;
  /** Tokens such as `aes128` and `sha256`. */
  readonly encryption: string;
  readonly hash: string;
  /** The PSK is text; `sharedSecret` is g^xy. */
  readonly phase1: Readonly<Record<Phase1Value, string>>;
  /** Of the first Quick Mode; `pfsSecret` is its own g^xy. */
  readonly child: Readonly<Record<ChildValue, string>> & { readonly pfsSecret: string | null };
  /** What is inside of each message, fragments put together, in strongSwan's words: `HASH SA No ID ID`. */
  readonly payloads: readonly string[];
  /** `> ` from the initiator, `< ` from the responder, without UDP and the non-ESP marker. */
  readonly messages: readonly string[];
}

type Phase1Value =
  | 'psk'
  | 'sharedSecret'
  | 'skeyid'
  | 'skeyidD'
  | 'skeyidA'
  | 'skeyidE'
  | 'ka'
  | 'initialIv'
  | 'hashI'
  | 'hashR';
type ChildValue = 'encryptionInitiator' | 'encryptionResponder' | 'integrityInitiator' | 'integrityResponder';

export function isakmpTranscripts(): readonly IsakmpTranscript[] {
  const text = readFileSync(new URL('strongswan-isakmp.json', import.meta.url), 'utf8');
  const { cases }: { readonly cases: readonly IsakmpTranscript[] } = JSON.parse(text);
  return cases;
}

/** The octets of its messages, in order. */
export const messagesOf = ({ messages }: IsakmpTranscript): Uint8Array[] =>
  messages.map(message => Uint8Array.from(Buffer.from(message.slice(2), 'hex')));
