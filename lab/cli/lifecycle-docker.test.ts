import { beforeAll } from 'vitest';
import { dockerAvailable, imageOfThisBuild, NEEDS_DOCKER } from '../drivers/docker/testing/available.ts';
import { isBuilt } from './testing/lab-process.ts';
import { lifecycleTests } from './testing/lifecycle.ts';

const isAble = isBuilt && (await dockerAvailable());

beforeAll(async () => {
  if (isAble) await imageOfThisBuild();
});

lifecycleTests('docker', { isAble, needs: NEEDS_DOCKER });
