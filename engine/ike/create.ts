import type { IkeConfig } from './config.ts';
import type { IkeContext, IkeDaemon, IkeEffects } from './daemon.ts';
import { type IkeSteps, STEPS } from './steps.ts';

const NOTHING: IkeEffects = { commands: [], datagrams: [], events: [], secrets: [], fetches: [] };

/** Makes a daemon. It has done nothing yet: `wakeAt()` is due at once. Throws when the configuration contradicts itself. */
export function createIkeDaemon(_config: IkeConfig, _context: IkeContext, _steps: IkeSteps = STEPS): IkeDaemon {
  return {
    receive: () => NOTHING,
    wake: () => NOTHING,
    wakeAt: () => null,
    command: () => NOTHING,
    status: () => ({ sas: [], halfOpen: 0, cookies: false, counters: {} }),
  };
}
