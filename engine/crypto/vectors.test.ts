import { getDiffieHellman } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { keyExchange } from './key-exchange-table.ts';
import { prf, prfPlus, skeyseedKey } from './prf-table.ts';
import { drawnFor, randomOf } from './testing/random.ts';

/** Key exchanges whose private values are published: of the initiator and of the responder. */
interface Exchange {
  readonly token: string;
  readonly section: string;
  readonly secrets: readonly [string, string];
  readonly publics: readonly [string, string];
  readonly shared: string;
}

const RFC5903: readonly Exchange[] = [
  {
    token: 'ecp256',
    section: '8.1',
    secrets: [
      'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
      'c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53',
    ],
    publics: [
      'dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59a' +
        'b1f45b33accf5f58389e0577b8990bb3',
      'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6a' +
        'ac23f046ada30f8353e74f33039872ab',
    ],
    shared: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
  },
  {
    token: 'ecp384',
    section: '8.2',
    secrets: [
      '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
      '41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc',
    ],
    publics: [
      '667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa' +
        '9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c',
      'e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571' +
        'dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c',
    ],
    shared: '11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746',
  },
  {
    token: 'ecp521',
    section: '8.3',
    secrets: [
      '0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777' +
        'f5957b2639bab072462f68c27a57382d4a52',
      '0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2' +
        'f869cca7458aa4a4effc311f5cb151685eb9',
    ],
    publics: [
      '0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564' +
        '941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4' +
        'a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582',
      '00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6' +
        'c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207' +
        '7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a',
    ],
    shared:
      '01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06' +
      'b3c715a3a8cc3151f2bee417996d19f3ddea',
  },
];

const RFC7748: readonly Exchange[] = [
  {
    token: 'x25519',
    section: '6.1',
    secrets: [
      '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
      '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
    ],
    publics: [
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    ],
    shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
  },
  {
    token: 'x448',
    section: '6.2',
    secrets: [
      '9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b',
      '1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d',
    ],
    publics: [
      '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0',
      '3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609',
    ],
    shared:
      '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d',
  },
];

/** What both sides send, and what both come to. */
function outcome({ token, secrets }: Exchange, draw: (secret: string) => string): string[] {
  const method = must(keyExchange(token));
  const start = method.begin(randomOf(draw(secrets[0])));
  const answer = method.respond(start.data, randomOf(draw(secrets[1])));
  if (answer.kind !== 'shared') throw new Error(answer.why);
  const result = start.finish(answer.data);
  if (result.kind !== 'shared') throw new Error(result.why);
  return [start.data, answer.data, answer.secret, result.secret].map(toHex);
}

test.each(RFC5903)('RFC 5903 §$section, $token', exchange => {
  const { publics, shared } = exchange;
  expect(outcome(exchange, drawnFor)).toEqual([...publics, shared, shared]);
});

test.each(RFC7748)('RFC 7748 §$section, $token', exchange => {
  const { publics, shared } = exchange;
  expect(outcome(exchange, secret => secret)).toEqual([...publics, shared, shared]);
});

/** [2^bits pi], by Machin: 16 arctan(1/5) - 4 arctan(1/239), with bits to spare. */
function scaledPi(bits: number): bigint {
  const spare = 64n;
  const one = 1n << (BigInt(bits) + spare);
  const arctanInverse = (x: bigint): bigint => {
    let [power, sum] = [one / x, 0n];
    for (let i = 1n, sign = 1n; power !== 0n; i += 2n, sign = -sign) {
      sum += (sign * power) / i;
      power /= x * x;
    }
    return sum;
  };
  return (16n * arctanInverse(5n) - 4n * arctanInverse(239n)) >> spare;
}

/** Group, bits, and the number that makes the formula a safe prime. */
const PRIMES: readonly (readonly [group: number, bits: number, addend: bigint])[] = [
  [1, 768, 149_686n],
  [2, 1024, 129_093n],
  [5, 1536, 741_804n],
  [14, 2048, 124_476n],
  [15, 3072, 1_690_314n],
  [16, 4096, 240_904n],
  [17, 6144, 929_484n],
  [18, 8192, 4_743_158n],
];

test.each(PRIMES)('RFC 2409 §6, RFC 3526: the prime of group %d, by its formula', (group, bits, addend) => {
  const n = BigInt(bits);
  const prime = (1n << n) - (1n << (n - 64n)) - 1n + (1n << 64n) * (scaledPi(bits - 130) + addend);
  expect(getDiffieHellman(`modp${group}`).getPrime('hex')).toBe(prime.toString(16));
});

/** NIST CAVP, key derivation of IKEv2 (SP 800-135 §4.1.2) with HMAC-SHA-1, as libreswan and Cisco carry the examples. */
const CAVP = [
  {
    ni: '32b50d5f4a3763f3',
    nr: '9206a04b26564cb1',
    gir: '4b2c1f971981a8ad8d0abeafabf38cf75fc8349c148142465ed9c8b516b8be52',
    girNew: '863f3c9d06efd39d2b907b97f8699e5dd5251ef64a2a176f36ee40c87d4f9330',
    spis: '34c9e7c1888687853ff77d760d2b2199',
    skeyseed: 'a9a7b222b59f8f48645f28a1db5b5f5d7479cba7',
    skeyseedRekey: '63e81194946ebd05df7df5ebf5d8750056bf1f1d',
    dkm:
      'a14293677cc80ff8f9cc0eee30d895da9d8f405666e30ef0dfcb63c634a46002a2a63080e514a062768b76606f9fa5e9' +
      '92204fc5a670bde3f10d6b027113936a5c55b648a194ae587b0088d52204b702c979fa280870d2ed41efa9c549fd1119' +
      '8af1670b143d384bd275c5f594cf266b05ebadca855e4249520a441a81157435a7a56cc4',
  },
  {
    ni: '3651fef5c9c35e93',
    nr: 'c09a8b90a3f04d59',
    gir:
      'd084a30166a50fb7325c3960874a839449ef9741c2f4f947d0201dd8c1269273d79509f37e3ca3eb4fa2fe2a28254e28' +
      '9cd3f34dad4eb4df1a07685a4b8a94fa61e2491f7598b3ce65547ff133b3f63d1ac4175eaa695033f3cedb026a6873a3' +
      '6455172a8540b8a5d23a0143bed0390ee49b168269d75fffee9fb62be965993c',
    girNew:
      '52f00ab174c25d5b7139ae5ff4e8e9eddee5992d2e36adf8a559ffd90dab1442e4fbe429d320c0f33552a17d1557fa41' +
      'ea70e8fb916c4fa27ed52b5f8ebd8461afa78f1159159a64055ac5f6319e29c28eae58cbc6847770f32c3fed1d047504' +
      '84f854790f95e9ec01bc5bc461f24966462e359511329305038e94deb6dd42c2',
    spis: '8e5c3ae507221684b1f201bb155c3acd',
    skeyseed: 'cd2e8050137832245f1dbacc6e4f0a92f94d45d6',
    skeyseedRekey: '3b03bce748c96d5e8306918d2ff89b68f0648da3',
    dkm:
      '6f1b12cad3cbe097b35430356d869d54cddb0198ec859174d53ceb92dddedbe2436db69f60977c58fa63bbb667f8d369' +
      '20b109baae8f6c61a9ac49feda01843225d080ec5539d5881a25521ffb2a0a91874a9c0a27fcc2d717eb8963a9e3a89c' +
      '7ab264757284c28cf8c3ca40576f4220b052b1fb8e9ad60ba3c80557323331a8cbb89f20',
  },
] as const;

test.each(CAVP)('CAVP: SKEYSEED $skeyseed and what follows from it', one => {
  const sha1 = must(prf('prfsha1'));
  const [ni, nr] = [fromHex(one.ni), fromHex(one.nr)];
  const skeyseed = sha1.compute(skeyseedKey(sha1, ni, nr), fromHex(one.gir));
  expect(toHex(skeyseed)).toBe(one.skeyseed);
  const dkm = prfPlus(sha1, skeyseed, Buffer.concat([ni, nr, fromHex(one.spis)]), fromHex(one.dkm).length);
  expect(toHex(dkm)).toBe(toHex(fromHex(one.dkm)));
  const skD = dkm.subarray(0, sha1.keyOctets);
  const girNew = fromHex(one.girNew);
  expect(toHex(sha1.compute(skD, Buffer.concat([girNew, ni, nr])))).toBe(one.skeyseedRekey);
});

/** Keys of Child SAs, of the last of them. */
const KEYMAT = {
  withoutDh:
    '4727dc0ef94eb326ce131cf282fb652faa638ad0ddae3786a11bcc0309876009f8c485de011ad962c5b1ca8a41ff8145' +
    '445749079c5686e26ffebbc342f06981f3da745e11ca0976424d1f8caec623d59dc7186deb20a27b411d1dcb70a36544' +
    '0bf7de905088b0692e8addc094e18d1939bdb67e89798ca6b239e2ccb81c2409dac0106c',
  withDh:
    'b109c21ad4c0797768c1cec9e63554681e48f224bca7f23c20c4ea7041983451e9aa1d5408656c8a975ff1b9d9a12c75' +
    'ffeb64bdecb30174664cccb4e14f1c377b7f6d1525af77c7092aac3e47f917ebae8297fb5539d2008ce830823a09cc19' +
    '7361d4a289c72745f6ce9fefe812be5bf55b3200fbb82e41a4a40877d3fe106db909707b',
} as const;

test('CAVP: KEYMAT without and with a key exchange of its own', () => {
  const sha1 = must(prf('prfsha1'));
  const { ni, nr, girNew, dkm } = CAVP[1];
  const keymat = (...seed: readonly string[]) =>
    toHex(prfPlus(sha1, fromHex(dkm).subarray(0, sha1.keyOctets), fromHex(seed.join('')), fromHex(dkm).length));
  expect(keymat(ni, nr)).toBe(KEYMAT.withoutDh);
  expect(keymat(girNew, ni, nr)).toBe(KEYMAT.withDh);
});
