import { u16At, u8At } from '../../engine/wire/octets.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { type Place, walkFrame } from '../capture/clear-walk.ts';
import { describePacket } from '../capture/describe.ts';
import { FlowMatcher } from '../capture/flow-match.ts';
import { type Opening, PacketOpener } from '../capture/opener.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import type { RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import { captureGap, EVIDENCE_FRAMES, LOOK_EVERY_MS, LOOKS_MAX, probeFlow } from './flow-probe.ts';
import { type Attempt, counted, type EvidenceFrame, type Witnesses } from './result.ts';
import { ipPacketIn } from '../capture/whole-packets.ts';

type AuthenticatedSpec = Extract<CheckSpec, { readonly kind: 'authenticated' }>;

/**
 * A flow is seen on a link only under AH. The check sends a probe of its own between two owners of the flow's prefixes; on the
 * link there must then be AH around a packet of the flow whose ICV verifies with the SA's keys, apart from the engine. In all that
 * the link's history holds, no packet of the flow may stand without such AH.
 */
export async function attemptAuthenticated(
  lab: RunningLab,
  witnesses: Witnesses,
  spec: AuthenticatedSpec,
  timeoutMs: number,
): Promise<Attempt> {
  const probe = await probeFlow(lab, witnesses, spec, timeoutMs);
  if (typeof probe === 'string') return { kind: 'failed', why: probe };
  const verified = await lookFor(lab, witnesses, spec, probe.mark);
  const bare = judgeAll(lab, witnesses.recorder.history(spec.link), spec).bare;
  if (bare.length > 0) {
    const why = `${counted(bare.length, 'packet')} of the flow without AH that verifies on ${spec.link}`;
    return { kind: 'failed', why, evidence: bare.slice(0, EVIDENCE_FRAMES) };
  }
  const gap = captureGap(lab, spec, probe);
  if (gap !== null) return gap;
  const [first] = verified;
  if (first === undefined) return { kind: 'again', why: `no AH of the flow on ${spec.link} (${probe.says})` };
  return { kind: 'passed', why: `${first.says}; nothing of the flow without AH`, evidence: verified };
}

async function lookFor(lab: RunningLab, { recorder }: Witnesses, spec: AuthenticatedSpec, mark: number) {
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    await lab.sleep(LOOK_EVERY_MS);
    const { verified } = judgeAll(lab, recorder.since(mark, spec.link), spec);
    if (verified.length > 0) return verified.slice(0, EVIDENCE_FRAMES);
  }
  return [];
}

interface Judged {
  /** Packets of the flow under AH that verifies, and those without. */
  readonly verified: EvidenceFrame[];
  readonly bare: EvidenceFrame[];
}

function judgeAll(lab: RunningLab, packets: readonly CapturedPacket[], spec: AuthenticatedSpec): Judged {
  const opener = new PacketOpener(() => lab.keys());
  const matcher = new FlowMatcher(spec.a, spec.b);
  const judged: Judged = { verified: [], bare: [] };
  for (const packet of packets) {
    const openings = opener.open(packet);
    if (!showsFlow(packet.octets, matcher)) continue;
    const ah = openings.find(opening => opening.kind === 'verified');
    if (ah !== undefined) {
      const { spi, sa } = ah.contents;
      judged.verified.push({ packet, says: `AH spi ${formatSpi(spi)} (${sa.suite}) around ${shown(packet)}` });
    } else if (openings.length > 0 || !isEarlyFragment(packet.octets)) {
      judged.bare.push({ packet, says: `a packet of ${spec.a} <-> ${spec.b} ${why(openings)}` });
    }
  }
  return judged;
}

function why(openings: readonly Opening[]): string {
  const bad = openings.find(({ kind }) => kind === 'unverified');
  if (bad?.kind === 'unverified') return `under AH that does not verify: ${bad.why}`;
  return openings.some(({ kind }) => kind === 'unknownSa') ? 'under an SA without a key' : 'without AH';
}

function shown(packet: CapturedPacket): string {
  const ip = ipPacketIn(packet.octets);
  return ip === null ? 'no packet' : describePacket(ip);
}

/** Readable or under AH; what an ICMP error quotes is not sent again. */
function showsFlow(frame: Uint8Array, matcher: FlowMatcher): boolean {
  let found = false;
  const visitor = {
    esp: (place: Readonly<Place>) => {
      found ||= isSent(place, matcher);
    },
    fragment: (place: Readonly<Place>) => {
      found ||= isSent(place, matcher);
    },
    clear: (place: Readonly<Place>) => {
      found ||= isSent(place, matcher);
      return found;
    },
  };
  walkFrame(frame, visitor);
  return found;
}

const isSent = (place: Readonly<Place>, matcher: FlowMatcher): boolean =>
  place.wrapping !== 'quoted by an ICMP error' && matcher.matchesAt(place.octets, place.ipAt);

/** One after which others come: the whole packet is judged with the last of them. */
function isEarlyFragment(frame: Uint8Array): boolean {
  const ip = ipPacketIn(frame);
  if (ip === null) return false;
  if (u8At(ip, 0) >> 4 === 4) return (u16At(ip, 6) & 0x2000) !== 0;
  return u8At(ip, 6) === FRAGMENT && ip.length >= 48 && (u16At(ip, 42) & 1) === 1;
}

/** The extension header, RFC 8200 §4.5, right after the fixed one, where this lab's nodes put it. */
const FRAGMENT = 44;
