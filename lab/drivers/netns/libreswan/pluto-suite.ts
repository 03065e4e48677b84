import { suiteTokens } from '../strongswan/suite-tokens.ts';

/**
 * What was agreed on, from pluto's log: `{auth=PRESHARED_KEY cipher=AES_CBC_128 integ=HMAC_SHA2_256 group=MODP2048}` of an IKE SA,
 * `{ESP=>0x12 <0x34 xfrm=AES_CBC_128-HMAC_SHA2_256_128 …}` of a Child SA; in our tokens. null: nothing yet.
 */
export function plutoSuite(said: string): string | null {
  const of = (name: string): string => said.match(new RegExp(`\\b${name}=([A-Z0-9_]+)`))?.[1] ?? '';
  const [encryption = '', integrity = ''] = /\bxfrm=([A-Z0-9_]+)-([A-Z0-9_]+)/.exec(said)?.slice(1) ?? [];
  if (encryption !== '') return suiteTokens({ ...cipher(encryption), integrity: none(integrity), prf: '', group: '' });
  if (of('cipher') === '') return null;
  return suiteTokens({
    ...cipher(of('cipher')),
    integrity: none(withLength(of('integ'))),
    prf: of('prf') === '' ? '' : `PRF_${of('prf')}`,
    group: groupName(of('group')),
  });
}

/** `AES_GCM_16_256`: a length of keys behind the name. */
function cipher(printed: string): { readonly encryption: string; readonly keyBits: string } {
  const [, encryption = printed, keyBits = ''] = /^(.*)_(128|192|256)$/.exec(printed) ?? [];
  return { encryption, keyBits };
}

const none = (printed: string): string => (printed === 'NONE' || printed === 'n/a' ? '' : printed);

/** The hash of IKEv1 has no length. */
const LENGTHS: Readonly<Record<string, string>> = {
  HMAC_MD5: 'HMAC_MD5_96',
  HMAC_SHA1: 'HMAC_SHA1_96',
  HMAC_SHA2_256: 'HMAC_SHA2_256_128',
  HMAC_SHA2_384: 'HMAC_SHA2_384_192',
  HMAC_SHA2_512: 'HMAC_SHA2_512_256',
  AES_XCBC_96: 'AES_XCBC_96',
};

const withLength = (printed: string): string => LENGTHS[printed] ?? printed;

const GROUPS: Readonly<Record<string, string>> = {
  DH19: 'ECP_256',
  DH20: 'ECP_384',
  DH21: 'ECP_521',
  DH31: 'CURVE_25519',
};

const groupName = (printed: string): string => GROUPS[printed] ?? printed;
