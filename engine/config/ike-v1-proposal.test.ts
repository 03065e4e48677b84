import { describe, expect, test } from 'vitest';
import { parseEspProposal } from './ike-proposal.ts';
import {
  childProblems,
  DEFAULT_V1_PROPOSALS,
  legacyInV1,
  OAKLEY_GROUPS,
  parseIkeV1Proposal,
} from './ike-v1-proposal.ts';

const messages = (text: string, legacy = false) =>
  parseIkeV1Proposal(text, { legacy }).problems.map(({ offset, message }) => [offset, message.split(':')[0]]);

describe('proposals for ISAKMP SAs', () => {
  test('a cipher, a hash whose HMAC is the prf, and a group', () => {
    expect(parseIkeV1Proposal('aes256-aes128-sha512-sha256-modp2048-ecp256', { legacy: false })).toEqual({
      proposal: {
        encryption: ['aes256', 'aes128'],
        integrity: ['sha512', 'sha256'],
        prf: [],
        keyExchange: ['modp2048', 'ecp256'],
        additionalKeyExchanges: [],
      },
      problems: [],
    });
  });

  test('what everybody is offered is no relic', () => {
    for (const text of DEFAULT_V1_PROPOSALS) expect(messages(text)).toEqual([]);
  });

  test('relics only where they are allowed', () => {
    for (const text of ['3des-md5-modp1024', 'des-sha1-modp768', 'blowfish256-sha1-modp1536', 'cast-sha1-modp1536']) {
      expect(messages(text)).not.toEqual([]);
      expect(messages(text, true)).toEqual([]);
    }
  });

  test.each([
    [
      'aes256gcm16-prfsha256-modp2048',
      [
        [0, 'aes256gcm16 is not for ISAKMP SAs'],
        [12, 'IKEv1 has no PRF to choose'],
      ],
    ],
    ['aes256ctr-sha256-modp2048', [[0, 'aes256ctr is not for ISAKMP SAs']]],
    ['aes256-aesxcbc-modp2048', [[7, 'aesxcbc is no hash of IKEv1']]],
    ['aes256-sha256-x25519', [[14, 'x25519 is no Oakley group']]],
    ['aes256-sha256-modp2048-ke1_mlkem768', [[0, 'IKEv1 has no additional key exchanges (RFC 9370)']]],
    ['aes256-modp2048', [[0, 'aes256 without integrity']]],
  ])('%s', (text, expected) => {
    expect(messages(text, true)).toEqual(expected);
  });
});

function problems(text: string): string[] | null {
  const { proposal } = parseEspProposal(text, { legacy: true });
  return proposal === null ? null : childProblems(proposal).map(({ message }) => message);
}

describe('proposals for Child SAs', () => {
  test.each([
    'aes256gcm16-modp2048',
    'aes128-sha512-ecp521',
    '3des-md5',
    'null-sha1',
    'aes256ccm12',
    'blowfish448-sha1',
  ])('%s has numbers', text => expect(problems(text)).toEqual([]));

  test.each([
    ['chacha20poly1305', 'chacha20poly1305'],
    ['aes256-aescmac', 'aescmac'],
    ['aes256-sha256-x25519', 'x25519'],
  ])('%s has none', (text, token) => expect(problems(text)).toEqual([`IKEv1 has no number for ${token}`]));
});

test('groups are numbered as the registry has them', () => {
  expect([1, 2, 5, 14, 18, 19, 21, 22].map(number => OAKLEY_GROUPS.get(number))).toEqual([
    'modp768',
    'modp1024',
    'modp1536',
    'modp2048',
    'modp8192',
    'ecp256',
    'ecp521',
    undefined,
  ]);
  expect(['modp1536', 'md5', 'des', 'aes256', 'sha1', 'ecp256'].map(token => legacyInV1(token) !== null)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
