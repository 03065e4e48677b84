import type { Random } from '../crypto/random.ts';
import { u32At } from '../wire/octets.ts';
import { type AhSteps, authenticate, rfc4302Steps, verify } from './ah-kernel.ts';
import { protectPacket, shapeError, unprotectPacket } from './esp-packet.ts';
import { padToOctetsOf, tfcOctets } from './esp-size.ts';
import { appendTrailer, removeTrailer } from './esp-trailer.ts';
import { createIvSource, type IvSource } from './iv-source.ts';
import type { IpsecKernel, OpenJob, OpenResult, SealJob, SealResult } from './kernel.ts';
import type { SequenceVerdict } from './replay.ts';
import type { EspInboundSa, EspOutboundSa, EspParameters } from './sa.ts';
import { openWithAny } from './resynchronize.ts';
import { takeSequence } from './sequence.ts';

/** What a kernel does to each packet, one function a step of RFC 4303 §3.3 and §3.4; composed in that order. */
export interface EspSteps {
  /** The number of the next packet, counted up in the SA; null when it would cycle (§3.3.3). */
  readonly takeSequence: (sa: EspOutboundSa) => bigint | null;
  readonly iv: IvSource;
  /** Payload, TFC padding, padding and trailer. */
  readonly appendTrailer: (
    payload: Uint8Array,
    nextHeader: number,
    blockOctets: number,
    tfcOctets: number,
  ) => Uint8Array;
  /** From the SPI to the ICV. */
  readonly protect: (sa: EspParameters, sequence: bigint, iv: Uint8Array, plaintext: Uint8Array) => Uint8Array;
  readonly checkReplay: (sa: EspInboundSa, low: number) => SequenceVerdict;
  /** The plaintext with its trailer; null when the ICV is wrong. */
  readonly unprotect: (sa: EspParameters, sequence: bigint, esp: Uint8Array) => Uint8Array | null;
  /** Called for authenticated packets only. */
  readonly advanceReplay: (sa: EspInboundSa, sequence: bigint) => void;
}

/** The reference kernel. */
export function createTypescriptKernel(random: Random): IpsecKernel {
  return composeKernel('typescript', rfc4303Steps(random));
}

/** The steps as the RFC wants them. */
export function rfc4303Steps(random: Random): EspSteps {
  return {
    takeSequence,
    iv: createIvSource(random),
    appendTrailer,
    protect: protectPacket,
    checkReplay: (sa, low) => sa.window.check(low),
    unprotect: unprotectPacket,
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** Without `ah`, AH is as the RFC wants it. */
export function composeKernel(name: string, steps: EspSteps, ah: AhSteps = rfc4302Steps()): IpsecKernel {
  return {
    name,
    seal: jobs => jobs.map(job => seal(steps, job)),
    open: jobs => jobs.map(job => open(steps, job)),
    authenticate: jobs => jobs.map(job => authenticate(ah, job)),
    verify: jobs => jobs.map(job => verify(ah, job)),
  };
}

function seal(steps: EspSteps, { sa, nextHeader, payload }: SealJob): SealResult {
  const sequence = steps.takeSequence(sa);
  if (sequence === null) return { kind: 'sequenceExhausted' };
  const iv = steps.iv(sa, sequence);
  const tfc = tfcOctets(payload.length, padToOctetsOf(sa));
  const plaintext = steps.appendTrailer(payload, nextHeader, sa.suite.encryption.blockOctets, tfc);
  const esp = steps.protect(sa, sequence, iv, plaintext);
  sa.packets += 1;
  sa.octets += plaintext.length; // what the cipher was applied to, RFC 4301 §4.4.2.1
  return { kind: 'sealed', esp };
}

function open(steps: EspSteps, { sa, esp }: OpenJob): OpenResult {
  const why = shapeError(sa, esp);
  if (why !== null) return { kind: 'malformed', why };
  const { sequence: guess, fresh } = steps.checkReplay(sa, u32At(esp, 4));
  if (!fresh) return { kind: 'replayed', sequence: guess };
  const opened = openWithAny(sa.window, guess, number => steps.unprotect(sa, number, esp));
  if (opened === null) return { kind: 'authenticationFailed', sequence: guess };
  const { sequence, content: plaintext } = opened;
  steps.advanceReplay(sa, sequence);
  const content = removeTrailer(plaintext);
  if (content === null) return { kind: 'malformed', why: 'the padding is not 1, 2, 3…' };
  sa.packets += 1;
  sa.octets += plaintext.length;
  return { kind: 'opened', nextHeader: content.nextHeader, payload: content.payload, sequence };
}
