import { createSimDriver } from '../../../lab/drivers/sim/sim-driver.ts';
import { expiryWalk, racoonWalk } from './walk.ts';

racoonWalk('simulated', () => createSimDriver({ pace: 'virtual' }));
expiryWalk('simulated', () => createSimDriver({ pace: 'virtual' }));
