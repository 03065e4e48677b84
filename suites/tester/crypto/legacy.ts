/** Why nobody should use an algorithm of a suite any more, RFC 8221 §5 and §6, as the tester reads it; null: no reason. */
export function legacyReason(suite: string): string | null {
  const found = suite.split('-').map(part => LEGACY.find(({ token }) => token.test(part)));
  const reasons = found.flatMap(entry => (entry === undefined ? [] : [entry.why]));
  return reasons.length === 0 ? null : `${suite}: ${reasons.join(', ')}`;
}

const LEGACY: readonly { readonly token: RegExp; readonly why: string }[] = [
  { token: /^3des$/, why: 'ENCR_3DES SHOULD NOT be used (RFC 8221 §5)' },
  { token: /^des$/, why: 'ENCR_DES MUST NOT be used (RFC 8221 §5)' },
  { token: /^blowfish/, why: 'ENCR_BLOWFISH MUST NOT be used (RFC 8221 §5)' },
  { token: /^cast/, why: 'ENCR_CAST is not among what RFC 8221 §5 allows' },
  { token: /^md5/, why: 'HMAC-MD5 MUST NOT be used (RFC 8221 §6)' },
];
