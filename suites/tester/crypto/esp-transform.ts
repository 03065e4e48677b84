import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type IntegrityTransform, integrityTransform } from './integrity-transform.ts';

/**
 * The ESP algorithms as the tester knows them: its own table and its own code on node:crypto, so that a number that is wrong in
 * the engine is not wrong here too. RFC 3602, 3686, 4106, 4309, 4543, 7634, 8750, 2410, 2451, 4312.
 */
export interface EspTransform {
  readonly cipher: EspCipher;
  /** null for an AEAD. */
  readonly integrity: IntegrityTransform | null;
}

export interface EspCipher {
  readonly keyOctets: number;
  /** Behind the key in the keying material. */
  readonly saltOctets: number;
  /** Of the IV that is sent; 0 where it is implicit (RFC 8750) or there is none. */
  readonly ivOctets: number;
  /** The sender's IV is the sequence number. */
  readonly isIvImplicit: boolean;
  readonly blockOctets: number;
  /** Of the tag; 0 where there is none. */
  readonly icvOctets: number;
  encrypt(input: CipherInput): { readonly ciphertext: Uint8Array; readonly tag: Uint8Array };
  /** null: the tag is wrong. */
  decrypt(input: CipherInput, tag: Uint8Array): Uint8Array | null;
}

export interface CipherInput {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** 8 octets where it is implicit. */
  readonly iv: Uint8Array;
  /** SPI and sequence number, RFC 4106 §5. */
  readonly aad: Uint8Array;
  /** What goes in: plaintext or ciphertext. */
  readonly text: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** By suite name (`aes256gcm16`, `aes128-sha256`, `null-sha1`); null for one that the tester does not know. */
export function espTransform(suite: string): EspTransform | null {
  const aead = aeadCipher(suite);
  if (aead !== null) return { cipher: aead, integrity: null };
  const [encryption = '', authentication = ''] = suite.split('-');
  const cipher = plainCipher(encryption);
  const integrity = integrityTransform(authentication);
  return cipher === null || integrity === null ? null : { cipher, integrity };
}

function aeadCipher(suite: string): EspCipher | null {
  if (/^chacha20poly1305(iiv)?$/.test(suite)) {
    return sealing('chacha20-poly1305', { keyOctets: 32, saltOctets: 4, icvOctets: 16, isIvImplicit: isIiv(suite) });
  }
  const [, bits, mode, icv = '16'] = /^aes(128|192|256)(gcm|ccm|gmac)(8|12|16)?(?:iiv)?$/.exec(suite) ?? [];
  if (bits === undefined || mode === undefined) return null;
  const shape = { keyOctets: Number(bits) / 8, icvOctets: Number(icv), isIvImplicit: isIiv(suite) };
  if (mode === 'gmac') return gmac(Number(bits), shape.keyOctets);
  return sealing(`aes-${bits}-${mode}`, { ...shape, saltOctets: mode === 'ccm' ? 3 : 4 });
}

const isIiv = (suite: string): boolean => suite.endsWith('iiv');

type Shape = Pick<EspCipher, 'keyOctets' | 'saltOctets' | 'icvOctets' | 'isIvImplicit'>;

function sealing(name: string, shape: Shape): EspCipher {
  const cipher = name as 'aes-128-ccm'; // of its typings the one that asks for the most
  const options = { authTagLength: shape.icvOctets };
  return {
    ...shape,
    ivOctets: shape.isIvImplicit ? 0 : 8,
    blockOctets: 4,
    encrypt: ({ key, salt, iv, aad, text }) => {
      const sealer = createCipheriv(cipher, key, Buffer.concat([salt, iv]), options);
      sealer.setAAD(aad, { plaintextLength: text.length });
      const ciphertext = Buffer.concat([sealer.update(text), sealer.final()]);
      return { ciphertext, tag: sealer.getAuthTag() };
    },
    decrypt: ({ key, salt, iv, aad, text }, tag) => {
      const opener = createDecipheriv(cipher, key, Buffer.concat([salt, iv]), options);
      opener.setAAD(aad, { plaintextLength: text.length });
      opener.setAuthTag(tag);
      return finished(opener, text);
    },
  };
}

/** A wrong tag is what `final` throws for, and CCM's `update`. */
function finished(opener: ReturnType<typeof createDecipheriv>, text: Uint8Array): Uint8Array | null {
  try {
    return Buffer.concat([opener.update(text), opener.final()]);
  } catch {
    return null;
  }
}

/** ENCR_NULL_AUTH_AES_GMAC, RFC 4543 §3.3: all that is sent is additional data, the IV among it. */
function gmac(bits: number, keyOctets: number): EspCipher {
  const name = `aes-${bits}-gcm` as 'aes-128-gcm';
  const tagOf = ({ key, salt, iv, aad, text }: CipherInput): Uint8Array => {
    const sealer = createCipheriv(name, key, Buffer.concat([salt, iv]));
    sealer.setAAD(Buffer.concat([aad, iv, text]));
    sealer.final();
    return sealer.getAuthTag();
  };
  return {
    keyOctets,
    saltOctets: 4,
    ivOctets: 8,
    isIvImplicit: false,
    blockOctets: 4,
    icvOctets: 16,
    encrypt: input => ({ ciphertext: input.text, tag: tagOf(input) }),
    decrypt: (input, tag) => (Buffer.from(tag).equals(tagOf(input)) ? input.text : null),
  };
}

/** Those that need an integrity algorithm beside them. */
function plainCipher(name: string): EspCipher | null {
  if (name === 'null') return unauthenticated({ keyOctets: 0, saltOctets: 0, ivOctets: 0, blockOctets: 4 }, null);
  if (name === '3des') {
    return unauthenticated({ keyOctets: 24, saltOctets: 0, ivOctets: 8, blockOctets: 8 }, 'des-ede3-cbc');
  }
  const [, family, bits, mode] = /^(aes|camellia)(128|192|256)(ctr)?$/.exec(name) ?? [];
  if (family === undefined || bits === undefined) return null;
  const keyOctets = Number(bits) / 8;
  return mode === 'ctr'
    ? unauthenticated({ keyOctets, saltOctets: 4, ivOctets: 8, blockOctets: 4 }, `${family}-${bits}-ctr`)
    : unauthenticated({ keyOctets, saltOctets: 0, ivOctets: 16, blockOctets: 16 }, `${family}-${bits}-cbc`);
}

function unauthenticated(
  shape: Pick<EspCipher, 'keyOctets' | 'saltOctets' | 'ivOctets' | 'blockOctets'>,
  name: string | null,
): EspCipher {
  // RFC 3686 §4: nonce | IV | block counter, which begins at 1
  const vector = ({ salt, iv }: CipherInput) =>
    shape.saltOctets === 0 ? iv : Buffer.concat([salt, iv, Uint8Array.of(0, 0, 0, 1)]);
  return {
    ...shape,
    isIvImplicit: false,
    icvOctets: 0,
    encrypt: input => {
      if (name === null) return { ciphertext: input.text, tag: NOTHING };
      const cipher = createCipheriv(name, input.key, vector(input)).setAutoPadding(false);
      return { ciphertext: Buffer.concat([cipher.update(input.text), cipher.final()]), tag: NOTHING };
    },
    decrypt: input => {
      if (name === null) return input.text;
      const cipher = createDecipheriv(name, input.key, vector(input)).setAutoPadding(false);
      return Buffer.concat([cipher.update(input.text), cipher.final()]);
    },
  };
}
