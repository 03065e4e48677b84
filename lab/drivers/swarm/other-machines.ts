import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { runLabelsOf } from '../docker/container.ts';
import { startInside } from '../docker/inside.ts';
import { processesHere } from '../docker/machine-processes.ts';
import { run } from '../netns/run.ts';
import { awaitTask } from './await-task.ts';
import { LIFELINE } from './lifeline.ts';
import { OtherMachine } from './other-machine.ts';
import { agentOptions, hubOptions, type ServicePlan } from './service.ts';
import { takeHubScripts, UNDERLAY_DEVICE } from './underlay.ts';

const KEY_OCTETS = 32;

/**
 * The machines of a swarm other than this one, as far as a lab has nodes there, and what is here for their sake: the hub, a task whose
 * interface on the overlay network becomes the supervisor's, and a secret, the key that agents ask for.
 */
export class OtherMachines {
  readonly #docker: Docker;
  readonly #plan: ServicePlan;
  readonly #key = randomBytes(KEY_OCTETS);
  readonly #opened = new Map<string, Promise<OtherMachine>>();
  #hub: Promise<string> | null = null;
  #secret: Promise<{ readonly id: string; readonly name: string }> | null = null;

  constructor(docker: Docker, plan: ServicePlan) {
    this.#docker = docker;
    this.#plan = plan;
  }

  /** Opened when it is asked for first. */
  at(machine: string): Promise<OtherMachine> {
    const known = this.#opened.get(machine);
    if (known !== undefined) return known;
    const opened = this.#open(machine, this.#opened.size);
    this.#opened.set(machine, opened);
    return opened;
  }

  /** The hub's address on the overlay network; null: there are no other machines. */
  async hubAddress(): Promise<string | null> {
    return this.#hub;
  }

  async close(): Promise<void> {
    const opened = [...this.#opened.values()];
    await Promise.all(opened.map(each => each.then(machine => machine.close()).catch(() => undefined)));
    await this.#hub?.then(
      () => run(['sh'], `ip link del dev ${UNDERLAY_DEVICE}\n`).catch(() => undefined),
      () => undefined,
    );
    this.#hub = null;
  }

  async #open(machine: string, index: number): Promise<OtherMachine> {
    this.#hub ??= this.#makeHub();
    this.#secret ??= this.#makeSecret();
    const secret = await this.#secret;
    const { id } = await this.#docker.createService(
      agentOptions({ ...this.#plan, machine, secret, name: String(index) }),
    );
    const [{ address }] = await Promise.all([awaitTask(this.#docker, id, 'an agent'), this.#hub]);
    const [bare = ''] = address.split('/');
    const gate = `/run/ipsec-lab-machine-${index}.sock`;
    return OtherMachine.open({ ...this.#plan, address: bare, key: this.#key, gate });
  }

  /** Its interface is the pod's own from now on, which has no other but this one. */
  async #makeHub(): Promise<string> {
    const { id } = await this.#docker.createService(hubOptions(this.#plan));
    const { containerId, address } = await awaitTask(this.#docker, id, 'the hub');
    const container = this.#docker.getContainer(containerId);
    const { State } = await container.inspect();
    await startInside({ docker: this.#docker, container, processes: processesHere(this.#plan.runId), ...LIFELINE });
    const { there, here } = takeHubScripts(address, process.pid);
    await run(['nsenter', `--net=/proc/${State.Pid}/ns/net`, 'sh'], there);
    await run(['sh'], here);
    return address;
  }

  async #makeSecret(): Promise<{ readonly id: string; readonly name: string }> {
    const name = `ipsec-lab-${this.#plan.runId.slice(0, 16)}`;
    const { id } = await this.#docker.createSecret({
      Name: name,
      Labels: runLabelsOf(this.#plan),
      Data: this.#key.toString('base64'),
    });
    return { id, name };
  }
}
