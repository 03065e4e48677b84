import { createNode } from '../../../engine/node/create.ts';
import type { Subject } from '../../subjects/subject.ts';
import { createFakeIke } from './fake-ike.ts';

/** The engine with the fake daemon; its name is the URL that the daemon fetches. For NodeOrder.implementation. */
export function findSubject(name: string): Subject {
  return {
    name,
    fault: 'it has no security at all',
    make: createNode,
    makeIke: (config, context) => createFakeIke(config, context, name),
  };
}
