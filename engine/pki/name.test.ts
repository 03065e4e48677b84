import { describe, expect, test } from 'vitest';
import { formatDistinguishedName, parseDistinguishedName } from './name-text.ts';
import { nameKey, nameMatches, namesEqual, parseName } from './name.ts';
import { cryptography, hasCryptography, hasOpenssl, openssl } from './testing/openssl.ts';

const hex = (octets: Uint8Array | null) => (octets === null ? null : Buffer.from(octets).toString('hex'));
const dn = (text: string): Uint8Array => parseDistinguishedName(text) ?? Buffer.from('not a name');

describe('RFC 4514 §4', () => {
  test.each([
    'UID=jsmith,DC=example,DC=net',
    'OU=Sales+CN=J.  Smith,DC=example,DC=net',
    'CN=James \\"Jim\\" Smith\\, III,DC=example,DC=net',
    'CN=Before\\0dAfter,DC=example,DC=net',
    '1.3.6.1.4.1.1466.0=#04024869',
    'CN=Lučić',
  ])('%s stays as it is', text => {
    const der = parseDistinguishedName(text, 'leafFirst');
    expect(formatDistinguishedName(der ?? Buffer.alloc(0))).toBe(text);
  });

  test.each([
    ['CN=alice , O=Lab', 'CN=alice,O=Lab'],
    ['cn="Smith, John",o=Lab', 'CN=Smith\\, John,O=Lab'],
    ['CN=\\ a\\ ', 'CN=\\ a\\ '],
    ['CN=\\23a', 'CN=\\#a'],
    ['E=a@b.c', 'emailAddress=a@b.c'],
    ['oid.2.5.4.3=x', 'CN=x'],
    ['CN=a\\2Cb', 'CN=a\\,b'],
    ['CN=\u202eevil', 'CN=\\e2\\80\\aeevil'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatDistinguishedName(dn(text))).toBe(canonical);
    expect(hex(dn(canonical))).toBe(hex(dn(text)));
  });

  test.each([
    'alice',
    'CN',
    'CN=',
    '=x',
    'CN=a,',
    'CN=a\\',
    'CN=a\\zz',
    'CN=a"b',
    'CN=#0',
    'CN=#30',
    '3.1=x',
    '1.40=x',
    'NOPE=x',
    'CN=a;O=b',
    '',
    'CN=a\0b',
  ])('%j is no name', text => {
    expect(parseDistinguishedName(text)).toBeNull();
  });

  test('nor is one that is very long', () => {
    expect(parseDistinguishedName(`CN=${'x'.repeat(5000)}`)).toBeNull();
  });
});

describe('which end comes first', () => {
  const seed = 'C=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN';

  test('a text that begins with a country is from the root, as ikecert, OpenSSL and strongSwan write it', () => {
    expect(formatDistinguishedName(dn(seed))).toBe('CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US');
    expect(hex(dn(seed))).toBe(
      hex(parseDistinguishedName('CN=AliceTech VPN,OU=Network Security,O=AliceTech Inc.,C=US')),
    );
  });

  test('a country at the leaf is written by its number, so that it is read again as it was', () => {
    const odd = parseDistinguishedName(seed, 'leafFirst') ?? Buffer.alloc(0);
    const text = formatDistinguishedName(odd) ?? '';
    expect(text).toBe('2.5.4.6=US,O=AliceTech Inc.,OU=Network Security,CN=AliceTech VPN');
    expect(hex(dn(text))).toBe(hex(odd));
  });
});

describe('RFC 5280 §7.1', () => {
  test.each([
    ['CN=Alice  Smith,O=Lab', 'CN= alice smith,O=LAB', true],
    ['CN=alice,O=Lab', 'O=Lab,CN=alice', false],
    ['CN=alice', 'CN=alice,O=Lab', false],
    ['CN=alice', 'CN=alic', false],
    ['CN=a+O=b', 'O=b+CN=a', true],
    ['CN=a+CN=b', 'CN=a+CN=a', false],
    ['CN=alice', 'OU=alice', false],
    ['CN=STRASSE', 'CN=straße', false],
    ['CN=ﬁle', 'CN=FILE', true],
  ])('%s and %s: %s', (a, b, areEqual) => {
    expect(namesEqual(dn(a), dn(b))).toBe(areEqual);
    expect(nameKey(dn(a)) === nameKey(dn(b))).toBe(areEqual);
  });

  test('the kind of string makes no difference', () => {
    const printable = Buffer.from('300c310a30080603550403130141', 'hex');
    const utf8 = Buffer.from('300c310a300806035504030c0161', 'hex');
    expect(namesEqual(printable, utf8)).toBe(true);
  });

  test('of TeletexString nobody knows the characters: octets count', () => {
    const [a, b] = ['41', '61'].map(octet => Buffer.from(`300c310a300806035504031401${octet}`, 'hex'));
    expect(namesEqual(a ?? Buffer.alloc(0), b ?? Buffer.alloc(0))).toBe(false);
  });
});

describe('patterns', () => {
  test.each([
    ['CN=*,O=Lab', 'CN=alice,O=Lab', true],
    ['CN=*,O=Lab', 'CN=alice,O=Other', false],
    ['CN=*,O=Lab', 'O=Lab', false],
    ['CN=*', 'OU=alice', false],
    ['CN=a*', 'CN=alice', false],
  ])('%s matches %s: %s', (pattern, name, isMatch) => {
    expect(nameMatches(dn(pattern), dn(name))).toBe(isMatch);
  });
});

test('a short name beside a long one reads nothing behind its end', () => {
  const long = dn('CN=a rather long name,O=Lab');
  for (let length = 0; length < long.length; length++) {
    expect(parseName(long.subarray(0, length))).toBeNull();
    expect(namesEqual(long.subarray(0, length), long)).toBe(false);
  }
});

test.skipIf(!hasCryptography)(
  'cryptography reads and writes the same (needs it: apt-get install python3-cryptography)',
  () => {
    const text = 'CN=James \\"Jim\\" Smith\\, III,OU=Sales,O=Lučić Lab,C=DE';
    const script = `
import sys, binascii
from cryptography import x509
from cryptography.hazmat.backends import default_backend
name = x509.Name.from_rfc4514_string(${JSON.stringify(text)})
print(binascii.hexlify(name.public_bytes(default_backend())).decode())
print(name.rfc4514_string())`;
    const [theirs, back] = cryptography(script).trim().split('\n');
    expect(hex(dn(text))).toBe(theirs);
    expect(formatDistinguishedName(dn(text))).toBe(back);
  },
);

test.skipIf(!hasOpenssl)('openssl writes the same by RFC 2253 (needs openssl: apt-get install openssl)', () => {
  const text = 'CN=Smith\\, John,OU=a\\+b,O=Lab,C=DE';
  const conf =
    '[req]\ndistinguished_name=dn\nprompt=no\nstring_mask=utf8only\n[dn]\nC=DE\nO=Lab\nOU=a+b\nCN=Smith, John\n';
  const made = openssl(
    { 'c.conf': conf },
    'req',
    '-new',
    '-newkey',
    'ed25519',
    '-nodes',
    '-keyout',
    'k',
    '-config',
    'c.conf',
    '-subject',
    '-noout',
    '-nameopt',
    'RFC2253',
  );
  expect(made.output).toContain(`subject=${formatDistinguishedName(dn(text))}`);
});
