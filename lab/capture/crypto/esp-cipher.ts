import { createCipheriv, createDecipheriv } from 'node:crypto';
import { hasRelics, type RelicCipher, relicCbc } from './relic-cipher.ts';

/**
 * The encryption algorithms of ESP as the judges know them, apart from the engine's own table and code: RFC 2405, 2410, 2451,
 * 3602, 3686, 4106, 4309, 4312, 4543, 7634, 8750.
 */
export interface EspCipher {
  readonly keyOctets: number;
  /** Behind the key in the keying material. */
  readonly saltOctets: number;
  /** Of the IV that is sent: 0 where there is none, or where it is the sequence number (RFC 8750). */
  readonly ivOctets: number;
  readonly isIvImplicit: boolean;
  /** What the ciphertext is a multiple of. */
  readonly blockOctets: number;
  /** Of the tag; 0 for those that need an integrity algorithm beside them. */
  readonly tagOctets: number;
  /** In Wireshark's `esp_sa` table; null where Wireshark 4.0 has none. */
  readonly wireshark: string | null;
  encrypt(input: CipherInput): { readonly ciphertext: Uint8Array; readonly tag: Uint8Array };
  /** Whether or not the tag is right. */
  decrypt(input: CipherInput): Uint8Array;
  /** Always true without a tag. */
  tagIsRight(input: CipherInput, tag: Uint8Array): boolean;
}

export interface CipherInput {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** 8 octets of sequence number where it is implicit. */
  readonly iv: Uint8Array;
  /** SPI and sequence number, RFC 4106 §5. */
  readonly aad: Uint8Array;
  /** Plaintext to encrypt, ciphertext to decrypt. */
  readonly text: Uint8Array;
}

/** By its part of a suite's name, such as `aes128gcm16` or `3des`; null for one that is not known here. */
export function espCipher(name: string): EspCipher | null {
  const [, chacha, iiv] = /^(chacha20poly1305)(iiv)?$/.exec(name) ?? [];
  if (chacha !== undefined) return chaCha20(iiv !== undefined);
  const [, bits, mode, icv, implicit] = /^aes(128|192|256)(gcm|ccm)(8|12|16)(iiv)?$/.exec(name) ?? [];
  if (mode !== undefined) return aesAead(Number(bits), mode, Number(icv), implicit !== undefined);
  const [, gmacBits] = /^aes(128|192|256)gmac$/.exec(name) ?? [];
  if (gmacBits !== undefined) return gmac(Number(gmacBits));
  const [, family, cbcBits, ctr] = /^(aes|camellia)(128|192|256)(ctr)?$/.exec(name) ?? [];
  if (family === 'aes' && ctr !== undefined) return aesCtr(Number(cbcBits));
  if (ctr !== undefined) return null;
  if (family !== undefined) return cbc(`${family}-${cbcBits}-cbc`, Number(cbcBits) / 8, 16, CBC_NAMES[family] ?? null);
  if (name === '3des') return cbc('des-ede3-cbc', 24, 8, 'TripleDES-CBC [RFC2451]');
  if (name === 'des') return des();
  const blowfish = /^blowfish(192|256|448)?$/.exec(name);
  if (blowfish !== null) {
    return relic('bf-cbc', Number(blowfish[1] ?? '128') / 8, 'BLOWFISH-CBC [RFC2451]');
  }
  if (name === 'cast') return relic('cast5-cbc', 16, 'CAST5-CBC [RFC2144]');
  return name === 'null' ? NULL : null;
}

const CBC_NAMES: Readonly<Record<string, string>> = { aes: 'AES-CBC [RFC3602]' };
const NOTHING = new Uint8Array(0);
const UNTAGGED = { tagOctets: 0, isIvImplicit: false, tagIsRight: () => true } as const;

/** RFC 2410. */
const NULL: EspCipher = {
  ...UNTAGGED,
  keyOctets: 0,
  saltOctets: 0,
  ivOctets: 0,
  blockOctets: 4, // no algorithm's, but RFC 4303 §2.4's
  wireshark: 'NULL',
  encrypt: ({ text }) => ({ ciphertext: text, tag: NOTHING }),
  decrypt: ({ text }) => text,
};

function cbc(cipher: string, keyOctets: number, blockOctets: number, wireshark: string | null): EspCipher {
  const shape = { keyOctets, saltOctets: 0, ivOctets: blockOctets, blockOctets, wireshark };
  return { ...UNTAGGED, ...shape, ...keyed(cipher, ({ iv }) => iv) };
}

/** Triple DES with one key three times. */
function des(): EspCipher {
  const triple = cbc('des-ede3-cbc', 8, 8, 'DES-CBC [RFC2405]');
  return {
    ...triple,
    encrypt: input => triple.encrypt(withKeyThreeTimes(input)),
    decrypt: input => triple.decrypt(withKeyThreeTimes(input)),
  };
}

const withKeyThreeTimes = (input: CipherInput): CipherInput => ({
  ...input,
  key: Buffer.concat([input.key, input.key, input.key]),
});

/** null: this Node cannot. */
function relic(cipher: RelicCipher, keyOctets: number, wireshark: string): EspCipher | null {
  if (!hasRelics()) return null;
  return {
    ...UNTAGGED,
    keyOctets,
    saltOctets: 0,
    ivOctets: 8,
    blockOctets: 8,
    wireshark,
    encrypt: input => ({ ciphertext: relicCbc('encrypt', cipher, input), tag: NOTHING }),
    decrypt: input => relicCbc('decrypt', cipher, input),
  };
}

/** RFC 3686 §4: the block counter begins at 1. */
function aesCtr(bits: number): EspCipher {
  const shape = { keyOctets: bits / 8, saltOctets: 4, ivOctets: 8, blockOctets: 4, wireshark: 'AES-CTR [RFC3686]' };
  return { ...UNTAGGED, ...shape, ...keyed(`aes-${bits}-ctr`, ctrBlock) };
}

const ctrBlock = ({ salt, iv }: CipherInput): Uint8Array => Buffer.concat([salt, iv, Uint8Array.of(0, 0, 0, 1)]);
/** SP 800-38D §7.1: block 1 is for the tag. */
const gcmBlock = ({ salt, iv }: CipherInput): Uint8Array => Buffer.concat([salt, iv, Uint8Array.of(0, 0, 0, 2)]);
/** RFC 3610 §2.3, with L = 4; block 0 is for the tag. */
const ccmBlock = ({ salt, iv }: CipherInput): Uint8Array =>
  Buffer.concat([Uint8Array.of(3), salt, iv, Uint8Array.of(0, 0, 0, 1)]);
/** RFC 8439 §2.8: block 0 is for the tag. */
const chaChaBlock = ({ salt, iv }: CipherInput): Uint8Array => Buffer.concat([Uint8Array.of(1, 0, 0, 0), salt, iv]);

/** GCM (RFC 4106) and CCM (RFC 4309); what they encrypt with is AES in counter mode. */
function aesAead(bits: number, mode: string, tagOctets: number, isIvImplicit: boolean): EspCipher {
  const isGcm = mode === 'gcm';
  return {
    keyOctets: bits / 8,
    saltOctets: isGcm ? 4 : 3,
    ivOctets: isIvImplicit ? 0 : 8,
    isIvImplicit,
    blockOctets: 4,
    tagOctets,
    wireshark: isGcm && !isIvImplicit ? `AES-GCM with ${tagOctets} octet ICV [RFC4106]` : null,
    ...tagged(`aes-${bits}-${mode}`, tagOctets),
    decrypt: keyed(`aes-${bits}-ctr`, isGcm ? gcmBlock : ccmBlock).decrypt,
  };
}

/** RFC 7634. */
function chaCha20(isIvImplicit: boolean): EspCipher {
  return {
    keyOctets: 32,
    saltOctets: 4,
    ivOctets: isIvImplicit ? 0 : 8,
    isIvImplicit,
    blockOctets: 4,
    tagOctets: 16,
    wireshark: null,
    ...tagged('chacha20-poly1305', 16),
    decrypt: keyed('chacha20', chaChaBlock).decrypt,
  };
}

/** ENCR_NULL_AUTH_AES_GMAC, RFC 4543 §3.3: nothing is encrypted, and all that is sent is covered, the IV among it. */
function gmac(bits: number): EspCipher {
  const { encrypt } = tagged(`aes-${bits}-gcm`, 16);
  const tagOf = (input: CipherInput) =>
    encrypt({ ...input, aad: Buffer.concat([input.aad, input.iv, input.text]), text: NOTHING }).tag;
  return {
    keyOctets: bits / 8,
    saltOctets: 4,
    ivOctets: 8,
    isIvImplicit: false,
    blockOctets: 4,
    tagOctets: 16,
    wireshark: null,
    encrypt: input => ({ ciphertext: input.text, tag: tagOf(input) }),
    decrypt: ({ text }) => text,
    tagIsRight: (input, tag) => Buffer.from(tagOf(input)).equals(tag),
  };
}

/** A cipher without a tag, `vector` being what it begins with. */
function keyed(cipher: string, vector: (input: CipherInput) => Uint8Array): Pick<EspCipher, 'encrypt' | 'decrypt'> {
  return {
    encrypt: input => {
      const sealer = createCipheriv(cipher, input.key, vector(input)).setAutoPadding(false);
      return { ciphertext: Buffer.concat([sealer.update(input.text), sealer.final()]), tag: NOTHING };
    },
    decrypt: input => {
      const opener = createDecipheriv(cipher, input.key, vector(input)).setAutoPadding(false);
      return Buffer.concat([opener.update(input.text), opener.final()]);
    },
  };
}

function tagged(name: string, authTagLength: number): Pick<EspCipher, 'encrypt' | 'tagIsRight'> {
  const cipher = name as 'aes-128-ccm'; // of Node's typings the one that asks for the most
  const options = { authTagLength };
  return {
    encrypt: ({ key, salt, iv, aad, text }) => {
      const sealer = createCipheriv(cipher, key, Buffer.concat([salt, iv]), options);
      sealer.setAAD(aad, { plaintextLength: text.length });
      const ciphertext = Buffer.concat([sealer.update(text), sealer.final()]);
      return { ciphertext, tag: sealer.getAuthTag() };
    },
    tagIsRight: ({ key, salt, iv, aad, text }, tag) => {
      const opener = createDecipheriv(cipher, key, Buffer.concat([salt, iv]), options);
      opener.setAAD(aad, { plaintextLength: text.length });
      opener.setAuthTag(tag);
      try {
        opener.update(text);
        opener.final();
        return true;
      } catch {
        return false; // what a wrong tag is answered with: by final(), and by CCM's update()
      }
    },
  };
}
