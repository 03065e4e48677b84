import { gatewayProcesses } from '../state/process.ts';
import type { LabNodeStatus, LabStatus } from '../supervisor/api.ts';

/** What a lab says of itself, and what can be seen of it from outside. */
export interface SeenStatus extends LabStatus {
  readonly nodes: readonly SeenNode[];
}

export interface SeenNode extends LabNodeStatus {
  /** Of its engine, or of the daemon that it runs instead, on this machine; null: there is no such process, or not here. */
  readonly pid: number | null;
}

/** `runId` is null where no record of the lab is left. */
export function withProcesses(status: LabStatus, runId: string | null): SeenStatus {
  const processes = runId === null ? new Map<string, number>() : gatewayProcesses(runId);
  return { ...status, nodes: status.nodes.map(node => ({ ...node, pid: processes.get(node.name) ?? null })) };
}
