import type { Profiler } from 'node:inspector';

/** A function and whom it called, with the time that its samples stand for. */
export interface Call {
  readonly name: string;
  /** `engine/ipsec`, `node:crypto`; empty for what has no file, such as the garbage collector. */
  readonly origin: string;
  /** Microseconds in the function itself. */
  selfUs: number;
  readonly callees: Map<string, Call>;
}

/** What is between our own loop and the work, and what is no work. */
const NO_WORK = new Set(['(idle)', '(program)']);

/** From `entry` on, the function whose callees are the work; what ran outside of it is left out, but for the garbage collector. */
export function callTree(profile: Profiler.Profile, entry: string): Call {
  const nodes = new Map(profile.nodes.map(node => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(node => (node.children ?? []).map(child => [child, node.id])));
  const root = callNamed(entry, '');
  for (const [index, sample] of (profile.samples ?? []).entries()) {
    const stack = stackOf(sample, nodes, parents);
    const from = stack.findIndex(({ callFrame }) => callFrame.functionName === entry);
    const isCollector = stack.at(-1)?.callFrame.functionName === '(garbage collector)';
    if (from < 0 && !isCollector) continue;
    let call = root;
    for (const { callFrame } of isCollector ? stack.slice(-1) : stack.slice(from + 1)) {
      if (!NO_WORK.has(callFrame.functionName)) call = calleeOf(call, callFrame);
    }
    call.selfUs += profile.timeDeltas?.[index] ?? 0;
  }
  return root;
}

/** Of a call and all below it, microseconds. */
export const totalUs = (call: Call): number =>
  [...call.callees.values()].reduce((sum, callee) => sum + totalUs(callee), call.selfUs);

/** Time in each function itself, wherever it was called from, the most first. */
export function selfTimes(
  root: Call,
): readonly { readonly name: string; readonly origin: string; readonly us: number }[] {
  const times = new Map<string, { name: string; origin: string; us: number }>();
  const add = (call: Call): void => {
    const known = times.get(`${call.origin} ${call.name}`) ?? { name: call.name, origin: call.origin, us: 0 };
    known.us += call.selfUs;
    times.set(`${call.origin} ${call.name}`, known);
    for (const callee of call.callees.values()) add(callee);
  };
  add(root);
  return [...times.values()].sort((a, b) => b.us - a.us);
}

function stackOf(
  sample: number,
  nodes: ReadonlyMap<number, Profiler.ProfileNode>,
  parents: ReadonlyMap<number, number>,
): readonly Profiler.ProfileNode[] {
  const stack: Profiler.ProfileNode[] = [];
  for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
    const node = nodes.get(id);
    if (node !== undefined) stack.unshift(node);
  }
  return stack;
}

function calleeOf(call: Call, { functionName, url }: { readonly functionName: string; readonly url: string }): Call {
  const origin = originOf(url);
  const name = functionName === '' ? '(anonymous)' : functionName;
  const key = `${origin} ${name}`;
  const known = call.callees.get(key);
  if (known !== undefined) return known;
  const callee = callNamed(name, origin);
  call.callees.set(key, callee);
  return callee;
}

const callNamed = (name: string, origin: string): Call => ({ name, origin, selfUs: 0, callees: new Map() });

/** The folder of ours, or Node's module. */
function originOf(url: string): string {
  if (url.startsWith('node:')) return url.replace('node:internal/', 'node:').replace(/^(node:[^/]+)\/.*$/, '$1');
  return /\/dist\/(engine\/[^/]+|bench|lab)\//.exec(url)?.[1] ?? (url.includes('/node_modules/') ? 'libraries' : '');
}
