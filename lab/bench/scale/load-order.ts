/** What a gateway has many of: SAs, each with its policy; policies that let packets pass in the clear; rules of its filter, likewise. */
export const LOADS = ['sas', 'policies', 'rules'] as const;
export type Load = (typeof LOADS)[number];

export interface LoadOrder {
  readonly load: Load;
  /** 1 to 65,536. Each is about one destination. */
  readonly entries: number;
  /** How long packets are measured, a quarter of it warm-up. */
  readonly seconds: number;
}

export interface LoadedGateway {
  /** From its configuration to the node. */
  readonly setUpNs: number;
  /** What it holds of heap and buffers when every flow has passed once. */
  readonly memoryOctets: number;
  /** What it takes from its LAN and passes on, in a second of processor time. */
  readonly packetsPerSecond: number;
}
