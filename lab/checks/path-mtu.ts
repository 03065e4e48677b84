import { addressVersion, parseAddress } from '../../engine/wire/address.ts';
import type { ProbeResult, RunningLab } from '../drivers/driver.ts';
import type { CheckSpec } from '../topology/model.ts';
import { notAnswered } from './reach.ts';
import type { Attempt } from './result.ts';

type PathMtuSpec = Extract<CheckSpec, { readonly kind: 'path-mtu' }>;

/** Every link carries this much: RFC 791 §3.2, RFC 8200 §5. */
const SMALLEST = { 4: 68, 6: 1280 } as const;
/** A search halves at most this often: the larger half of 2^16 octets. */
const STEPS_MAX = 16;

/**
 * The largest IP packet that passes undivided, found with Don't Fragment probes: `mtu` octets must be answered, and one more
 * must be refused by someone who says `mtu` (RFC 1191, RFC 8201). Silence instead of a refusal is a black hole, and fails.
 */
export async function attemptPathMtu(lab: RunningLab, spec: PathMtuSpec, timeoutMs: number): Promise<Attempt> {
  const fits = await probe(lab, spec, spec.mtu, timeoutMs);
  if (fits.kind !== 'answered') return { kind: 'again', why: await whyTooSmall(lab, spec, fits, timeoutMs) };
  const larger = await probe(lab, spec, spec.mtu + 1, timeoutMs);
  if (larger.kind === 'answered') return { kind: 'again', why: await whyTooLarge(lab, spec, timeoutMs) };
  if (larger.kind === 'timeout') {
    return {
      kind: 'again',
      why: `${spec.mtu} octets pass, but ${spec.mtu + 1} vanish without an ICMP error: a black hole`,
    };
  }
  if (larger.mtu !== null && larger.mtu !== spec.mtu) {
    return {
      kind: 'again',
      why: `${spec.mtu} octets pass, but the refusal of ${spec.mtu + 1} says MTU ${larger.mtu}: ${larger.why}`,
    };
  }
  return { kind: 'passed', why: `${spec.mtu} octets pass, ${spec.mtu + 1} are refused: ${larger.why}` };
}

/** An echo request that is `packetOctets` long from its IP header on. */
function probe(lab: RunningLab, spec: PathMtuSpec, packetOctets: number, timeoutMs: number): Promise<ProbeResult> {
  const { from, to } = spec;
  const sizeOctets = packetOctets - headerOctets(spec);
  return lab.probe({ from, to, toNode: null, timeoutMs, sizeOctets, with: 'icmp', dontFragment: true });
}

/** Of IP and ICMP echo. */
const headerOctets = (spec: PathMtuSpec): number => (versionOf(spec) === 4 ? 28 : 48);

function versionOf(spec: PathMtuSpec): 4 | 6 {
  const address = parseAddress(spec.to);
  if (address === null) throw new Error(`path-mtu to ${spec.to}, which is not an address`);
  return addressVersion(address);
}

type NotAnswered = Exclude<ProbeResult, { readonly kind: 'answered' }>;

async function whyTooSmall(
  lab: RunningLab,
  spec: PathMtuSpec,
  result: NotAnswered,
  timeoutMs: number,
): Promise<string> {
  const said = `${spec.mtu} octets do not pass: ${notAnswered(result, timeoutMs)}`;
  if (result.kind === 'refused') return said;
  const least = SMALLEST[versionOf(spec)];
  const small = await probe(lab, spec, least, timeoutMs);
  if (small.kind !== 'answered')
    return `${spec.to} does not answer ${spec.from} at all: ${notAnswered(small, timeoutMs)}`;
  return `${said}; ${await largestBetween(lab, spec, least, spec.mtu, timeoutMs)} do`;
}

async function whyTooLarge(lab: RunningLab, spec: PathMtuSpec, timeoutMs: number): Promise<string> {
  const most = Math.max(...interfaceMtus(lab, spec.from));
  if (most <= spec.mtu + 1) return `${spec.mtu + 1} octets pass as well`;
  return `${await largestBetween(lab, spec, spec.mtu + 1, most + 1, timeoutMs)} octets pass as well`;
}

function interfaceMtus(lab: RunningLab, name: string): number[] {
  const node = lab.topology.nodes.find(node => node.name === name);
  return node?.interfaces.map(iface => iface.mtu) ?? [];
}

/** Binary search: `fits` octets pass, `tooLarge` do not. */
async function largestBetween(
  lab: RunningLab,
  spec: PathMtuSpec,
  fits: number,
  tooLarge: number,
  timeoutMs: number,
): Promise<number> {
  let [low, high] = [fits, tooLarge];
  for (let step = 0; step < STEPS_MAX && high - low > 1; step++) {
    const middle = (low + high) >> 1;
    const result = await probe(lab, spec, middle, timeoutMs);
    if (result.kind === 'answered') low = middle;
    else high = middle;
  }
  return low;
}
