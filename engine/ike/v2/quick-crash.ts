import { createHash, createHmac } from 'node:crypto';
import { icvsEqual } from '../../crypto/icv.ts';
import { ikeSpiOctets } from '../../wire/ike/header.ts';
import type { IkeHeader, IkeSpi } from '../../wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType, ProtocolId } from '../../wire/ike/registry.ts';
import type { IkeConfig } from '../config.ts';
import { notifyPayload } from './notify.ts';
import { remembered } from '../../wire/remembered.ts';

/**
 * Quick crash detection, RFC 6290: a token for each IKE SA, which its maker can make again when it has forgotten all else, and
 * then shows to prove that it has. Sent under SK in IKE_AUTH or INFORMATIONAL; in the clear only for an IKE SA that is no more.
 */
const TOKEN_OCTETS_MIN = 16;
const TOKEN_OCTETS_MAX = 128;
/** §4.5: of so many generations of the maker's secret, in one message. */
const TOKENS_MAX = 4;

/** TOKEN_SECRET_DATA, §5.1: of a secret that outlives the daemon, and that nobody else knows. */
export function crashToken(secret: Uint8Array, initiatorSpi: IkeSpi, responderSpi: IkeSpi): Uint8Array {
  return createHmac('sha256', secret).update(ikeSpiOctets(initiatorSpi)).update(ikeSpiOctets(responderSpi)).digest();
}

/**
 * This node's token for an IKE SA. Its secret follows from all other secrets of the configuration, so that it is the same after
 * a crash, and nothing has to be stored for it.
 */
export function ownCrashToken(config: IkeConfig, { initiatorSpi, responderSpi }: Spis): NotifyPayload {
  return crashTokenNotify(crashToken(crashSecret(config), initiatorSpi, responderSpi));
}

type Spis = Pick<IkeHeader, 'initiatorSpi' | 'responderSpi'>;

const crashSecret = remembered((config: IkeConfig): Uint8Array => {
  const secret = createHash('sha256').update('QCD_SECRET');
  for (const { pkcs8 } of config.credentials.keys) secret.update(`key ${pkcs8} `);
  for (const one of config.secrets) secret.update(`secret ${one.secret} ${one.identities.join(' ')} `);
  for (const { key } of config.ppks) secret.update(`ppk ${key} `);
  return secret.digest();
});

/** §4.1: of protocol 1, without an SPI. */
export function crashTokenNotify(token: Uint8Array): NotifyPayload {
  return notifyPayload(NotifyType.QUICK_CRASH_DETECTION, token, { protocolId: ProtocolId.IKE, spi: new Uint8Array(0) });
}

/** The token of a protected message, to be kept with the IKE SA; null: none that could be one. */
export function readCrashToken(payloads: readonly Payload[]): Uint8Array | null {
  const [token] = tokensOf(payloads);
  return token === undefined ? null : Uint8Array.from(token);
}

/** The same as what an IKE SA knows of it. */
export function crashTokenOf(payloads: readonly Payload[]): { readonly peerCrashToken?: Uint8Array } {
  const peerCrashToken = readCrashToken(payloads);
  return peerCrashToken === null ? {} : { peerCrashToken };
}

/** Whether a message in the clear proves that the peer has lost this IKE SA. Compared in constant time. */
export function provesCrash(payloads: readonly Payload[], known: Uint8Array | null): boolean {
  return known !== null && tokensOf(payloads).some(token => icvsEqual(token, known));
}

function tokensOf(payloads: readonly Payload[]): Uint8Array[] {
  const tokens: Uint8Array[] = [];
  for (const payload of payloads) {
    if (payload.type !== 'N' || payload.notifyType !== NotifyType.QUICK_CRASH_DETECTION) continue;
    const { length } = payload.data;
    if (length >= TOKEN_OCTETS_MIN && length <= TOKEN_OCTETS_MAX) tokens.push(payload.data);
    if (tokens.length === TOKENS_MAX) break;
  }
  return tokens;
}
