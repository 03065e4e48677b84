import { icvFieldOctets } from '../crypto/ah-suite.ts';
import { icvsEqual } from '../crypto/icv.ts';
import { AH_FIXED_OCTETS, ahLengthAt, ahOctets, encodeAhHeader } from '../wire/ah.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u32At, u8At } from '../wire/octets.ts';
import { immutableHead } from './ah-immutable.ts';
import { type AhCoverage, ahIcv, ahShapeError, icvPlace } from './ah-packet.ts';
import type { AhOpenJob, AhOpenResult, AhSealJob, AhSealResult } from './kernel.ts';
import type { SequenceVerdict } from './replay.ts';
import type { AhInboundSa, AhOutboundSa, AhParameters } from './sa.ts';
import { openWithAny } from './resynchronize.ts';
import { takeSequence } from './sequence.ts';
import { join } from './transport-mode.ts';

/** What a kernel does to each packet under AH, one function a step of RFC 4302 §3.3 and §3.4; composed in that order. */
export interface AhSteps {
  /** The number of the next packet, counted up in the SA; null when it would cycle (§3.3.2). */
  readonly takeSequence: (sa: AhOutboundSa) => bigint | null;
  /** The AH with zeros for its ICV, padded for the IP version; with the IV of GMAC. */
  readonly header: (sa: AhParameters, sequence: bigint, nextHeader: number, version: 4 | 6) => Uint8Array;
  /** The headers before the AH as the ICV covers them; null when they cannot be predicted. */
  readonly immutableHead: (head: Uint8Array) => Uint8Array | null;
  readonly icv: (sa: AhParameters, sequence: bigint, coverage: AhCoverage) => Uint8Array;
  readonly checkReplay: (sa: AhInboundSa, low: number) => SequenceVerdict;
  readonly icvIsRight: (expected: Uint8Array, received: Uint8Array) => boolean;
  /** Called for authenticated packets only. */
  readonly advanceReplay: (sa: AhInboundSa, sequence: bigint) => void;
}

/** The steps as the RFC wants them. */
export function rfc4302Steps(): AhSteps {
  return {
    takeSequence,
    header: ahHeader,
    immutableHead,
    icv: ahIcv,
    checkReplay: (sa, low) => sa.window.check(low),
    icvIsRight: icvsEqual,
    advanceReplay: (sa, sequence) => sa.window.advance(sequence),
  };
}

/** Puts the AH between the headers of a packet and its payload. */
export function authenticate(steps: AhSteps, { sa, split }: AhSealJob): AhSealResult {
  const version = u8At(split.head, 0) >>> 4 === 4 ? 4 : 6;
  const headOctets = split.head.length;
  const length = ahOctets(icvFieldOctets(sa.integrity), version);
  const payload = new Uint8Array(length + split.payload.length);
  payload.set(split.payload, length);
  const packet = join(split, IpProtocol.AH, payload);
  if (packet === null) return { kind: 'malformed', why: 'the packet would be longer than IP allows' };
  const head = steps.immutableHead(packet.subarray(0, headOctets));
  if (head === null) return { kind: 'malformed', why: UNPREDICTABLE };
  const sequence = steps.takeSequence(sa);
  if (sequence === null) return { kind: 'sequenceExhausted' };
  const ah = steps.header(sa, sequence, split.nextHeader, version);
  packet.set(ah, headOctets);
  packet.set(steps.icv(sa, sequence, { head, ah, payload: split.payload }), headOctets + icvPlace(sa).start);
  sa.packets += 1;
  sa.octets += packet.length;
  return { kind: 'sealed', packet };
}

/** Takes the AH off a packet, if it may. */
export function verify(steps: AhSteps, { sa, split }: AhOpenJob): AhOpenResult {
  const version = u8At(split.head, 0) >>> 4 === 4 ? 4 : 6;
  const why = ahShapeError(sa, split.payload, version);
  if (why !== null) return { kind: 'malformed', why };
  const { sequence: guess, fresh } = steps.checkReplay(sa, u32At(split.payload, 8));
  if (!fresh) return { kind: 'replayed', sequence: guess };
  const head = steps.immutableHead(split.head);
  if (head === null) return { kind: 'malformed', why: UNPREDICTABLE };
  const length = ahLengthAt(split.payload, 0);
  const { start, end } = icvPlace(sa);
  const received = split.payload.subarray(start, end);
  const ah = new Uint8Array(split.payload.subarray(0, length)).fill(0, start, end); // a Buffer's slice is no copy
  const payload = split.payload.subarray(length);
  const isRight = (number: bigint) => steps.icvIsRight(steps.icv(sa, number, { head, ah, payload }), received);
  const opened = openWithAny(sa.window, guess, number => (isRight(number) ? payload : null));
  if (opened === null) return { kind: 'authenticationFailed', sequence: guess };
  const { sequence } = opened;
  steps.advanceReplay(sa, sequence);
  sa.packets += 1;
  sa.octets += split.head.length + split.payload.length; // what the ICV was applied to, RFC 4301 §4.4.2.1
  return { kind: 'opened', nextHeader: u8At(ah, 0), payload, sequence };
}

/** The IV is the sequence number, which never comes again with a key (RFC 4543 §3.1). */
function ahHeader(sa: AhParameters, sequence: bigint, nextHeader: number, version: 4 | 6): Uint8Array {
  const icv = new Uint8Array(ahOctets(icvFieldOctets(sa.integrity), version) - AH_FIXED_OCTETS);
  if (sa.integrity.ivOctets === 8) new DataView(icv.buffer).setBigUint64(0, sequence);
  return encodeAhHeader({ nextHeader, spi: sa.spi, sequence: Number(sequence & 0xffff_ffffn), icv });
}

const UNPREDICTABLE = 'headers of which nobody can know how they arrive';
