import { createSimDriver } from '../../../lab/drivers/sim/sim-driver.ts';
import { racoonWalk } from './walk.ts';

racoonWalk('simulated', () => createSimDriver({ pace: 'virtual' }));
