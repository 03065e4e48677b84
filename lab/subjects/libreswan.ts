import { writeLibreswan } from '../../engine/config/libreswan-write.ts';
import type { Subject } from './subject.ts';

/** libreswan as the device under test. Its ESP is the kernel's, which need not have any: whether it carries packets is not judged. */
export const LIBRESWAN: Subject = {
  name: 'libreswan',
  fault: '',
  implementation: 'libreswan',
  esp: 'none',
  // Debian builds it without the groups that RFC 8247 takes from IKE.
  lacks: ['modp768', 'modp1024', 'des'],
  refuses: ike => writeLibreswan(ike).impossible[0] ?? null,
  make: () => {
    throw new Error('libreswan is no part of a simulated node');
  },
};
