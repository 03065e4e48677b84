import type { IkeConfig } from '../../engine/ike/config.ts';
import type { IkeContext, IkeDaemon } from '../../engine/ike/daemon.ts';
import { createNode } from '../../engine/node/create.ts';
import type { NodeConfig } from '../../engine/node/config.ts';
import type { LoadResult } from '../topology/load.ts';
import type { TopologyNode } from '../topology/model.ts';
import type { Node, NodeContext } from '../../engine/node/node.ts';

/** Makes a node: the engine's own `createNode`, or one that lies. */
export type NodeMaker = (config: NodeConfig, context: NodeContext) => Node;

/** Makes the IKE daemon beside a node: the engine's own `createIkeDaemon`, or one that breaks a rule. */
export type IkeMaker = (config: IkeConfig, context: IkeContext) => IkeDaemon;

/** An implementation under test that runs inside the lab's own drivers. */
export interface Subject {
  readonly name: string;
  /** What a conforming implementation does and this one does not; empty for the engine. */
  readonly fault: string;
  readonly make: NodeMaker;
  /** How it negotiates; absent: as the engine does. */
  readonly makeIke?: IkeMaker;
  /** It is no part of this project: the lab runs it live, and `make` is never called. */
  readonly implementation?: NonNullable<TopologyNode['implementation']>;
  /** It takes ESP in UDP and no other, or none at all; absent: all of it. */
  readonly esp?: 'in UDP' | 'none';
  /** Why it cannot be given this configuration; null: it can. */
  readonly refuses?: (ike: IkeConfig) => string | null;
  /** Algorithms that it does not have, by their tokens: whoever plays its peer offers it others. */
  readonly lacks?: readonly string[];
  /** How it reads a topology; absent: as the lab does. */
  readonly load?: (file: string, text: string) => LoadResult;
}

export const ENGINE: Subject = { name: 'engine', fault: '', make: createNode };
