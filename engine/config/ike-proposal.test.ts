import { describe, expect, test } from 'vitest';
import {
  DEFAULT_ESP_PROPOSALS,
  DEFAULT_IKE_PROPOSALS,
  parseAhProposal,
  parseEspProposal,
  parseGroups,
  parseIkeProposal,
  type ProposalReading,
} from './ike-proposal.ts';

const STRICT = { legacy: false };
const LEGACY = { legacy: true };

function told({ proposal, problems }: ProposalReading<unknown>): string {
  expect(proposal).toBeNull();
  return problems.map(({ offset, message, fix }) => `${offset}: ${message} | ${fix}`).join('\n');
}

describe('proposals for an IKE SA', () => {
  test('an AEAD with its PRF and group', () => {
    expect(parseIkeProposal('aes256gcm16-prfsha384-x25519', STRICT).proposal).toEqual({
      encryption: ['aes256gcm16'],
      integrity: [],
      prf: ['prfsha384'],
      keyExchange: ['x25519'],
      additionalKeyExchanges: [],
    });
  });

  test('the PRF comes from the integrity algorithm', () => {
    const { proposal } = parseIkeProposal('aes128-sha256-aesxcbc-modp2048', STRICT);
    expect(proposal).toMatchObject({ integrity: ['sha256', 'aesxcbc'], prf: ['prfsha256', 'prfaesxcbc'] });
  });

  test('spellings of strongSwan, and alternatives in order', () => {
    const { proposal } = parseIkeProposal('AES256GCM128-aes128gcm-prfsha256-curve25519-ecp256', STRICT);
    expect(proposal).toMatchObject({ encryption: ['aes256gcm16', 'aes128gcm16'], keyExchange: ['x25519', 'ecp256'] });
    expect(parseIkeProposal('aes-sha2_256-modp3072', STRICT).proposal).toMatchObject({
      encryption: ['aes128'],
      integrity: ['sha256'],
    });
  });

  test('additional key exchanges, RFC 9370', () => {
    const { proposal } = parseIkeProposal('aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none-ke2_mlkem512', STRICT);
    expect(proposal?.additionalKeyExchanges).toEqual([['mlkem768', 'none'], ['mlkem512']]);
  });

  test.each([...DEFAULT_IKE_PROPOSALS])('by default: %s', text => {
    expect(parseIkeProposal(text, STRICT).problems).toEqual([]);
  });

  test.each([
    ['', '0: an algorithm is missing here | write names with "-" between them: aes256gcm16-prfsha384-x25519'],
    [
      'aes256gcm16-x25519',
      'the proposal names no PRF, and there is no HMAC to take it from | write aes256gcm16-prfsha256-x25519',
    ],
    ['aes128-sha256', '0: the proposal names no group for the key exchange | write aes128-sha256-x25519'],
    [
      'aes256gcm16-sha256-x25519',
      '12: aes256gcm16 brings its own integrity: there is no sha256 beside it | write prfsha256',
    ],
    ['aes256gcm16-aes128-sha256-x25519', '12: aes256gcm16 brings its own integrity and aes128 needs one'],
    ['aes128-x25519', '0: aes128 without integrity: whoever is on the path'],
    ['aes265-sha256-modp2048', '0: "aes265" is not an algorithm that can be negotiated | did you mean "aes256"?'],
    ['aes256-sha256-x25591', '14: "x25591" is not an algorithm that can be negotiated | did you mean "x25519"?'],
    [
      'aes256-sha256-modp1024',
      '14: modp1024 is a relic (RFC 8247 §2.4: group 2 SHOULD NOT be used) | use x25519 or modp2048, or allow',
    ],
    ['des-sha256-modp2048', '0: des is a relic (RFC 8247 §2.1: ENCR_DES MUST NOT be used) | use aes256gcm16, or allow'],
    ['aes128-md5-modp2048', '7: md5 is a relic'],
    ['null-sha256-modp2048', '0: null does not encrypt, and IKE always does (RFC 8247 §2.1) | use aes256gcm16'],
    ['aes256gcm16iiv-prfsha256-x25519', '0: aes256gcm16iiv is for ESP alone (RFC 8750 §5) | use aes256gcm16'],
    ['aes256-sha256-x25519-esn', '21: an IKE SA has no sequence numbers to extend | remove it'],
    ['aes256-sha256-x25519-x25519', '21: "x25519" is in the proposal twice | keep one of the two'],
    ['aes256-sha256-x25519-curve25519', '21: "curve25519" is in the proposal twice'],
    ['aes256-sha256-x25519-ke1_mlkem786', '"mlkem786" is not a key exchange | did you mean "ke1_mlkem768"?'],
    ['aes256-sha256-x25519-ke2_mlkem768', '0: there is a ke2_ and no ke1_ | number them in a row'],
    ['aes256-sha256-x25519-ke8_mlkem768', 'at most 7 additional key exchanges (RFC 9370) | number them ke1_ to ke7_'],
    ['aes256-sha256--x25519', '14: an algorithm is missing here'],
  ])('%j is refused', (text, why) => {
    expect(told(parseIkeProposal(text, STRICT))).toContain(why);
  });

  test('legacy algorithms where somebody asks for them, and groups 22 to 24 never', () => {
    expect(parseIkeProposal('3des-md5-modp768', LEGACY).proposal).toMatchObject({
      prf: ['prfmd5'],
      keyExchange: ['modp768'],
    });
    for (const group of ['modp1024s160', 'modp2048s224', 'modp2048s256'])
      expect(told(parseIkeProposal(`aes128-sha256-${group}`, LEGACY))).toContain(`${group} is never used`);
  });
});

describe('proposals for child SAs', () => {
  test('ESP, with a group and extended sequence numbers', () => {
    expect(parseEspProposal('aes128-sha256-x25519-ke1_mlkem768-esn-noesn', STRICT).proposal).toEqual({
      protocol: 'esp',
      encryption: ['aes128'],
      integrity: ['sha256'],
      keyExchange: ['x25519'],
      additionalKeyExchanges: [['mlkem768']],
      esn: ['yes', 'no'],
    });
    expect(parseEspProposal('null-sha256', STRICT).proposal).toMatchObject({ encryption: ['null'], esn: ['no'] });
    expect(parseEspProposal('aes128gmac', STRICT).proposal).toMatchObject({ encryption: ['aes128gmac'] });
  });

  test('AH', () => {
    expect(parseAhProposal('sha256-ecp256', STRICT).proposal).toMatchObject({ protocol: 'ah', integrity: ['sha256'] });
    expect(parseAhProposal('aes256gmac', STRICT).proposal).toMatchObject({ encryption: [], integrity: ['aes256gmac'] });
    expect(told(parseAhProposal('aes256', STRICT))).toContain('aes256 encrypts, and AH does not');
  });

  test('groups alone', () => {
    expect(parseGroups('x25519-none-ke1_mlkem768', STRICT).proposal).toEqual({
      keyExchange: ['x25519'],
      additionalKeyExchanges: [['mlkem768']],
    });
    expect(told(parseGroups('sha256', STRICT))).toContain('"sha256" is not a group');
  });

  test.each([...DEFAULT_ESP_PROPOSALS])('by default: %s', text => {
    expect(parseEspProposal(text, STRICT).problems).toEqual([]);
  });

  test.each([
    ['null', 'null without integrity'],
    ['aes256', 'aes256 without integrity'],
    ['aes256gcm16-prfsha256', 'the SAs of packets have no PRF of their own'],
    ['x25519', 'the proposal names no encryption algorithm'],
  ])('%s is refused', (text, why) => {
    expect(told(parseEspProposal(text, STRICT))).toContain(why);
  });
});
