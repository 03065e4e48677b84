import { describe, expect, test } from 'vitest';
import { decodeIpv4 } from '../wire/ipv4.ts';
import { u32At } from '../wire/octets.ts';
import { addressOf, fromHex, must, toHex } from '../wire/testing/must.ts';
import { removeTrailer } from './esp-trailer.ts';
import { createOutboundSa } from './sa-input.ts';
import { ReplayWindow } from './replay.ts';
import type { EspInboundSa, EspOutboundSa, EspParameters } from './sa.ts';
import { openOne, sealOne } from './testing/one-packet.ts';
import { join, splitOutbound } from './transport-mode.ts';
import { encapsulate } from './tunnel-mode.ts';
import { composeKernel, rfc4303Steps } from './typescript-kernel.ts';

const NO_RANDOM = {
  bytes: () => {
    throw new Error('vectors bring their IVs');
  },
};

/**
 * The vectors of whole ESP packets that exist: RFC 3602 cases 5 to 8, draft-mcgrew-gcm-test-01, RFC 7634 appendix A. RFC 4106,
 * 4309, 4543 and 8750 have none; those of algorithms alone stand in engine/crypto.
 */

/** Seals and opens one published packet; `sequence` as the vector counts it. */
function roundTrip(
  parameters: EspParameters,
  sequence: bigint,
  iv: Uint8Array,
  payload: Uint8Array,
  nextHeader: number,
) {
  const kernel = composeKernel('with the IV of a vector', { ...rfc4303Steps(NO_RANDOM), iv: () => iv });
  const out: EspOutboundSa = {
    ...parameters,
    direction: 'outbound',
    counterOverflow: 'stop',
    sequence: sequence - 1n,
    packets: 0,
    octets: 0,
  };
  const window = new ReplayWindow(64, parameters.esn);
  if (parameters.esn) window.advance(sequence - 1n);
  const into: EspInboundSa = { ...parameters, direction: 'inbound', window, packets: 0, octets: 0 };
  const esp = sealOne(kernel, out, payload, nextHeader);
  expect(openOne(kernel, into, esp)).toEqual({ kind: 'opened', nextHeader, payload, sequence });
  return esp;
}

function parametersFor(suiteName: string, spi: number, keyAndSalt: Uint8Array, esn: boolean): EspParameters {
  const sa = createOutboundSa(
    {
      policy: 'vector',
      spi: 256,
      mode: 'tunnel',
      source: '203.0.113.153',
      destination: '203.0.113.5',
      suite: suiteName,
      encryptionKey: Buffer.from(keyAndSalt).toString('hex'),
      integrityKey: suiteName === 'aes128-sha256' ? '5a'.repeat(32) : '',
      esn,
      windowPackets: 64,
    },
    0,
  );
  return { ...sa, spi }; // the vectors use reserved ones too
}

test('RFC 7634 appendix A: a tunnel-mode packet, outer header included', () => {
  const inner = fromHex(`45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec1000073627
    08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637`);
  const keymat = Uint8Array.from({ length: 36 }, (_, i) => 0x80 + i);
  const parameters = parametersFor('chacha20poly1305', 0x01020304, keymat, false);
  const esp = roundTrip(parameters, 5n, fromHex('1011121314151617'), inner, 4);
  const packet = encapsulate(inner, parameters.source, parameters.destination, {
    protocol: 50,
    payload: esp,
    identification: 0x2345,
  });
  expect(toHex(must(packet))).toBe(
    toHex(
      fromHex(`4500008c234500004032de5bcb007199cb0071050102030400000005101112131415161724039428b97f417e3c13753a
      4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2fac
      c638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43`),
    ),
  );
});

describe('draft-mcgrew-gcm-test-01: AES-GCM in ESP', () => {
  // [key, SPI, sequence number (16 digits: extended), nonce, plaintext with trailer, packet behind SPI, number and IV]
  test.each([
    [
      '4c80cdefbb5d10da906ac73c3613a634',
      '00004321',
      '8765432100000000',
      '2e443b684956ed7e3b244cfe',
      '45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470037369700963796265726369747902646b000021000101020201',
      'fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb4',
    ],
    [
      'feffe9928665731c6d6a8f9467308308',
      '0000a5f8',
      '0000000a',
      'cafebabefacedbaddecaf888',
      '4500003e698f000080114dccc0a80102c0a801010a980035002a2343b2d001000001000000000000037369700963796265726369747902646b00000100010001',
      'deb22cd9b07c72c16e3a65beeb8df304a5a5897d33ae530f1ba76d5d114d2a5c3de81827c10e9a4f51330d0eec416642cfbb85a5b47e48a4ec3b9ba95d918bd183b70d3aa8bc6ee4c309e9d85a41ad4a',
    ],
    [
      'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
      '4a2cbfe3',
      '00000002',
      '112233440102030405060708',
      '4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b40101040201020201',
      'ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c4915956c96',
    ],
    [
      '00000000000000000000000000000000',
      '00000000',
      '00000001',
      '000000000000000000000000',
      '4500003c99c500008001cb7a40679318010101010800075c020044006162636465666768696a6b6c6d6e6f707172737475767761626364656667686901020201',
      '4688daf2f973a392732909c331d56d60f694abaa414b5e7ff5fdcdfff5e9a284456476492719ffb64de7d9dca1e1d894bc3bd57873ed4d181d19d4d5c8c18af3f821d496eeb096e98ad2b69e4799c71d',
    ],
    [
      '3de09874b388e6491988d0c3607eae1f',
      '42f67e3f',
      '1010101010101010',
      '57690e434e280000a2fca1a3',
      '4500003c99c300008001cb7c40679318010101010800085c020043006162636465666768696a6b6c6d6e6f707172737475767761626364656667686901020201',
      'fba2caa4853cf9f0f22cb10d86dd83b0fec75691cf1a04b00d1138ec9c35791765acbd8701ad79845bf9fe3fba487bc91755e6662b4c8d0d1f5e22739530320ae0d731cc978ecafaeae88f00e80d6e48',
    ],
    [
      '3de09874b388e6491988d0c3607eae1f',
      '42f67e3f',
      '1010101010101010',
      '57690e434e280000a2fca1a3',
      '4500001c42a200008001441f406793b6e00000020a00f5ff01020201',
      'fba2ca845e5df9f0f22c3e6e86dd831e1fc65792cd1af9130e1379ed369f071f35e034be95f112e4e7d05d35',
    ],
    [
      'feffe9928665731c6d6a8f9467308308feffe9928665731c',
      '0000a5f8',
      '0000000a',
      'cafebabefacedbaddecaf888',
      '45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e501016d075680001',
      'a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0315b27452144cc7795457b9652037f5318027b5b4cd7a636',
    ],
    [
      'abbccddef00112233445566778899aab',
      '00000100',
      '0000000000000001',
      'decaf888cafedebaceface74',
      '4500004933ba00007f119106c3fb1d10c2b1d326c02831ce0035dd7b800302d500004e20001e8c18d75b81dc91baa0476b91b924b280389d92c963bac046ec959b6266c04722b14923010101',
      '18a6fd42f72cbf4ab2a2ea901f73d814e3e7f243d95412e1c349c1d2fbec168f9190feebaf2cb01984e65863965d7472b79da345e0e780191f0d2f0e0f496c226f2127b27db35724e7845d68651f57e65f354f75ff17015769623436',
    ],
    [
      'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
      '17405e67',
      '156f3126dd0db99b',
      '73616c74616e640169766563',
      '45080028732c00004006e9f90a0106120a01038f06b88023dd6bafbecb71260250101f646d540001',
      'f2d69ecdbd5a0d5b8d5ef38bad4da58d1f278fde98ef67549d524a3018d9a57ff4d3a31ce673119e451626c2415771e3b7eebca614c89b35',
    ],
    [
      '3de09874b388e6491988d0c3607eae1f',
      '42f67e3f',
      '1010101010101010',
      '57690e434e280000a2fca1a3',
      '45000049333e00007f119182c3fb1d10c2b1d326c02831ce0035cb458003025b000001e0001e8c18d65759d52284a0352c71475c8880391c764d6e5ee0496b325ae270c03899493915010101',
      'fba2cad12fc1f9f00d3cebf305410db83d7784b607323d220f24b0a97d54182800cadb0f68d99ef0e0c0c89ae9bea8884e52d65bc1afd0740f742444747b5b39ab533163aad4550ee5160975cdb608c5769189609763b8e18caa81e2',
    ],
    [
      'abbccddef00112233445566778899aababbccddef00112233445566778899aab',
      '17405e67',
      '156f3126dd0db99b',
      '73616c74616e640169766563',
      '636973636f0172756c657301746865016e6574776501646566696e6501746865746563686e6f6c6f67696573017468617477696c6c01646566696e65746f6d6f72726f7701020201',
      'd4b7ed86a1777f2ea13d6973d324c69e7b43f826fb56831226508bebd2dceb18d0a6df10e5487df074113e14c641024e3e6773d91a62ee429b043a10e3efe6b012a49363412364f8c0cac587f249e56b11e24f30e44ccc76',
    ],
    [
      '7d773d00c144c525ac619d18c84a3f47',
      '335467ae',
      'ffffffff',
      'd966426743457e9182443bc6',
      '01020201',
      '437f866bcb3f699fe9b0822bac961c4504bef270',
    ],
    [
      'abbccddef00112233445566778899aab',
      '00000100',
      '0000000000000001',
      'decaf888cafedebaceface74',
      '746f016265016f72016e6f7401746f0162650001',
      '29c9fc69a197d038ccdd14e2ddfcaa0543332164412503524303ed3c6c5f283843af8c3e',
    ],
    [
      '6c6567616c697a656d6172696a75616e61616e64646f69746265666f72656961',
      '796b6963',
      'ffffffffffffffff',
      '7475726e333021696765746d',
      '45000030da3a00008001df3bc0a80005c0a800010800c6cd020007006162636465666768696a6b6c6d6e6f707172737401020201',
      'f97ab2aa356d8edce17644ac8c78e25dd24dedbb29ebf1b64a274b39b49c3a864cd3d78ca4ae68a32b42458fb57dbe821dcc63b9d0937ba2945f669368661a329fb4c053',
    ],
  ])('key %s, SPI %s, number %s', (key, spi, number, nonce, plaintext, protectedPart) => {
    const salt = nonce.slice(0, 8);
    const iv = nonce.slice(8);
    const esn = number.length === 16;
    const suite = `aes${key.length * 4}gcm16`;
    const parameters = parametersFor(suite, u32At(fromHex(spi), 0), fromHex(key + salt), esn);
    const content = removeTrailer(fromHex(plaintext));
    if (content === null) throw new Error('the padding of the vector');
    const esp = roundTrip(parameters, BigInt(`0x${number}`), fromHex(iv), content.payload, content.nextHeader);
    expect(toHex(esp)).toBe(spi + number.slice(-8) + iv + protectedPart);
  });
});

// The one vector of GMAC in that draft: all but the ICV is in clear.
test('draft-mcgrew-gcm-test-01: AES-GMAC in ESP', () => {
  const payload = fromHex(`45000030da3a00008001df3bc0a80005c0a800010800c6cd0200070061626364
    65666768696a6b6c6d6e6f7071727374`);
  const keymat = fromHex('4c80cdefbb5d10da906ac73c3613a63422433c64');
  const parameters = parametersFor('aes128gmac', 0x4321, keymat, false);
  // Its Next Header is 1, and its padding 1, 2.
  expect(toHex(roundTrip(parameters, 7n, new Uint8Array(8), payload, 1))).toBe(
    `00004321000000070000000000000000${toHex(payload)}01020201f2a9a836e155106aa8dcd618e4099aaa`,
  );
});

// The packets of RFC 3602 carry no ICV, which this engine refuses: all of each packet but that is theirs.
function withoutIcv(spi: number, sequence: bigint, iv: string, key: string, payload: Uint8Array, nextHeader: number) {
  const parameters = parametersFor('aes128-sha256', spi, fromHex(key), false);
  return roundTrip(parameters, sequence, fromHex(iv), payload, nextHeader).slice(0, -16);
}

describe('RFC 3602 §4, cases 5 to 8: AES-CBC in ESP', () => {
  test.each([
    [
      5,
      '4500005408f200004001f9fec0a87b03c0a87b64',
      '08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637',
      'e96e8c08ab465763fd098d45dd3ff893',
      'f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6',
      '4500007c08f200004032f9a5c0a87b03c0a87b64',
    ],
    [
      6,
      '4500003008fe00004001fa16c0a87b03c0a87b64',
      '0800b5e8a80a0500a69c083d0b660e00777777777777777777777777',
      '69d08df7d203329db093fc4924e5bd80',
      'f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75',
      '4500004c08fe00004032f9c9c0a87b03c0a87b64',
    ],
  ])('case %d, transport mode', (_case, header, data, iv, ciphertext, espHeader) => {
    const split = splitOutbound(fromHex(header + data));
    if (split === null) throw new Error('not split');
    expect(toHex(split.payload)).toBe(data);
    const esp = withoutIcv(0x4321, 1n, iv, '90d382b410eeba7ad938c46cec1a82bf', split.payload, split.nextHeader);
    expect(toHex(must(join(split, 50, esp)))).toBe(`${espHeader}0000432100000001${iv}${ciphertext}`);
  });

  test.each([
    [
      7,
      '45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637',
      'f4e765244f6407adf13dc1380f673f37',
      '773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d',
      '4500008c090500004032f91ec0a87b03c0a87bc8',
    ],
    [
      8,
      '45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
      '85d47224b5f3dd5d2101d4ea8dffab22',
      '15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892',
      '4500007c090d00004032f926c0a87b03c0a87bc8',
    ],
  ])('case %d, tunnel mode', (_case, inner, iv, ciphertext, outerHeader) => {
    const outer = encapsulate(fromHex(inner), addressOf('192.168.123.3'), addressOf('192.168.123.200'), {
      protocol: 50,
      payload: withoutIcv(0x8765, 2n, iv, '0123456789abcdef0123456789abcdef', fromHex(inner), 4),
      identification: decodeIpv4(fromHex(inner)).identification + 1,
    });
    expect(toHex(must(outer))).toBe(`${outerHeader}0000876500000002${iv}${ciphertext}`);
  });
});
