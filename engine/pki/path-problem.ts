import { readableTime } from '../wire/der-time.ts';
import type { GeneralName } from './general-name.ts';
import { formatDistinguishedName } from './name-text.ts';
import { formatAddress } from '../wire/address.ts';

/** Why a certificate was not believed. Names are DER; `subject` is whose certificate it is about. */
export type PathProblem =
  | { readonly kind: 'noIssuer'; readonly subject: Uint8Array; readonly issuer: Uint8Array }
  | {
      readonly kind:
        | 'badSignature'
        | 'unknownSignature'
        | 'unknownKey'
        | 'mayNotSign'
        | 'notCa'
        | 'keyUsage'
        | 'extendedKeyUsage'
        | 'revocationUnknown';
      readonly subject: Uint8Array;
    }
  | { readonly kind: 'weakSignature' | 'weakKey'; readonly subject: Uint8Array; readonly why: string }
  | { readonly kind: 'notYetValid' | 'expired'; readonly subject: Uint8Array; readonly limit: number }
  | { readonly kind: 'pathTooLong'; readonly subject: Uint8Array; readonly pathLength: number }
  | { readonly kind: 'unknownCritical'; readonly subject: Uint8Array; readonly extension: string }
  | {
      readonly kind: 'nameConstraint';
      readonly subject: Uint8Array;
      readonly ca: Uint8Array;
      readonly name: GeneralName;
      readonly why: 'excluded' | 'notPermitted' | 'unsupported';
    }
  | { readonly kind: 'revoked'; readonly subject: Uint8Array; readonly at: number; readonly reason: string | null }
  | { readonly kind: 'tooDeep'; readonly subject: Uint8Array; readonly depth: number }
  | { readonly kind: 'tooManyTries' };

/** How far a path came that failed by this: the furthest is what a user wants to read of. */
export function problemRank({ kind }: PathProblem): number {
  if (kind === 'noIssuer') return 0;
  if (kind === 'badSignature' || kind === 'unknownSignature' || kind === 'mayNotSign' || kind === 'unknownKey')
    return 1;
  return kind === 'tooDeep' || kind === 'tooManyTries' ? 2 : 3;
}

/** One sentence without a full stop, for events and diagnostics. */
export function describeProblem(problem: PathProblem): string {
  switch (problem.kind) {
    case 'noIssuer':
      return `nothing trusted has issued ${nameText(problem.subject)}: its issuer is ${nameText(problem.issuer)}`;
    case 'badSignature':
      return `the signature of ${nameText(problem.subject)} is not its issuer's`;
    case 'unknownSignature':
      return `${nameText(problem.subject)} is signed in a way that is not known here`;
    case 'unknownKey':
      return `${nameText(problem.subject)} has a key of a kind that is not known here`;
    case 'mayNotSign':
      return `${nameText(problem.subject)} may not sign certificates (keyUsage)`;
    case 'notCa':
      return `${nameText(problem.subject)} is not a CA (basicConstraints)`;
    case 'keyUsage':
      return `the key of ${nameText(problem.subject)} is not for signatures (keyUsage)`;
    case 'extendedKeyUsage':
      return `the key of ${nameText(problem.subject)} is for other things (extendedKeyUsage)`;
    case 'revocationUnknown':
      return `nobody says whether ${nameText(problem.subject)} is revoked`;
    case 'weakSignature':
    case 'weakKey':
      return `${nameText(problem.subject)} has ${problem.why}`;
    case 'notYetValid':
      return `${nameText(problem.subject)} is not valid before ${readableTime(problem.limit)}`;
    case 'expired':
      return `${nameText(problem.subject)} has expired: it was valid until ${readableTime(problem.limit)}`;
    case 'pathTooLong':
      return `${nameText(problem.subject)} allows ${problem.pathLength} CAs below it, and there are more`;
    case 'unknownCritical':
      return `${nameText(problem.subject)} has a critical extension that is not known here: ${problem.extension}`;
    case 'nameConstraint':
      return `${nameText(problem.ca)} does not allow ${generalNameText(problem.name)} below it, which ${nameText(problem.subject)} has`;
    case 'revoked': {
      const why = problem.reason === null ? '' : ` (${problem.reason})`;
      return `${nameText(problem.subject)} was revoked at ${readableTime(problem.at)}${why}`;
    }
    case 'tooDeep':
      return `the chain of ${nameText(problem.subject)} goes on after ${problem.depth} certificates`;
    case 'tooManyTries':
      return 'there are too many certificates of the same name to try them all';
  }
}

/** `DNS:alice.lab`, as people write alternative names. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
      return `DNS:${name.text}`;
    case 'email':
      return `email:${name.text}`;
    case 'uri':
      return `URI:${name.text}`;
    case 'ip':
      return `IP:${addressText(name.octets)}`;
    case 'directory':
      return `dirName:${nameText(name.name)}`;
    case 'other':
      return `name of kind ${name.number}`;
  }
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4 || octets.length === 16) return formatAddress(octets);
  const half = octets.length / 2;
  return `${formatAddress(octets.subarray(0, half))}/${formatAddress(octets.subarray(half))}`;
}

function nameText(name: Uint8Array): string {
  const text = formatDistinguishedName(name);
  return text === '' || text === null ? 'a certificate without a subject' : `"${text}"`;
}
