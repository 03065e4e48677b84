/**
 * Why nobody should negotiate so any more, as the tester reads it: IKEv1 as a whole, and what of these suites of ISAKMP SAs
 * (`3des-sha1-modp1024`) RFC 8247 takes from IKE.
 */
export function isakmpLegacy(suites: readonly string[]): readonly string[] {
  const tokens = new Set(suites.flatMap(suite => suite.split('-')));
  const reasons = [...tokens].flatMap(token => {
    const why = LEGACY[token];
    return why === undefined ? [] : [`${token}: ${why}`];
  });
  return ['IKEv1: deprecated, IKEv2 takes its place (RFC 9395 §3)', ...reasons];
}

const LEGACY: Readonly<Record<string, string>> = {
  des: 'ENCR_DES MUST NOT be used (RFC 8247 §2.1)',
  '3des': 'ENCR_3DES is no more than a MAY (RFC 8247 §2.1), and SHOULD NOT be used in ESP (RFC 8221 §5)',
  md5: 'HMAC-MD5 MUST NOT be used (RFC 8247 §2.2)',
  sha1: 'HMAC-SHA1 is to go (MUST-, RFC 8247 §2.2)',
  modp768: 'group 1 MUST NOT be used (RFC 8247 §2.4)',
  modp1024: 'group 2 SHOULD NOT be used (RFC 8247 §2.4)',
  modp1536: 'group 5 SHOULD NOT be used (RFC 8247 §2.4)',
};
