import { expect, test } from 'vitest';
import { IdType } from '../wire/ike/registry.ts';
import { fromHex, toHex } from '../wire/testing/must.ts';
import {
  formatIdentity,
  type Identity,
  identityFit,
  identityMatches,
  identityOfPayload,
  parseIdentity,
  payloadOfIdentity,
} from './identity.ts';

function identity(text: string): Identity {
  const parsed = parseIdentity(text);
  if (parsed === null) throw new Error(`not an identity: ${text}`);
  return parsed;
}

test.each([
  ['192.0.2.1', IdType.ID_IPV4_ADDR, 'c0000201'],
  ['2001:db8::1', IdType.ID_IPV6_ADDR, '20010db8000000000000000000000001'],
  ['alice.lab', IdType.ID_FQDN, '616c6963652e6c6162'],
  ['fqdn:192.0.2.1', IdType.ID_FQDN, '3139322e302e322e31'],
  ['alice@lab.example', IdType.ID_RFC822_ADDR, '616c696365406c61622e6578616d706c65'],
  ['email:a=b@lab', IdType.ID_RFC822_ADDR, '613d62406c6162'],
  // As `openssl req -subj /C=DE/O=Lab/CN=alice -utf8` encodes it.
  [
    'C=DE, O=Lab, CN=alice',
    IdType.ID_DER_ASN1_DN,
    '302b310b3009060355040613024445310c300a060355040a0c034c6162310e300c06035504030c05616c696365',
  ],
  ['keyid:0a0b', IdType.ID_KEY_ID, '0a0b'],
  ['null:', IdType.ID_NULL, ''],
])('%s is sent as type %i, and read again', (text, idType, data) => {
  const payload = payloadOfIdentity(identity(text), 'IDi');

  expect([payload.idType, toHex(payload.data)]).toEqual([idType, data]);
  const back = identityOfPayload(payload);
  expect(back).toEqual(back === null ? 'an identity' : identity(formatIdentity(back)));
});

test.each([
  '',
  '%any6',
  'keyid:0',
  'keyid:xy',
  'ipv4:2001:db8::1',
  'ipv6:192.0.2.1',
  'a b',
  'null:x',
  '@lab',
  'a@',
  'CN'.repeat(200),
])('there is no identity %j', text => {
  expect(parseIdentity(text)).toBeNull();
});

test.each([
  ['an IPv4 address of 3 octets', IdType.ID_IPV4_ADDR, 'c00002'],
  ['an IPv4 address of 5 octets', IdType.ID_IPV4_ADDR, 'c000020101'],
  ['an IPv6 address of 4 octets', IdType.ID_IPV6_ADDR, 'c0000201'],
  ['a name that ends with a NUL', IdType.ID_FQDN, '616c69636500'],
  ['a name with a line feed', IdType.ID_FQDN, '61620a'],
  ['no name', IdType.ID_FQDN, ''],
  ['a mail address that is not UTF-8', IdType.ID_RFC822_ADDR, 'ff40626f62'],
  ['a mail address with a NUL', IdType.ID_RFC822_ADDR, '61006240626f62'],
  ['an empty distinguished name', IdType.ID_DER_ASN1_DN, ''],
  ['a distinguished name that is cut off', IdType.ID_DER_ASN1_DN, '302b310b300906'],
  ['a length beyond the end', IdType.ID_DER_ASN1_DN, '3082ffff'],
  ['octets behind the name', IdType.ID_DER_ASN1_DN, '300000'],
])('%s is not well formed', (_, idType, data) => {
  expect(identityOfPayload({ idType, data: fromHex(data) })).toBeNull();
});

test('a type that nobody knows is matched by %any alone', () => {
  const odd = identityOfPayload({ idType: 201, data: fromHex('0102') });
  if (odd === null) throw new Error('kept as it is');

  expect(identityMatches(identity('%any'), odd)).toBe(true);
  expect(identityMatches(identity('keyid:0102'), odd)).toBe(false);
});

test.each([
  ['%any', 'alice.lab', 'any'],
  ['alice.lab', 'ALICE.lab', 'exact'],
  ['alice.lab', 'alice.labs', null],
  ['alice.labs', 'alice.lab', null],
  ['*.lab', 'alice.lab', 'wildcard'],
  ['*.lab', 'a.alice.lab', null],
  ['*.lab', 'lab', null],
  ['*.lab', '.lab', null],
  ['alice.lab', 'fqdn:*.lab', null],
  ['a*.lab', 'alice.lab', null],
  ['alice.lab', 'email:alice.lab@x', null],
  ['*@lab.example', 'alice@LAB.example', 'wildcard'],
  ['*@lab.example', 'alice@evil.example', null],
  ['*@lab.example', '"a@evil.example"@lab.example', 'wildcard'],
  ['fqdn:192.0.2.1', '192.0.2.1', null],
  ['192.0.2.1', '192.0.2.1', 'exact'],
  ['keyid:0102', 'keyid:010203', null],
  ['keyid:010203', 'keyid:0102', null],
  ['C=DE, O=Lab, CN=*', 'C=DE, O=Lab, CN=alice', 'wildcard'],
  ['C=DE, O=Lab, CN=*', 'C=DE, O=Other, CN=alice', null],
  ['C=DE, O=Lab, CN=*', 'C=DE, O=Lab', null],
  ['C=DE, O=Lab', 'C=DE, O=Lab, CN=alice', null],
  ['C=DE, O=Lab, CN=*', 'C=DE, O=Lab, OU=x, CN=alice', null],
  ['C=DE, O=Lab, CN=alice', 'C=DE, O=Lab, CN=*', null],
  ['C=DE, O=Lab, CN=alice', 'C=DE, O=LAB, CN=Alice', 'exact'],
])('%s expected, %s claimed: %s', (expected, actual, fit) => {
  const claimed = actual.startsWith('.') || actual.startsWith('"') ? null : identity(actual);
  const sent = claimed ?? (actual.startsWith('.') ? identity(`fqdn:${actual}`) : identity(`email:${actual}`));

  expect(identityFit(identity(expected), sent)).toBe(fit);
});

test('a distinguished name that ends early is compared with a long one without reading on', () => {
  const long = identity('C=DE, O=Lab, CN=alice');
  const { data } = payloadOfIdentity(long, 'IDi');

  for (let octets = 0; octets < data.length; octets++) {
    const short = identityOfPayload({ idType: IdType.ID_DER_ASN1_DN, data: data.subarray(0, octets) });
    expect(short).toBeNull();
    const asKeyId: Identity = { kind: 'dn', der: data.subarray(0, octets) };
    expect(identityMatches(long, asKeyId)).toBe(false);
    expect(identityMatches(asKeyId, long)).toBe(false);
  }
});

test('nobody can be %any', () => {
  expect(() => payloadOfIdentity({ kind: 'any' }, 'IDr')).toThrow(/nobody/);
});
