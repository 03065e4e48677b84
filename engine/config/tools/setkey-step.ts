import type { NodeStatus, SaStatus } from '../../node/node.ts';
import { saConfigOf } from '../policy.ts';
import { formatSa, formatSad, formatSpd } from '../setkey-dump.ts';
import type { SetkeySa, SetkeySaId, SetkeyStatement } from '../setkey-statement.ts';
import { type PolicyStatement, policyStep, resultText } from './setkey-policies.ts';
import { command, complain, say, type ToolEffect, type ToolStep } from './tool.ts';

/**
 * Carries out the statements one after the other on the node as it is then; those about policies that stand together are one
 * step, so that no packet meets half of them. `file` names new policies.
 */
export function stepsOf(statements: readonly SetkeyStatement[], file: string): ToolStep[] {
  const steps: ToolStep[] = [];
  let together: PolicyStatement[] = [];
  const close = () => {
    if (together.length > 0) steps.push(policyStep(together, file));
    together = [];
  };
  for (const statement of statements) {
    if (statement.kind === 'spdAdd' || statement.kind === 'spdDelete' || statement.kind === 'spdFlush') {
      together.push(statement);
    } else {
      close();
      steps.push(stepOf(statement));
    }
  }
  close();
  return steps;
}

function stepOf(statement: Exclude<SetkeyStatement, PolicyStatement>): ToolStep {
  const failed = (why: string) => complain(resultText(statement, why));
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
      case 'spdDump':
        return say(formatSpd(status, unixSeconds));
    }
  };
}

type Failure = (why: string) => ToolEffect;

const deletion = ({ spi, direction, protocol, source, destination }: SaStatus) =>
  ({ kind: 'deleteSa', spi, direction, only: { protocol, source, destination } }) as const;

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
