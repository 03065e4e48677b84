import { expect, test } from 'vitest';
import type { ProposalSubstructure, SaPayload, TransformSubstructure } from '../../wire/ike/payload.ts';
import type { ChildProposalConfig, IkeProposalConfig } from '../config.ts';
import { acceptChild, acceptIke } from './accept-proposal.ts';
import { childChoices, ikeChoices, keyExchangesOf, offer, spiOctets } from './proposals.ts';
import { answerWith, selectChild, selectIke } from './select-proposal.ts';
import { childSuiteName, ikeSuiteName } from './suite.ts';

const ike = (changes: Partial<IkeProposalConfig> = {}): IkeProposalConfig => ({
  encryption: ['aes256gcm16'],
  integrity: [],
  prf: ['prfsha256'],
  keyExchange: ['x25519'],
  additionalKeyExchanges: [],
  ...changes,
});

const esp = (changes: Partial<ChildProposalConfig> = {}): ChildProposalConfig => ({
  protocol: 'esp',
  encryption: ['aes128'],
  integrity: ['sha256'],
  keyExchange: [],
  additionalKeyExchanges: [],
  esn: ['no'],
  ...changes,
});

const NO_SPI_YET = new Uint8Array(0);
const SPI = spiOctets(0x1234_5678);
const plain = (type: number, id: number, keyBits: number | null = null): TransformSubstructure => ({
  type,
  id,
  keyBits,
  otherAttributes: [],
});
const espProposal = (number: number, ...transforms: TransformSubstructure[]): ProposalSubstructure => ({
  number,
  protocolId: 3,
  spi: SPI,
  transforms,
});
const payload = (...proposals: ProposalSubstructure[]): SaPayload => ({ type: 'SA', proposals });
const AES_128_CBC = plain(1, 12, 128);
const SHA_256 = plain(3, 12);
const NO_ESN = plain(5, 0);

test('an offer has the numbers of the registry and the attribute where RFC 7296 §3.3.5 wants it', () => {
  const { proposals } = offer(ikeChoices([ike({ encryption: ['aes256gcm16', 'chacha20poly1305'] })]), NO_SPI_YET);
  expect(proposals).toEqual([
    {
      number: 1,
      protocolId: 1,
      spi: NO_SPI_YET,
      transforms: [plain(1, 20, 256), plain(1, 28), plain(2, 5), plain(4, 31)],
    },
  ]);
});

test('authenticated ciphers and others stand in proposals of their own, §3.3', () => {
  const mixed = ike({ encryption: ['aes128gcm16', 'aes128'], integrity: ['sha256'] });
  const { proposals } = offer(ikeChoices([mixed]), NO_SPI_YET);
  expect(proposals.map(({ transforms }) => transforms.map(({ type, id }) => `${type}:${id}`))).toEqual([
    ['1:20', '2:5', '4:31'],
    ['1:12', '2:5', '3:12', '4:31'],
  ]);
});

test('what is offered is selected and accepted', () => {
  for (const config of [
    ike(),
    ike({ encryption: ['3des'], integrity: ['sha1'], prf: ['prfsha1'], keyExchange: ['modp2048'] }),
    ike({ keyExchange: ['x25519', 'ecp256'], additionalKeyExchanges: [['mlkem768', 'none'], ['mlkem1024']] }),
  ]) {
    const offered = offer(ikeChoices([config]), NO_SPI_YET);
    const selected = selectIke(offered, ikeChoices([config]), 0);
    if (selected.kind !== 'chosen') throw new Error(selected.kind);
    const accepted = acceptIke(offered, answerWith(selected.proposal, NO_SPI_YET), 0);
    if (accepted.kind !== 'accepted') throw new Error(accepted.why);
    expect(accepted.suite).toEqual(selected.suite);
  }
});

test('the responder prefers what it has configured first, proposals and transforms', () => {
  const theirs = offer(ikeChoices([ike({ keyExchange: ['modp2048', 'ecp256', 'x25519'] })]), NO_SPI_YET);
  const selected = selectIke(theirs, ikeChoices([ike({ keyExchange: ['x25519', 'ecp256'] })]), 0);
  expect(selected.kind === 'chosen' && ikeSuiteName(selected.suite)).toBe('aes256gcm16-prfsha256-x25519');

  const weakFirst = offer(childChoices([esp(), esp({ encryption: ['aes256gcm16'], integrity: [] })], 'with'), SPI);
  const ours = childChoices([esp({ encryption: ['aes256gcm16', 'aes128'] })], 'with');
  const child = selectChild(weakFirst, ours, 'with');
  expect(child.kind === 'chosen' && [child.proposal.number, childSuiteName(child.suite)]).toEqual([2, 'aes256gcm16']);
});

test.each<[string, SaPayload]>([
  ['a transform type that is not understood', payload(espProposal(1, AES_128_CBC, SHA_256, NO_ESN, plain(77, 1)))],
  ['a PRF in a proposal of ESP', payload(espProposal(1, AES_128_CBC, SHA_256, NO_ESN, plain(2, 5)))],
  ['no integrity beside CBC', payload(espProposal(1, AES_128_CBC, NO_ESN))],
  ['integrity NONE beside CBC', payload(espProposal(1, AES_128_CBC, plain(3, 0), NO_ESN))],
  ['no ESN transform', payload(espProposal(1, AES_128_CBC, SHA_256))],
  ['AES without a key length', payload(espProposal(1, plain(1, 12), SHA_256, NO_ESN))],
  ['AES of another key length', payload(espProposal(1, plain(1, 12, 256), SHA_256, NO_ESN))],
  [
    'an attribute that is not understood',
    payload(espProposal(1, { ...AES_128_CBC, otherAttributes: [{ type: 17, value: 1 }] }, SHA_256, NO_ESN)),
  ],
  ['XCBC where SHA-256 is wanted', payload(espProposal(1, AES_128_CBC, plain(3, 5), NO_ESN))],
  ['a key exchange that we do not want', payload(espProposal(1, AES_128_CBC, SHA_256, NO_ESN, plain(4, 14)))],
  ['an SPI that is reserved', payload({ ...espProposal(1, AES_128_CBC, SHA_256, NO_ESN), spi: spiOctets(255) })],
  ['an SPI of 8 octets', payload({ ...espProposal(1, AES_128_CBC, SHA_256, NO_ESN), spi: new Uint8Array(8).fill(1) })],
  ['AH', payload({ ...espProposal(1, SHA_256, NO_ESN), protocolId: 2 })],
  ['a protocol that does not exist', payload({ ...espProposal(1, AES_128_CBC, SHA_256, NO_ESN), protocolId: 9 })],
])('%s: that proposal is not chosen, and the next one is', (_what, bad) => {
  const ours = childChoices([esp()], 'with');
  expect(selectChild(bad, ours, 'with').kind).toBe('none');
  const good = espProposal(2, AES_128_CBC, SHA_256, NO_ESN);
  const both = selectChild(payload(...bad.proposals, good), ours, 'with');
  expect(both.kind === 'chosen' && both.proposal.number).toBe(2);
});

test('a transform that is not understood is passed over, and the others of its type are not', () => {
  const proposal = espProposal(1, plain(1, 999, 128), AES_128_CBC, plain(3, 999), SHA_256, NO_ESN, plain(5, 7));
  const selected = selectChild(payload(proposal), childChoices([esp()], 'with'), 'with');
  expect(selected.kind === 'chosen' && selected.proposal.transforms).toEqual([AES_128_CBC, SHA_256, NO_ESN]);
});

test('NONE that was offered is answered, and what was not is not', () => {
  const aead = esp({ encryption: ['aes128gcm16'], integrity: [] });
  const withNone = espProposal(1, plain(1, 20, 128), plain(3, 0), NO_ESN, plain(4, 0), plain(4, 31));
  const selected = selectChild(payload(withNone), childChoices([aead], 'with'), 'with');
  expect(selected.kind === 'chosen' && selected.proposal.transforms).toEqual([
    plain(1, 20, 128),
    plain(3, 0),
    NO_ESN,
    plain(4, 0),
  ]);
  expect(selected.kind === 'chosen' && selected.suite.keyExchange).toBeNull();
});

test('in IKE_AUTH key exchanges are passed over, whoever names them', () => {
  const ours = childChoices([esp({ keyExchange: ['x25519'] })], 'without');
  const theirs = payload(espProposal(1, AES_128_CBC, SHA_256, NO_ESN, plain(4, 14)));
  const selected = selectChild(theirs, ours, 'without');
  expect(selected.kind === 'chosen' && selected.proposal.transforms).toEqual([AES_128_CBC, SHA_256, NO_ESN]);
});

test('an IKE SA needs a key exchange, and an AEAD no integrity', () => {
  const withoutKe = { number: 1, protocolId: 1, spi: NO_SPI_YET, transforms: [plain(1, 20, 256), plain(2, 5)] };
  expect(selectIke(payload(withoutKe), ikeChoices([ike()]), 0).kind).toBe('none');
  const withKeNone = { ...withoutKe, transforms: [...withoutKe.transforms, plain(4, 0)] };
  expect(selectIke(payload(withKeNone), ikeChoices([ike()]), 0).kind).toBe('none');
  const withIntegrity = { ...withoutKe, transforms: [...withoutKe.transforms, plain(4, 31), plain(3, 12)] };
  expect(selectIke(payload(withIntegrity), ikeChoices([ike()]), 0).kind).toBe('none');
});

test('no method is chosen for two key exchanges of one IKE SA', () => {
  const config = ike({
    keyExchange: ['x25519'],
    additionalKeyExchanges: [
      ['mlkem768', 'x25519'],
      ['mlkem768', 'mlkem1024'],
    ],
  });
  const selected = selectIke(offer(ikeChoices([config]), NO_SPI_YET), ikeChoices([config]), 0);
  expect(selected.kind === 'chosen' && ikeSuiteName(selected.suite)).toBe(
    'aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_mlkem1024',
  );
});

test('proposals are numbered 1, 2, 3, or the payload is malformed', () => {
  const good = espProposal(2, AES_128_CBC, SHA_256, NO_ESN);
  for (const bad of [payload(), payload(good), payload({ ...good, number: 1 }, { ...good, number: 1 })]) {
    expect(selectChild(bad, childChoices([esp()], 'with'), 'with').kind).toBe('malformed');
  }
});

test.each<[string, (proposal: ProposalSubstructure) => SaPayload]>([
  ['two proposals', proposal => payload(proposal, proposal)],
  ['none', () => payload()],
  ['one that was not offered', proposal => payload({ ...proposal, number: 3 })],
  ['another protocol', proposal => payload({ ...proposal, protocolId: 2 })],
  [
    'an algorithm that was not offered',
    proposal => payload({ ...proposal, transforms: [plain(1, 12, 256), SHA_256, NO_ESN] }),
  ],
  [
    'two algorithms of a type',
    proposal => payload({ ...proposal, transforms: [...proposal.transforms, plain(3, 12)] }),
  ],
  ['a type left out', proposal => payload({ ...proposal, transforms: [AES_128_CBC, NO_ESN] })],
  ['an SPI of zero', proposal => payload({ ...proposal, spi: spiOctets(0) })],
  [
    'an unknown attribute',
    proposal =>
      payload({
        ...proposal,
        transforms: [{ ...AES_128_CBC, otherAttributes: [{ type: 1, value: 1 }] }, SHA_256, NO_ESN],
      }),
  ],
])('an answer with %s is refused', (_what, spoil) => {
  const offered = offer(childChoices([esp()], 'with'), SPI);
  const selected = selectChild(offered, childChoices([esp()], 'with'), 'with');
  if (selected.kind !== 'chosen') throw new Error(selected.kind);
  expect(acceptChild(offered, answerWith(selected.proposal, SPI)).kind).toBe('accepted');
  expect(acceptChild(offered, spoil({ ...selected.proposal, spi: SPI })).kind).toBe('refused');
});

test('the guess of a KE payload is the first method, and NONE is no guess', () => {
  expect(keyExchangesOf(childChoices([esp({ keyExchange: ['none', 'ecp256', 'x25519'] })], 'with'))).toEqual([
    'ecp256',
    'x25519',
  ]);
  expect(keyExchangesOf(childChoices([esp()], 'with'))).toEqual([]);
});
