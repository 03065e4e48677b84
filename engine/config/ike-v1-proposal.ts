import { legacyReason } from '../crypto/algorithm-entry.ts';
import { encryptionAlgorithm } from '../crypto/encryption.ts';
import { ikeRequirement } from '../crypto/ike-requirement.ts';
import { integrityAlgorithm } from '../crypto/integrity.ts';
import type { ChildProposalConfig, IkeProposalConfig } from '../ike/config.ts';
import { parseIkeProposal, type ProposalProblem, type ProposalReading, type ProposalRules } from './ike-proposal.ts';
import { keyExchangeNamed } from './key-exchange-names.ts';
import { oneOf } from './suggest.ts';

/**
 * What is offered for an ISAKMP SA: `aes256-sha256-modp2048`. The names are those of IKEv2; the integrity algorithm stands for
 * its hash (RFC 2409 §4), whose HMAC is the prf. Several of a kind are alternatives, the preferred one first.
 */
export function parseIkeV1Proposal(text: string, rules: ProposalRules): ProposalReading<IkeProposalConfig> {
  const { proposal, problems } = parseIkeProposal(text, rules);
  if (proposal === null) return { proposal, problems };
  const found = isakmpProblems(text, proposal);
  if (found.length > 0) return { proposal: null, problems: found };
  return { proposal: { ...proposal, prf: [] }, problems: [] };
}

/** What of a proposal for a Child SA IKEv1 has no number for, RFC 2407 §4.4 and §4.5 with what came after; empty: nothing. */
export function childProblems(proposal: ChildProposalConfig): readonly Omit<ProposalProblem, 'offset'>[] {
  const strange = [
    ...proposal.encryption.filter(token => !ESP_TRANSFORMS.test(token)),
    ...proposal.integrity.filter(token => !INTEGRITY.test(token)),
    ...proposal.keyExchange.filter(token => token !== 'none' && !V1_GROUPS.includes(token)),
  ];
  const problems = strange.map(token => {
    const fix = isGroup(token) ? `use ${oneOf(V1_GROUPS.slice(3, 6))}` : 'use aes256gcm16 or aes256-sha256';
    return { message: `IKEv1 has no number for ${token}`, fix };
  });
  if (proposal.additionalKeyExchanges.length === 0) return problems;
  return [
    ...problems,
    { message: 'IKEv1 has no additional key exchanges (RFC 9370)', fix: 'remove them, or use version: 2' },
  ];
}

/** Oakley groups 1, 2, 5, 14 to 21, RFC 2409 §6, RFC 3526 and RFC 5903, by number. */
export const OAKLEY_GROUPS: ReadonlyMap<number, string> = new Map([
  [1, 'modp768'],
  [2, 'modp1024'],
  [5, 'modp1536'],
  [14, 'modp2048'],
  [15, 'modp3072'],
  [16, 'modp4096'],
  [17, 'modp6144'],
  [18, 'modp8192'],
  [19, 'ecp256'],
  [20, 'ecp384'],
  [21, 'ecp521'],
]);

/** Good for everybody who still speaks IKEv1. */
export const DEFAULT_V1_PROPOSALS = [
  'aes256-aes128-sha256-sha384-sha512-modp2048-modp3072-ecp256-ecp384',
  'aes256-aes128-sha1-modp2048',
] as const;

const V1_GROUPS = [...OAKLEY_GROUPS.values()];
/** RFC 2409, appendix A, with what is deployed besides. */
const CIPHERS = /^(aes(128|192|256)|3des|des|blowfish\d*|cast)$/;
const HASHES = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'];
const ESP_TRANSFORMS = /^(aes(128|192|256)(ctr|ccm(8|12|16)|gcm(8|12|16)|gmac)?|3des|des|blowfish\d*|cast|null)$/;
const INTEGRITY = /^(md5|sha1|sha256|sha384|sha512|aesxcbc|aes(128|192|256)gmac)$/;

const isGroup = (token: string): boolean => /^(modp|ecp|x|mlkem|curve)/.test(token);

function isakmpProblems(text: string, proposal: IkeProposalConfig): ProposalProblem[] {
  const at = (part: string) => Math.max(0, text.toLowerCase().indexOf(part));
  const problems: ProposalProblem[] = [];
  for (const token of proposal.encryption.filter(each => !CIPHERS.test(each))) {
    const message = `${token} is not for ISAKMP SAs: IKEv1 has CBC alone (RFC 2409, appendix B)`;
    problems.push({ offset: at(token), message, fix: 'use aes256-sha256-modp2048' });
  }
  for (const token of proposal.integrity.filter(each => !HASHES.includes(each)))
    problems.push({ offset: at(token), message: `${token} is no hash of IKEv1`, fix: `use ${oneOf(HASHES.slice(2))}` });
  for (const token of proposal.keyExchange.filter(each => !V1_GROUPS.includes(each))) {
    const fix = `use ${oneOf(V1_GROUPS.slice(3, 6))}`;
    problems.push({ offset: at(token), message: `${token} is no Oakley group`, fix });
  }
  if (/(^|-)\s*prf/i.test(text)) {
    const message = 'IKEv1 has no PRF to choose: it is the HMAC of the hash (RFC 2409 §4)';
    problems.push({ offset: at('prf'), message, fix: 'remove it, and name the hash: aes256-sha256-modp2048' });
  }
  if (proposal.additionalKeyExchanges.length > 0) {
    const message = 'IKEv1 has no additional key exchanges (RFC 9370)';
    problems.push({ offset: 0, message, fix: 'remove them, or use version: 2' });
  }
  return problems;
}

/** Why nobody should use it any more, by its token here (RFC 8247, of IKEv2, which says the same of both); null: there is nothing to say. */
export function legacyInV1(token: string): string | null {
  const group = keyExchangeNamed(token);
  if (group !== null) return group.legacy;
  const entry = encryptionAlgorithm(token) ?? integrityAlgorithm(token);
  return entry === null ? null : legacyReason({ name: entry.name, requirement: ikeRequirement(entry) });
}
