import type { BenchGround } from './ground.ts';

/** What carries packets between the two sites of a benchmark (`sites.ts`): this engine, another implementation, or nothing but a kernel. */
export interface BenchSubject {
  /** In ids of figures and on the command line: `engine`, `openvpn-static`. */
  readonly name: string;
  /** In tables and charts: `OpenVPN, static key`. */
  readonly title: string;
  /** Why it cannot be measured here, with the command or setting that would help; null where it can. Asked before anything is up. */
  obstacle(parameters: SubjectParameters): string | null;
  /** The YAML of the lab, from `sitesText`. */
  topologyText(parameters: SubjectParameters): string;
  /**
   * Programs beside what the topology starts, and whatever else is to be set up, once it is up. Need not wait until packets pass: the
   * runner does that, by `ping` from a1 to b1.
   */
  start?(ground: BenchGround, parameters: SubjectParameters): Promise<void>;
  /**
   * Octets of the IP packet on the WAN that carries an inner IP packet of so many, by the book and not by looking; null where the book
   * does not say.
   */
  outerOctets?(parameters: SubjectParameters, innerOctets: number): number | null;
}

/** How the packets are carried. A subject that has no choice in something has an obstacle to what it cannot do. */
export interface SubjectParameters {
  /** As in `esp:` of a topology: `aes128gcm16`, `aes256-sha256`, `null-sha256`. */
  readonly cipher: string;
  /** AH in place of ESP, with this integrity algorithm: `sha256`. `cipher` is `none` then. */
  readonly ah?: string;
  /** `transport`: of an IP-in-IP tunnel between the gateways, which then is what is inside of ESP. */
  readonly mode: 'tunnel' | 'transport';
  /** Family of the packets on the WAN. */
  readonly outer: 4 | 6;
  /** Family of the packets between the hosts. */
  readonly inner: 4 | 6;
  /** ESP in UDP. */
  readonly encapsulation: 'never' | 'always';
}

export const USUAL: SubjectParameters = {
  cipher: 'aes128gcm16',
  mode: 'tunnel',
  outer: 4,
  inner: 4,
  encapsulation: 'never',
};
