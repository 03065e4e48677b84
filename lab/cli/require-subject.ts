import { didYouMean } from '../../engine/config/suggest.ts';
import type { DriverName } from '../drivers/driver.ts';
import { badInput } from '../state/failure.ts';
import { findSubject, SUBJECTS } from '../subjects/all-subjects.ts';
import { requireImplementation } from './choose-driver.ts';
import { printable } from './terminal.ts';

/** A Failure where there is no such device under test, or it is not this project's own and cannot run here. */
export function requireSubject(name: string, driver: DriverName): void {
  const subject = findSubject(name);
  if (subject === null) {
    const names = SUBJECTS.map(known => known.name);
    throw badInput(`there is no subject "${printable(name)}"`, didYouMean(name, names, 'lab test --help'));
  }
  const { implementation } = subject;
  if (implementation !== undefined) requireImplementation(`the device is ${name}`, implementation, driver);
}
