import type { PolicyConfig } from '../../node/config.ts';
import type { NodeStatus, SaStatus } from '../../node/node.ts';
import { isImpliedName, withImplied } from '../implied-policies.ts';
import { policyConfigOf, saConfigOf } from '../policy.ts';
import { statedPolicy } from '../setkey.ts';
import { formatSa, formatSad, formatSpd } from '../setkey-dump.ts';
import type { SetkeySa, SetkeySaId, SetkeySelector, SetkeyStatement } from '../setkey-statement.ts';
import { nameAfter } from '../policy-name.ts';
import { command, complain, say, type ToolEffect, type ToolStep } from './tool.ts';

/** Carries out one statement on the node as it is then. `file` names new policies. */
export function stepOf(statement: SetkeyStatement, file: string): ToolStep {
  const failed = (why: string) => complain(`The result of line ${statement.place.line}: ${why}.\n`);
  return ({ status, unixSeconds }): ToolEffect => {
    switch (statement.kind) {
      case 'add':
        return add(statement.place, statement.sa, status, failed);
      case 'delete':
      case 'deleteAll': {
        const spi = statement.kind === 'delete' ? statement.spi : null;
        const gone = sasLike(status, { ...statement, spi });
        if (spi !== null && gone.length === 0) return failed('No such SA');
        return command(...gone.map(deletion));
      }
      case 'get': {
        const [found] = sasLike(status, statement);
        return found === undefined ? failed('No such SA') : say(formatSa(found, 0, unixSeconds));
      }
      case 'flush': {
        const { protocol } = statement;
        if (protocol === null) return command({ kind: 'flushSas' });
        return command(...status.sas.filter(sa => sa.protocol === protocol).map(deletion));
      }
      case 'dump':
        return say(formatSad(status, statement.protocol, unixSeconds));
      case 'spdAdd':
        return addPolicy(statement, file, status, failed);
      case 'spdDelete':
        return deletePolicy(statement.policy, status, failed);
      case 'spdFlush':
        return command({ kind: 'setPolicies', policies: [] });
      case 'spdDump':
        return say(formatSpd(status, unixSeconds));
    }
  };
}

type Failure = (why: string) => ToolEffect;

const deletion = ({ spi, direction }: SaStatus) => ({ kind: 'deleteSa', spi, direction }) as const;

function sasLike(status: NodeStatus, id: Omit<SetkeySaId, 'spi'> & { readonly spi: number | null }): SaStatus[] {
  const { source, destination, protocol, spi } = id;
  return status.sas.filter(
    sa =>
      sa.source === source &&
      sa.destination === destination &&
      sa.protocol === protocol &&
      (spi === null || sa.spi === spi),
  );
}

/** Kernels take SAs between any two addresses; here one of them must be the node's, or it would be of no use. */
function add(place: SetkeyStatement['place'], sa: SetkeySa, status: NodeStatus, failed: Failure): ToolEffect {
  const { source, destination, protocol, spi } = sa.input;
  const direction = isOwn(status, source) ? 'outbound' : isOwn(status, destination) ? 'inbound' : null;
  if (direction === null) return failed(`Neither ${source} nor ${destination} is an address of ${status.name}`);
  const taken = status.sas.some(
    one =>
      one.direction === direction && one.spi === spi && one.destination === destination && one.protocol === protocol,
  );
  if (taken) return failed('File exists');
  const mode = sa.isAnyMode && isTunnelEnd(sa, status) ? 'tunnel' : sa.input.mode;
  const config = saConfigOf({ place, sa: { ...sa.input, mode }, udp: sa.udp }, direction);
  return command({ kind: 'installSa', sa: config });
}

function isOwn(status: NodeStatus, address: string): boolean {
  return status.interfaces.some(({ addresses }) => addresses.some(own => own.split('/')[0] === address));
}

/** Whether a policy names its two ends as those of a tunnel. */
function isTunnelEnd({ input }: SetkeySa, { policies }: NodeStatus): boolean {
  const ends = new Set([`${input.source} ${input.destination}`, `${input.destination} ${input.source}`]);
  return policies.some(
    ({ config: { action } }) =>
      action.kind === 'protect' &&
      action.transforms.some(
        ({ mode, protocol, ends: own }) =>
          mode === 'tunnel' && protocol === input.protocol && own !== null && ends.has(`${own.local} ${own.remote}`),
      ),
  );
}

/**
 * By priority, behind those of the same one; before what is implied for all the rest. The first policy of an empty SPD brings
 * that with it: the kernels that setkey comes from let pass what no policy is about.
 */
function addPolicy(
  { place, policy }: Extract<SetkeyStatement, { kind: 'spdAdd' }>,
  file: string,
  status: NodeStatus,
  failed: Failure,
): ToolEffect {
  const all = status.policies.map(({ config }) => config);
  if (all.some(config => isLike(config, policy))) return failed('File exists');
  const isMirror = policy.isForward && all.some(config => isLike(config, { ...policy, isForward: false }));
  if (isMirror) return command();
  const stated = statedPolicy(freeName(nameAfter(file, place), all), place, policy);
  if (!all.some(({ tunnel }) => tunnel === null)) {
    return command({ kind: 'setPolicies', policies: [...all, ...withImplied([stated], file).map(policyConfigOf)] });
  }
  const added = policyConfigOf(stated);
  const at = all.findIndex(
    other => other.tunnel === null && (isLast(other) || (other.priority ?? 0) < policy.priority) && !isFirst(other),
  );
  const policies = at < 0 ? [...all, added] : [...all.slice(0, at), added, ...all.slice(at)];
  return command({ kind: 'setPolicies', policies });
}

const isFirst = ({ name }: PolicyConfig): boolean => isImpliedName(name, 'ike');
const isLast = ({ name }: PolicyConfig): boolean => isImpliedName(name, 'otherwise');

function deletePolicy(selector: SetkeySelector, status: NodeStatus, failed: Failure): ToolEffect {
  const all = status.policies.map(({ config }) => config);
  const left = all.filter(config => !isLike(config, selector));
  if (left.length === all.length) return selector.isForward ? command() : failed('No such policy');
  const isEmpty = left.every(
    ({ tunnel, name }) => tunnel !== null || isImpliedName(name, 'ike') || isImpliedName(name, 'otherwise'),
  );
  return command({ kind: 'setPolicies', policies: isEmpty ? left.filter(({ tunnel }) => tunnel !== null) : left });
}

/** Whether it is the policy that setkey means by these selectors. */
function isLike(config: PolicyConfig, selector: SetkeySelector): boolean {
  if (config.tunnel !== null || selector.isForward || isImpliedName(config.name, 'ike')) return false;
  return keyOf(config) === keyOf(selector);
}

function keyOf({ direction = 'both', local, remote, protocol, localPort, remotePort, icmp = 'any' }: PolicyLike) {
  const ports = [localPort, remotePort, icmp].map(port => (typeof port === 'number' ? [[port, port]] : port));
  return JSON.stringify([direction, one(local), one(remote), protocol, ...ports]);
}

type PolicyLike = Pick<
  PolicyConfig,
  'direction' | 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'
>;

/** A list of one range is that range. */
const one = (texts: string | readonly string[]): unknown =>
  typeof texts !== 'string' && texts.length === 1 ? texts[0] : texts;

function freeName(name: string, policies: readonly PolicyConfig[]): string {
  const taken = new Set(policies.map(policy => policy.name));
  let free = name;
  for (let copy = 2; taken.has(free); copy += 1) free = `${name}-${copy}`;
  return free;
}
