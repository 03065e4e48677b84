import type { Core } from './core.ts';
import { giveUp } from './link-output.ts';
import { startLink } from './timers.ts';

/** The carrier of a port has come or gone: its routes count only while it is up, and its neighbours are asked again. */
export function runLinkCommand(core: Core, port: string, up: boolean): void {
  const link = core.ports.get(port);
  if (link === undefined) throw new Error(`${core.name} has no port ${port}`);
  if (link.up === up) return;
  link.up = up;
  core.flows.clear();
  core.audit.note(up ? 'interfaceUp' : 'interfaceDown', port);
  if (up) {
    startLink(core, link);
    return;
  }
  for (const { neighbour, pending } of core.neighbours.clear(link)) giveUp(core, neighbour, pending);
}
