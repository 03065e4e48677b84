import { getopt } from '../../engine/config/tools/getopt.ts';
import { ipsecconf as tool } from '../../engine/config/tools/ipsecconf.ts';
import { readIpsecinit } from '../../engine/config/ipsecinit.ts';
import { policyConfigOf, type StatedPolicy } from '../../engine/config/policy.ts';
import type { NodeStatus, SaStatus } from '../../engine/node/node.ts';
import { diagnosticLines } from './diagnostic-lines.ts';
import { act, complain, done, nodeAction, stepPlan } from './effect.ts';
import { absolutePath, fileErrorText, readText } from './files.ts';
import { ikeActions } from './ike-service.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';
import { toolCommand } from './tool-command.ts';

/**
 * ipsecconf(8) on a node that negotiates what its policies want: `-a FILE` adds those of a file until ipsec/policy begins again,
 * `-f` and `-F` take them away, `-l` and `-L` show also what was asked for and has no SA yet. null: for the driver.
 */
export function ipsecconf(argv: readonly string[], system: System): SystemPlan | null {
  const given = getopt(argv, 'a:lLnfFc:i:q');
  const options = new Map(given?.options ?? []);
  const file = options.get('a');
  if (given !== null && given.operands.length === 0 && file !== undefined) {
    if (file === '-') {
      return { kind: 'reads', stepFor: input => now => add(now, 'stdin', Buffer.from(input).toString('utf8')) };
    }
    return stepPlan(now => {
      const text = readText(now.files, absolutePath(file));
      if (text !== null) return add(now, file, text);
      return complain(now, `ipsecconf: ${file}: ${fileErrorText('ENOENT')}`);
    });
  }
  const plan = tool.plan(argv);
  if (plan.kind === 'reads') return toolCommand(['ipsecconf', ...argv], system);
  return stepPlan((now, view) => {
    let sum = done(now);
    for (const step of plan.steps) {
      const { commands, ...output } = step({ status: withWanted(now, view), unixSeconds: view.unixSeconds });
      sum = { ...sum, ...output, actions: [...sum.actions, ...commands.map(nodeAction)] };
    }
    const isLess = sum.exitStatus === 0 && (options.has('F') || options.has('f'));
    return isLess
      ? forgotten(sum, options.has('F') ? isAny : ({ tunnel }) => (tunnel?.name ?? null) === (options.get('i') ?? null))
      : sum;
  });
}

function add(system: System, file: string, text: string): SystemEffect {
  const { stated, diagnostics } = readIpsecinit(file, text, { legacy: true });
  if (stated === null) return { ...complain(system, ''), stderr: diagnosticLines(diagnostics) };
  const before = system.loaded.policies ?? [];
  const own = before.filter(({ isImplied }) => !isImplied);
  const twin = stated.policies.find(young => !young.isImplied && own.some(({ name }) => name === young.name));
  if (twin !== undefined) {
    return complain(system, [`ipsecconf: ${twin.name} is loaded already`, '  fix: first ipsecconf -F']);
  }
  // What is implied stands behind all that is said.
  const implied = new Map(
    [...before, ...stated.policies].filter(each => each.isImplied).map(each => [each.name, each]),
  );
  const policies = [...own, ...stated.policies.filter(({ isImplied }) => !isImplied), ...implied.values()];
  return loaded(system, policies);
}

function loaded(system: System, policies: readonly StatedPolicy[]): SystemEffect {
  const next = { ...system, loaded: { ...system.loaded, policies } };
  const command = nodeAction({ kind: 'setPolicies', policies: policies.map(policyConfigOf) });
  return act(next, command, ...ikeActions(next));
}

const isAny = (): boolean => true;

/** Nothing is negotiated for them any more. */
function forgotten(effect: SystemEffect, isMeant: (policy: StatedPolicy) => boolean): SystemEffect {
  const { system } = effect;
  const left = (system.loaded.policies ?? []).filter(policy => !isMeant(policy));
  const next = { ...system, loaded: { ...system.loaded, policies: left } };
  return { ...effect, system: next, actions: [...effect.actions, ...ikeActions(next)] };
}

/** The node's status with an SA for each that a policy of ipsec/policy asks for: of the algorithms that it prefers. */
function withWanted({ loaded: { policies } }: System, { status }: SystemView): NodeStatus {
  const wanted = (policies ?? []).flatMap(({ name, action }) => {
    if (action.kind !== 'protect') return [];
    return action.transforms.flatMap(({ protocol, mode, suites }) => {
      const suite = suites?.[0];
      return suite === undefined ? [] : [{ ...NO_SA, protocol, mode, suite, policy: name }];
    });
  });
  return { ...status, sas: [...status.sas, ...wanted] };
}

const NO_SA: SaStatus = {
  spi: 0,
  direction: 'outbound',
  protocol: 'esp',
  mode: 'tunnel',
  source: '',
  destination: '',
  suite: '',
  legacy: false,
  policy: null,
  requestId: null,
  esn: false,
  windowPackets: 0,
  encapsulation: null,
  sequence: '0',
  packets: 0,
  octets: 0,
  dummyPackets: 0,
  ageSeconds: 0,
  lifetime: {
    soft: { seconds: null, octets: null, packets: null },
    hard: { seconds: null, octets: null, packets: null },
  },
};
