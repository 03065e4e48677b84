import { ANYTHING } from '../selector.ts';
import { createPolicy, type Policy, type PolicyInput, protectBy } from '../spd.ts';

/** For tests: an entry for everything, which asks for ESP in tunnel mode, with its changes. */
export function policyOf(name: string, changes: Partial<PolicyInput> = {}): Policy {
  return createPolicy({ ...ANYTHING, name, action: protectBy('esp', 'tunnel'), ...changes });
}
