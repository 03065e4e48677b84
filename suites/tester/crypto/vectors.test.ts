import { describe, expect, test } from 'vitest';
import { openEsp, sealEsp } from '../esp.ts';
import { espTransform } from './esp-transform.ts';
import { integrityTransform } from './integrity-transform.ts';

/** The tester judges others by what it computes: here what it computes is judged by what the standards publish. */

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

function icv(name: string, key: string, data: string): string {
  const transform = integrityTransform(name);
  if (transform === null) throw new Error(`no ${name}`);
  return toHex(transform.icv(hex(key), hex(data), new Uint8Array(8)));
}

describe('integrity', () => {
  test.each([
    // RFC 2202 case 1, RFC 4231 case 1: "Hi There"
    ['md5_128', '0b'.repeat(16), '4869205468657265', '9294727a3638bb1c13f48ef8158bfc9d'],
    ['md5', '0b'.repeat(16), '4869205468657265', '9294727a3638bb1c13f48ef8'],
    ['sha1', '0b'.repeat(20), '4869205468657265', 'b617318655057264e28bc0b6'],
    ['sha1_160', '0b'.repeat(20), '4869205468657265', 'b617318655057264e28bc0b6fb378c8ef146be00'],
    ['sha256', '0b'.repeat(20), '4869205468657265', 'b0344c61d8db38535ca8afceaf0bf12b'],
    ['sha384', '0b'.repeat(20), '4869205468657265', 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6'],
    ['sha512', '0b'.repeat(20), '4869205468657265', '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde'],
    // RFC 3566 §4.6, cases 1, 2, 3, 4 and 6
    ['aesxcbc', '000102030405060708090a0b0c0d0e0f', '', '75f0251d528ac01c4573dfd5'],
    ['aesxcbc', '000102030405060708090a0b0c0d0e0f', '000102', '5b376580ae2f19afe7219cee'],
    ['aesxcbc', '000102030405060708090a0b0c0d0e0f', '000102030405060708090a0b0c0d0e0f', 'd2a246fa349b68a79998a439'],
    [
      'aesxcbc',
      '000102030405060708090a0b0c0d0e0f',
      '000102030405060708090a0b0c0d0e0f10111213',
      '47f51b4564966215b8985c63',
    ],
    // RFC 4493 §4, examples 1 to 3
    ['aescmac', '2b7e151628aed2a6abf7158809cf4f3c', '', 'bb1d6929e95937287fa37d12'],
    ['aescmac', '2b7e151628aed2a6abf7158809cf4f3c', '6bc1bee22e409f96e93d7e117393172a', '070a16b46b4d4144f79bdd9d'],
    [
      'aescmac',
      '2b7e151628aed2a6abf7158809cf4f3c',
      '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
      'dfa66747de9ae63030ca3261',
    ],
  ])('%s, key %s, data %s', (name, key, data, expected) => {
    expect(icv(name, key, data)).toBe(expected);
  });
});

const keysOf = (suite: string, spi: number, encryptionKey: string, esn = false) => ({
  suite,
  spi,
  encryptionKey,
  integrityKey: '',
  esn,
});

test('RFC 7634 appendix A', () => {
  const payload = hex(`45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec1000073627
    08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`);
  const material = toHex(Uint8Array.from({ length: 36 }, (_, index) => 0x80 + index));
  const keys = keysOf('chacha20poly1305', 0x01020304, material);
  const esp = sealEsp({ keys, sequence: 5, nextHeader: 4, payload, iv: hex('1011121314151617') });
  expect(toHex(esp)).toBe(
    toHex(
      hex(`0102030400000005101112131415161724039428b97f417e3c13753a
      4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2fac
      c638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43`),
    ),
  );
  expect(openEsp(keys, esp)).toMatchObject({ sequence: 5n, nextHeader: 4 });
});

describe('draft-mcgrew-gcm-test-01', () => {
  test('AES-GCM with an extended sequence number', () => {
    const plaintext =
      '45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470037369700963796265726369747902646b0000210001';
    const keys = keysOf('aes128gcm16', 0x4321, '4c80cdefbb5d10da906ac73c3613a6342e443b68', true);
    const order = { keys, sequence: 0x8765432100000000n, payload: hex(plaintext), iv: hex('4956ed7e3b244cfe') };
    const esp = sealEsp({ ...order, nextHeader: 1 });
    expect(toHex(esp)).toBe(
      '00004321000000004956ed7e3b244cfefecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4',
    );
    expect(openEsp(keys, esp, 0x87654321)?.sequence).toBe(0x8765432100000000n);
    expect(openEsp(keys, esp, 0x87654322)).toBeNull();
  });

  test('AES-GMAC', () => {
    const payload = hex(`45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364
      65666768696a6b6c6d6e6f7071727374`);
    const keys = keysOf('aes128gmac', 0x4321, '4c80cdefbb5d10da906ac73c3613a63422433c64');
    const esp = sealEsp({ keys, sequence: 7, nextHeader: 1, payload, iv: new Uint8Array(8) });
    expect(toHex(esp)).toBe(
      `00004321000000070000000000000000${toHex(payload)}01020201f2a9a836e155106aa8dcd618e4099aaa`,
    );
  });
});

test('RFC 3602 §4 case 5: AES-CBC in transport mode, without its ICV', () => {
  const payload = hex(
    '08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637',
  );
  const keys = {
    ...keysOf('aes128-sha256', 0x4321, '90d382b410eeba7ad938c46cec1a82bf'),
    integrityKey: '5a'.repeat(32),
  };
  const iv = hex('e96e8c08ab465763fd098d45dd3ff893');
  expect(toHex(sealEsp({ keys, sequence: 1, nextHeader: 1, payload, iv }).slice(0, -16))).toBe(
    `0000432100000001${toHex(iv)}f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6`,
  );
});

test('RFC 3686 §6, test vector 1: AES-CTR', () => {
  const cipher = espTransform('aes128ctr-sha1')?.cipher;
  const { ciphertext } = cipher?.encrypt({
    key: hex('ae6852f8121067cc4bf7a5765577f39e'),
    salt: hex('00000030'),
    iv: hex('0000000000000000'),
    aad: new Uint8Array(0),
    text: Buffer.from('Single block msg'),
  }) ?? { ciphertext: new Uint8Array(0) };
  expect(toHex(ciphertext)).toBe('e4095d4fb7a7b3792d6175a3261311b8');
});
