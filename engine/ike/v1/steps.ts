/**
 * The decisions that a daemon of IKEv1 is composed of, as `IkeSteps` are of one of IKEv2: a subject that is broken on purpose
 * replaces one.
 */
export interface V1Steps {
  /** A message as octets, sealed and cut: one datagram. What it returns is sent; null: nothing. */
  outgoingOctets(octets: Uint8Array): Uint8Array | null;
}

export const V1_STEPS: V1Steps = {
  outgoingOctets: octets => octets,
};
