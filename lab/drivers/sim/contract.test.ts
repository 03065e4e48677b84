import { driverContract } from '../contract.ts';
import { openTopology } from '../../topology/shipped.ts';
import { createSimDriver } from './sim-driver.ts';

const { topology: siteToSite } = openTopology('site-to-site');
if (siteToSite === null) throw new Error('site-to-site does not load');

driverContract('sim, virtual time', () => createSimDriver({ pace: 'virtual' }), { siteToSite });
driverContract('sim, real time', () => createSimDriver({ pace: 'real-time' }), { siteToSite });
