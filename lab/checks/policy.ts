import type { RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import type { Attempt } from './result.ts';

/** What the node says that it would do with a packet: asked, not tried; `encrypted` looks at the wire. */
export async function attemptPolicy(
  lab: RunningLab,
  spec: Extract<CheckSpec, { readonly kind: 'policy' }>,
): Promise<Attempt> {
  const { from: source, to: destination, protocol, sourcePort, destinationPort, icmp } = spec;
  const flow = { source, destination, protocol, sourcePort, destinationPort, ...(icmp === null ? {} : { icmp }) };
  const explanation = await lab.explain(spec.node, flow);
  if (explanation === null) {
    const isEngine = lab.topology.nodes.some(node => node.name === spec.node && node.engine);
    return isEngine
      ? { kind: 'again', why: `${spec.node} does not run` }
      : { kind: 'unsupported', why: `${spec.node} cannot be asked about its policies` };
  }
  const steps = explanation.steps.join('\n');
  if (explanation.verdict === spec.expect) return { kind: 'passed', why: steps };
  return { kind: 'again', why: `${spec.node} would ${verb(explanation.verdict)}, not ${spec.expect}:\n${steps}` };
}

const verb = (verdict: string): string => (verdict === 'unroutable' ? 'find no route' : verdict);
