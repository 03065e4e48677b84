import type { RemoteAuthenticationConfig } from '../ike/config.ts';
import { quoted } from './diagnostic.ts';
import type { ValueReader } from './swanctl-values.ts';

/** What `auth` of a round says. */
export interface Auth {
  readonly method: Extract<RemoteAuthenticationConfig['methods'][number], 'psk' | 'signature'>;
  readonly schemes: readonly string[];
}

const HASHES = ['sha256', 'sha384', 'sha512'] as const;
const KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['pubkey', ['rsa', 'ecdsa']],
  ['rsa', ['rsa']],
  ['rsa/pss', ['rsa-pss']],
  ['ecdsa', ['ecdsa']],
]);

/** `psk`, `pubkey`, `rsa`, `pubkey-sha384`, `ike:rsa/pss-sha256-ecdsa-sha384`, `ed25519`. */
export function readAuth(values: ValueReader): Auth | null {
  const setting = values.setting('auth');
  if (setting === null) return { method: 'signature', schemes: [] };
  const words = setting.value.replace(/^ike:/, '').split('-');
  if (setting.value === 'psk') return { method: 'psk', schemes: [] };
  const isExtensible = /^(eap|xauth)/.test(setting.value);
  const schemes: string[] = [];
  let kinds: readonly string[] = [];
  let isBare = false;
  for (const word of words) {
    const found = KEYS.get(word);
    const hash = HASHES.find(each => each === word);
    if (found !== undefined) {
      if (isBare) schemes.push(...allHashes(kinds));
      kinds = found;
      isBare = word !== 'pubkey';
    } else if (hash !== undefined && kinds.length > 0) {
      schemes.push(...kinds.map(kind => `${kind}-${hash}`));
      isBare = false;
    } else if (word === 'ed25519' || word === 'ed448') schemes.push(word);
    else if (word === 'eddsa') schemes.push('ed25519', 'ed448');
    else {
      const what = isExtensible
        ? 'extensible authentication is not here'
        : `${quoted(word)} is no kind of key and no hash`;
      values.error(setting, what, 'write psk, pubkey, or ike:rsa/pss-sha256');
      return null;
    }
  }
  if (isBare) schemes.push(...allHashes(kinds));
  return { method: 'signature', schemes: [...new Set(schemes)] };
}

const allHashes = (kinds: readonly string[]): string[] => kinds.flatMap(kind => HASHES.map(hash => `${kind}-${hash}`));
