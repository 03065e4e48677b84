import type { DriverName } from '../drivers/driver.ts';
import { findSubject } from '../subjects/all-subjects.ts';
import { requireImplementation } from './choose-driver.ts';

/** A Failure where a device under test that is not this project's own cannot run here. */
export function requireSubject(name: string, driver: DriverName): void {
  const implementation = findSubject(name)?.implementation;
  if (implementation !== undefined) requireImplementation(`the device is ${name}`, implementation, driver);
}
