import { driverContract } from '../contract.ts';
import { shipped } from '../../topology/testing/shipped.ts';
import { createSimDriver } from './sim-driver.ts';

const topologies = {
  siteToSite: shipped('site-to-site-manual'),
  natT: shipped('nat-t'),
  filterGateway: shipped('filter-gateway'),
};

driverContract('sim, virtual time', () => createSimDriver({ pace: 'virtual' }), topologies);
driverContract('sim, real time', () => createSimDriver({ pace: 'real-time' }), topologies);
