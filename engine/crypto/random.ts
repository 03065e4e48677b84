/** Where unpredictable octets come from: the system's generator on a live node, a seeded one in the simulator. */
export interface Random {
  /** `count` fresh octets; the caller owns the array. */
  bytes(count: number): Uint8Array;
}
