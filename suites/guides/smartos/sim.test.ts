import { createSimDriver } from '../../../lab/drivers/sim/sim-driver.ts';
import { smartosWalk } from './walk.ts';

smartosWalk('simulated', () => createSimDriver({ pace: 'virtual' }));
