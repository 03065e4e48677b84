import type { AhOpenJob, AhSealJob, OpenJob, SealJob } from '../ipsec/kernel.ts';
import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import { type Core, drop } from './core.ts';
import { takeOpened, takeVerified } from './ipsec-input.ts';
import { forward, forwardKnownPacket } from './forward.ts';
import { takePacket } from './frame-input.ts';
import { sendKnownFlow, sendOriginated } from './output.ts';
import { packetIn, takeAuthenticated, takeSealed } from './sealing.ts';

/** Runs the steps that wait, but for those that wait for the ESP kernel: those are gathered from a whole batch. */
export function runTasks(core: Core): void {
  for (let task = core.tasks.shift(); task !== undefined; task = core.tasks.shift()) {
    if (task.kind === 'originate') {
      sendOriginated(core, task.packet);
      continue;
    }
    if (task.kind === 'forward') {
      forward(core, task.packet, task.ingress);
      continue;
    }
    const { octets, ingress } = task;
    if (ingress.interface === null) throw new Error('input from nowhere');
    if (ingress.interface.kind === 'tunnel') {
      ingress.interface.counters.receivedPackets++;
      ingress.interface.counters.receivedOctets += octets.length;
    }
    const arrival = { ...ingress, interface: ingress.interface };
    if (!forwardKnownPacket(core, octets, arrival)) takePacket(core, octets, null, arrival, false);
  }
}

/**
 * Runs everything to the end: steps, then all that the kernel has to open in one batch, then all to seal, and again while
 * these lead to more. It ends because each round adds a header or takes one off, and policies and NESTING_MAX bound both.
 */
export function runToCompletion(core: Core): void {
  for (;;) {
    runTasks(core);
    if (core.opens.length > 0) openBatch(core);
    else if (core.verifications.length > 0) verifyBatch(core);
    else if (core.seals.length > 0) sealBatch(core);
    else if (core.authentications.length > 0) authenticateBatch(core);
    else return;
  }
}

function openBatch(core: Core): void {
  const batch = core.opens;
  core.opens = [];
  const open = (jobs: readonly OpenJob[]) => core.kernel.open(jobs);
  runBatch(core, batch, 'unknownSpi', open, (pending, result) => takeOpened(core, pending, result));
}

function verifyBatch(core: Core): void {
  const batch = core.verifications;
  core.verifications = [];
  const verify = (jobs: readonly AhOpenJob[]) => core.kernel.verify(jobs);
  runBatch(core, batch, 'unknownSpi', verify, (pending, result) => takeVerified(core, pending, result));
}

function sealBatch(core: Core): void {
  const batch = core.seals;
  core.seals = [];
  const seal = (jobs: readonly SealJob[]) => core.kernel.seal(jobs);
  runBatch(core, batch, 'noSa', seal, (pending, result) => {
    const sealed = takeSealed(core, pending, result);
    if (sealed !== null && !sendKnownFlow(core, sealed)) sendOriginated(core, packetIn(sealed));
  });
}

function authenticateBatch(core: Core): void {
  const batch = core.authentications;
  core.authentications = [];
  const authenticate = (jobs: readonly AhSealJob[]) => core.kernel.authenticate(jobs);
  runBatch(core, batch, 'noSa', authenticate, (pending, result) => {
    const packet = takeAuthenticated(core, pending, result);
    if (packet !== null) sendOriginated(core, packet);
  });
}

interface Pending<Job> {
  readonly job: Job & { readonly sa: InboundSa | OutboundSa };
}

/** All at once, as long as no SA in it can reach the end of its life before the batch does; then one after the other. */
function runBatch<Job, P extends Pending<Job>, Result>(
  core: Core,
  batch: readonly P[],
  whenGone: 'unknownSpi' | 'noSa',
  run: (jobs: readonly P['job'][]) => Result[],
  take: (pending: P, result: Result) => void,
): void {
  const mayExpire = batch.some(({ job }) => core.upkeep.mayExpireWithin(job.sa, batch.length));
  for (const part of mayExpire ? batch.map(pending => [pending]) : [batch]) {
    const living = mayExpire ? part.filter(({ job }) => core.upkeep.of(job.sa) !== null) : part;
    for (let i = living.length; i < part.length; i++)
      drop(core, whenGone, () => 'its SA has reached the end of its life');
    const results = living.length === 0 ? [] : run(living.map(({ job }) => job));
    for (const [i, pending] of living.entries()) {
      const result = results[i];
      if (result === undefined) throw new Error(`kernel ${core.kernel.name} left out a result`);
      take(pending, result);
      runTasks(core);
    }
  }
}
