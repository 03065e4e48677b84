import type { IkeConfig } from '../../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../../engine/ike/status.ts';

/** Another implementation's IKE daemon on one node of a live lab. All its files are in the pod's /run, which ends with the pod. */
export interface PeerDaemon {
  readonly alive: boolean;
  /** What a program on the node has to have in its environment so that the implementation's own tools find the daemon. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves when it runs and has read its files. Throws with its words when it does not. */
  start(): Promise<void>;
  /** Its SAs in the words of this project's own status, as far as it tells of them. */
  status(): Promise<IkeStatus>;
  command(command: IkeCommand): Promise<PeerAnswer>;
  /** SIGKILL, as a crash is. Resolves when it is gone. */
  kill(): Promise<void>;
}

export type PeerAnswer =
  /** Carried out, with what it has said. */
  | { readonly kind: 'done'; readonly said: readonly string[] }
  | { readonly kind: 'refused'; readonly why: string }
  /** It has no such command. */
  | { readonly kind: 'unknown' };

/** What a daemon is made of. */
export interface PeerOrder {
  readonly node: string;
  /** Its network namespace, with the topology's addresses and routes. */
  readonly netns: string;
  readonly runId: string;
  readonly config: IkeConfig;
  /** More lines for the settings of the daemon as a whole, as they stand in its file. */
  readonly settings: string;
  /** It ended although nobody had asked for that. */
  readonly onDeath: (lastWords: string) => void;
  /** What of the configuration its files cannot say. */
  readonly onMissing: (what: string) => void;
}
