import { formatAddress } from '../wire/address.ts';
import type { Instant } from '../wire/instant.ts';
import { autoconfigureWhatIsDue, nextAutoconfiguration, startAutoconfiguration } from './autoconfiguration.ts';
import { type Core, drop } from './core.ts';
import type { EthernetInterface } from './interfaces.ts';
import { giveUp } from './link-output.ts';
import { parsePacket } from './packet.ts';
import { beginTentative } from './reconfigure.ts';
import { report } from './report.ts';
import { advertiseWhatIsDue, nextAdvertisement, startAdvertising } from './router-advertising.ts';
import { runUpkeep } from './sa-timers.ts';
import { announce, solicit } from './solicitation.ts';

/** A link that begins to work: says who is there, and asks for (or is) a router. */
export function startLink(core: Core, link: EthernetInterface): void {
  beginTentative(core, link.addresses);
  announce(
    core,
    link,
    link.addresses.map(({ address }) => address),
  );
  for (const state of core.autoconfigurations) {
    if (state.link !== link) continue;
    const { solicitations, solicitAt } = startAutoconfiguration(link, core.now);
    Object.assign(state, { solicitations, solicitAt });
  }
  for (const state of core.advertising) if (state.link === link) Object.assign(state, startAdvertising(link, core.now));
}

/** Does all that is due at `core.now`. */
export function runTimers(core: Core): void {
  for (const timeout of core.neighbours.expire(core.now)) {
    if (timeout.kind === 'solicit') solicit(core, timeout.neighbour);
    else giveUp(core, timeout.neighbour, timeout.pending);
  }
  expireReassembly(core);
  runUpkeep(core);
  for (const state of core.autoconfigurations) autoconfigureWhatIsDue(core, state);
  for (const state of core.advertising) advertiseWhatIsDue(core, state);
}

/** When `runTimers` has something to do; null: never, as things are. */
export function nextTimer(core: Core): Instant | null {
  let earliest: Instant | null = null;
  const consider = (at: Instant | null) => {
    if (at !== null && (earliest === null || at < earliest)) earliest = at;
  };
  consider(core.neighbours.expiresAt());
  consider(core.reassembly.expiresAt());
  consider(core.upkeep.nextAt());
  for (const state of core.autoconfigurations) consider(nextAutoconfiguration(state));
  for (const state of core.advertising) consider(nextAdvertisement(state));
  return earliest;
}

/** RFC 1122 §3.3.2 and RFC 8200 §4.5: Time Exceeded is owed where the first fragment has come. */
function expireReassembly(core: Core): void {
  const { firsts, count } = core.reassembly.expire(core.now);
  for (let i = 0; i < count; i++) {
    drop(core, 'reassemblyFailed', () => 'fragments missing when the time was up');
  }
  for (const { octets, origin } of firsts) {
    const packet = parsePacket(octets, null);
    if (typeof packet === 'string') throw new Error(`${formatAddress(octets.subarray(12, 16))}: ${packet}`);
    if (!core.addresses.owns(packet.source)) report(core, packet, origin, { kind: 'reassemblyTimeout' });
  }
}
