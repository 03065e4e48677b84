import type { PolicyConfig } from '../../node/config.ts';
import { isImpliedName, withImplied } from '../implied-policies.ts';
import { policyConfigOf } from '../policy.ts';
import { nameAfter } from '../policy-name.ts';
import { statedPolicy } from '../setkey.ts';
import type { SetkeySelector, SetkeyStatement } from '../setkey-statement.ts';
import type { ToolStep } from './tool.ts';

export type PolicyStatement = Extract<SetkeyStatement, { kind: 'spdAdd' | 'spdDelete' | 'spdFlush' }>;

/** What setkey says of a statement that the kernel refused. */
export const resultText = ({ place }: SetkeyStatement, why: string): string =>
  `The result of line ${place.line}: ${why}.\n`;

/** All of them at once: the node gets the SPD that the last one leaves. */
export function policyStep(statements: readonly PolicyStatement[], file: string): ToolStep {
  return ({ status }) => {
    const list = new PolicyList(
      status.policies.map(({ config }) => config),
      file,
    );
    let stderr = '';
    for (const statement of statements) {
      const failure = list.carryOut(statement);
      if (failure !== null) stderr += resultText(statement, failure);
    }
    const exitStatus = stderr === '' ? 0 : 1;
    if (!list.isChanged) return { commands: [], stdout: '', stderr, exitStatus };
    return { commands: [{ kind: 'setPolicies', policies: list.policies() }], stdout: '', stderr, exitStatus };
  };
}

/** The policies of a node while setkey changes them. */
class PolicyList {
  readonly #file: string;
  #all: PolicyConfig[];
  #keys: Set<string>;
  readonly #names: Set<string>;
  /** What these statements have taken away, by what it selects. */
  readonly #gone = new Map<string, PolicyConfig>();
  isChanged = false;

  constructor(policies: readonly PolicyConfig[], file: string) {
    this.#file = file;
    this.#all = [...policies];
    this.#keys = new Set(policies.filter(isStated).map(keyOf));
    this.#names = new Set(policies.map(({ name }) => name));
  }

  /** Why it could not be done; null: it was. */
  carryOut(statement: PolicyStatement): string | null {
    if (statement.kind === 'spdAdd') return this.#add(statement);
    if (statement.kind === 'spdDelete') return this.#delete(statement.policy);
    for (const policy of this.#all.filter(isStated)) this.#gone.set(keyOf(policy), policy);
    this.#all = [];
    this.#keys = new Set();
    this.isChanged = true;
    return null;
  }

  /** Without any of the node's own, what is implied beside them has no meaning. */
  policies(): readonly PolicyConfig[] {
    return this.#all.some(isStated) ? this.#all : this.#all.filter(({ tunnel }) => tunnel !== null);
  }

  /**
   * By priority, behind those of the same one; before what is implied for all the rest. The first policy of an empty SPD brings
   * that with it: the kernels that setkey comes from let pass what no policy is about.
   */
  #add({ place, policy, replaces }: Extract<PolicyStatement, { kind: 'spdAdd' }>): string | null {
    if (replaces && this.#keys.has(keyOf(policy))) this.#delete(policy);
    if (this.#keys.has(keyOf(policy))) return policy.isForward ? null : 'File exists';
    const named = (name: string) => statedPolicy(name, place, policy);
    const fresh = named(this.#freeName(nameAfter(this.#file, place)));
    const former = this.#successorOf(policyConfigOf(fresh));
    const stated = former === null ? fresh : named(former);
    this.#keys.add(keyOf(policy));
    this.#names.add(stated.name);
    this.isChanged = true;
    if (!this.#all.some(({ tunnel }) => tunnel === null)) {
      this.#all.push(...withImplied([stated], this.#file).map(policyConfigOf));
      return null;
    }
    const isBehind = (other: PolicyConfig) =>
      other.tunnel === null &&
      (isImpliedName(other.name, 'otherwise') || (isStated(other) && (other.priority ?? 0) < policy.priority));
    const at = this.#all.findIndex(isBehind);
    this.#all.splice(at < 0 ? this.#all.length : at, 0, policyConfigOf(stated));
    return null;
  }

  #delete(selector: SetkeySelector): string | null {
    const key = keyOf(selector);
    if (!this.#keys.delete(key)) return selector.isForward ? null : 'No such policy';
    for (const policy of this.#all) if (isStated(policy) && keyOf(policy) === key) this.#gone.set(key, policy);
    this.#all = this.#all.filter(policy => !isStated(policy) || keyOf(policy) !== key);
    this.isChanged = true;
    return null;
  }

  /**
   * The name of the policy that has gone for this one, which differs from it in its levels alone: SAs are of policies by their names, and
   * the kernels that setkey comes from keep SAs where the policy changes. null: there is none.
   */
  #successorOf(policy: PolicyConfig): string | null {
    const former = this.#gone.get(keyOf(policy));
    if (former === undefined || JSON.stringify(sansLevels(former)) !== JSON.stringify(sansLevels(policy))) return null;
    return this.#all.some(({ name }) => name === former.name) ? null : former.name;
  }

  #freeName(name: string): string {
    let free = name;
    for (let copy = 2; this.#names.has(free); copy += 1) free = `${name}-${copy}`;
    return free;
  }
}

/** What setkey knows of: tunnels have policies of their own, which it does not. */
const isStated = ({ tunnel, name }: PolicyConfig): boolean => tunnel === null && !isImpliedName(name, 'any');

type PolicyLike = Pick<
  PolicyConfig,
  'direction' | 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'
>;

/** An SPD of setkey has one policy for each. */
function keyOf({
  direction = 'both',
  local,
  remote,
  protocol,
  localPort,
  remotePort,
  icmp = 'any',
}: PolicyLike): string {
  const ports = [localPort, remotePort, icmp].map(port => (typeof port === 'number' ? [[port, port]] : port));
  return JSON.stringify([direction, one(local), one(remote), protocol, ...ports]);
}

function sansLevels({ action }: PolicyConfig): unknown {
  if (action.kind !== 'protect') return action.kind;
  const transforms = action.transforms.map(({ protocol, mode, requestId, ends }) => [protocol, mode, requestId, ends]);
  return [transforms, action.sharing];
}

/** A list of one range is that range. */
const one = (texts: string | readonly string[]): unknown =>
  typeof texts !== 'string' && texts.length === 1 ? texts[0] : texts;
