import { BROKEN } from './broken.ts';
import { LIBRESWAN } from './libreswan.ts';
import { STRONGSWAN } from './strongswan.ts';
import { ENGINE, type Subject } from './subject.ts';

export const SUBJECTS: readonly Subject[] = [ENGINE, STRONGSWAN, LIBRESWAN, ...BROKEN];

/** null for a name that nobody has. */
export function findSubject(name: string): Subject | null {
  return SUBJECTS.find(subject => subject.name === name) ?? null;
}
