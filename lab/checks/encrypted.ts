import { dissectPacket } from '../../engine/wire/dissect.ts';
import type { LayerKind } from '../../engine/wire/dissection.ts';
import { formatSpi } from '../../engine/wire/spi.ts';
import { walkPacket } from '../capture/clear-walk.ts';
import { describePacket } from '../capture/describe.ts';
import { FlowMatcher } from '../capture/flow-match.ts';
import { PacketOpener } from '../capture/opener.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import { createTripwire, type FlowSighting } from '../capture/tripwire.ts';
import type { RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import { captureGap, EVIDENCE_FRAMES, LOOK_EVERY_MS, LOOKS_MAX, probeFlow } from './flow-probe.ts';
import { type Attempt, counted, type EvidenceFrame, type Witnesses } from './result.ts';

type EncryptedSpec = Extract<CheckSpec, { readonly kind: 'encrypted' }>;

/**
 * A flow is seen on a link only inside ESP. The check sends a probe of its own between two owners of the flow's prefixes, so
 * that silence cannot pass: on the link there must then be ESP which the SA's keys open (ICV verified, apart from the
 * engine) to a packet of the flow, and in all that the link's history holds no packet of it in the clear.
 */
export async function attemptEncrypted(
  lab: RunningLab,
  witnesses: Witnesses,
  spec: EncryptedSpec,
  timeoutMs: number,
): Promise<Attempt> {
  const probe = await probeFlow(lab, witnesses, spec, timeoutMs);
  if (typeof probe === 'string') return { kind: 'failed', why: probe };
  const seen = await lookFor(lab, witnesses, spec, probe.mark);
  const leaks = leaksOf(witnesses, spec);
  if (leaks.length > 0) return leaked(spec, leaks);
  const gap = captureGap(lab, spec, probe);
  if (gap !== null) return gap;
  const [first] = seen.opened;
  if (first === undefined) return { kind: 'again', why: whyNotSeen(spec, seen, probe.says) };
  return { kind: 'passed', why: `${first.says}; nothing of the flow in the clear`, evidence: seen.opened };
}

interface Seen {
  packets: number;
  esp: number;
  /** Why ESP could not be opened. */
  readonly closed: Set<string>;
  /** ESP that holds a packet of the flow; the first ones. */
  readonly opened: EvidenceFrame[];
}

/** Live, a frame reaches the recorder a little later than its receiver: look a few times. */
async function lookFor(lab: RunningLab, { recorder }: Witnesses, spec: EncryptedSpec, mark: number): Promise<Seen> {
  const seen: Seen = { packets: 0, esp: 0, closed: new Set(), opened: [] };
  const opener = new PacketOpener(() => lab.keys());
  const matcher = new FlowMatcher(spec.a, spec.b);
  let position = mark;
  for (let looks = 0; looks < LOOKS_MAX && seen.opened.length === 0; looks++) {
    await lab.sleep(LOOK_EVERY_MS);
    const packets = recorder.since(position, spec.link);
    position = recorder.mark();
    seen.packets += packets.length;
    for (const packet of packets) if (seen.opened.length < EVIDENCE_FRAMES) look(packet, opener, matcher, seen);
  }
  return seen;
}

function look(packet: CapturedPacket, opener: PacketOpener, matcher: FlowMatcher, seen: Seen): void {
  for (const opening of opener.open(packet)) {
    if (opening.kind === 'verified' || opening.kind === 'unverified') continue; // AH encrypts nothing
    seen.esp++;
    if (opening.kind === 'rejected') seen.closed.add(opening.why);
    if (opening.kind === 'unknownSa') seen.closed.add(`no key for SPI ${formatSpi(opening.spi)}`);
    if (opening.kind !== 'opened' || opening.inner === null || !holdsFlow(opening.inner, matcher)) continue;
    if (!isSound(opening.inner)) {
      seen.closed.add('what it opens to is no sound packet');
      continue;
    }
    const { spi, sa } = opening.contents;
    seen.opened.push({
      packet,
      says: `ESP spi ${formatSpi(spi)} (${sa.suite}) holds ${describePacket(opening.inner)}`,
    });
  }
}

/** Bare, or in IP-in-IP inside the ESP. */
function holdsFlow(packet: Uint8Array, matcher: FlowMatcher): boolean {
  let found = false;
  const visitor = {
    esp: () => undefined,
    fragment: () => undefined,
    clear: (place: { readonly octets: Uint8Array; readonly ipAt: number }) => {
      found ||= matcher.matchesAt(place.octets, place.ipAt);
      return found;
    },
  };
  walkPacket(packet, 0, packet.length, visitor, 'bare', 0);
  return found;
}

/**
 * A transport checksum is right. The ICV proves only that the sender had the keys: in transport mode whatever comes out of
 * the cipher stands between the right addresses, also when the sender has encrypted nothing.
 */
function isSound(packet: Uint8Array): boolean {
  return dissectPacket(packet).layers.some(
    layer => SUMMED.has(layer.kind) && 'checksum' in layer && layer.checksum === 'right',
  );
}

const SUMMED: ReadonlySet<LayerKind> = new Set(['icmpv4', 'icmpv6', 'udp', 'tcp']);

/** What the link still remembers, and what the run's tripwire saw of the same flow before that. */
function leaksOf({ recorder, tripwire }: Witnesses, spec: EncryptedSpec): FlowSighting[] {
  const own = createTripwire([{ a: spec.a, b: spec.b, links: [spec.link], because: 'this check' }]);
  for (const packet of recorder.history(spec.link)) own.see(packet);
  const isThisFlow = (a: string, b: string) => (a === spec.a && b === spec.b) || (a === spec.b && b === spec.a);
  const older = tripwire.report().flows.filter(({ flow, link }) => link === spec.link && isThisFlow(flow.a, flow.b));
  return [...own.report().flows, ...older].filter(sighting => sighting.clearPackets > 0);
}

function leaked(spec: EncryptedSpec, leaks: readonly FlowSighting[]): Attempt {
  const most = Math.max(...leaks.map(leak => leak.clearPackets));
  const offences = leaks[0]?.offences.slice(0, EVIDENCE_FRAMES) ?? [];
  const evidence = offences.map(({ packet, how }) => ({
    packet,
    says: `a packet of ${spec.a} <-> ${spec.b} in the clear (${how})`,
  }));
  return {
    kind: 'failed',
    why: `${counted(most, 'packet')} of the flow in the clear on ${spec.link}, the first one ${offences[0]?.how ?? 'bare'}`,
    evidence,
  };
}

function whyNotSeen(spec: EncryptedSpec, seen: Seen, probe: string): string {
  if (seen.esp === 0) return `no ESP among ${counted(seen.packets, 'packet')} on ${spec.link} (${probe})`;
  const reasons = seen.closed.size > 0 ? `: ${[...seen.closed].join(', ')}` : '';
  return `${counted(seen.esp, 'ESP packet')} on ${spec.link}, none opens to a packet of the flow${reasons} (${probe})`;
}
