import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import { addressesEqual } from '../wire/address.ts';
import type { Core } from './core.ts';
import { sendDummy, sendKeepalive } from './idle-traffic.ts';
import { applyLimits, dummyDueAt, KEEPALIVE_NS, keepaliveDueAt, lastSentAt } from './sa-upkeep.ts';

/** Does all that is due for SAs at `core.now`. */
export function runUpkeep(core: Core): void {
  if (core.now < (core.upkeep.nextAt() ?? Infinity)) return;
  for (const upkeep of core.upkeep.all()) {
    if (upkeep.dueAt === null || upkeep.dueAt > core.now || applyLimits(core, upkeep)) continue;
    const { sa } = upkeep;
    if (sa.direction === 'outbound') {
      if (core.now >= (dummyDueAt(upkeep) ?? Infinity)) sendDummy(core, sa, upkeep);
      if (core.now >= (keepaliveDueAt(upkeep) ?? Infinity)) keepAlive(core, sa);
    }
    core.upkeep.schedule(upkeep, core.now);
  }
}

/** For all SAs that lead to the same place one keepalive is enough, and none where one of them has sent lately. */
function keepAlive(core: Core, sa: OutboundSa): void {
  const alike = core.upkeep.all().filter(other => other.sa.direction === 'outbound' && goesWith(other.sa, sa));
  const latest = Math.max(...alike.map(lastSentAt));
  if (core.now >= latest + KEEPALIVE_NS) sendKeepalive(core, sa);
  const at = Math.min(core.now, core.now >= latest + KEEPALIVE_NS ? core.now : latest);
  for (const each of alike) each.keptAliveAt = Math.max(each.keptAliveAt, at);
}

function goesWith(a: InboundSa | OutboundSa, b: OutboundSa): boolean {
  if (a.encapsulation === null || b.encapsulation === null) return false;
  const { localPort, remotePort, remoteAddress } = b.encapsulation;
  return (
    a.encapsulation.localPort === localPort &&
    a.encapsulation.remotePort === remotePort &&
    addressesEqual(a.encapsulation.remoteAddress, remoteAddress) &&
    addressesEqual(a.source, b.source)
  );
}
