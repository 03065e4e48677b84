import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isBuilt, LabProgram } from './testing/lab-process.ts';
import { lifecycleTests } from './testing/lifecycle.ts';

lifecycleTests('sim', { isAble: isBuilt, needs: 'dist: npm run build' });

describe.skipIf(!isBuilt)('the tripwire (needs dist: npm run build)', () => {
  let lab: LabProgram;
  beforeEach(() => {
    lab = new LabProgram();
  });
  afterEach(() => lab.dispose());

  test('clear traffic of a flow that should be protected fails the run, and the lab stays', async () => {
    const args = ['up', 'clear', '--driver', 'sim', '--protected', '10.0.0.0/24 <-> 10.0.1.0/24'];
    const tripped = await lab.run(args);
    expect(tripped.status).toBe(1);
    expect(tripped.stdout).toMatch(/✗ tripwire: 10\.0\.0\.0\/24 <-> 10\.0\.1\.0\/24 in the clear on wan/);
    expect((await lab.run(['check'])).status).toBe(1);
    expect((await lab.run(['status'])).stdout).toContain('PROTECTED FLOWS SEEN IN THE CLEAR');
    await lab.run(['down']);
    expect((await lab.run(['up', 'clear', '--driver', 'sim'])).status).toBe(0);
  });
});
