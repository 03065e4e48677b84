/** The services of a node that its administrator starts and stops: SMF's, by their short names. */
export const SERVICES = [
  {
    name: 'ipsec/policy',
    fmri: 'svc:/network/ipsec/policy:default',
    description: 'IPsec policy initialization',
    manual: 'ipsecconf(8)',
  },
  {
    name: 'ipsec/ipsecalgs',
    fmri: 'svc:/network/ipsec/ipsecalgs:default',
    description: 'IPsec algorithm initialization',
    manual: 'ipsecalgs(8)',
  },
  {
    name: 'ipsec/manual-key',
    fmri: 'svc:/network/ipsec/manual-key:default',
    description: 'manually defined IPsec keys',
    manual: 'setkey(8)',
  },
  {
    name: 'ipsec/ike',
    fmri: 'svc:/network/ipsec/ike:default',
    description: 'IKE daemon',
    manual: 'in.iked(8)',
  },
  {
    name: 'racoon',
    fmri: 'svc:/network/racoon:default',
    description: 'IKE daemon of the IPsec-Tools',
    manual: 'racoon(8)',
  },
  {
    name: 'network/ipfilter',
    fmri: 'svc:/network/ipfilter:default',
    description: 'IP Filter',
    manual: 'ipfilter(7)',
  },
] as const;

export type ServiceName = (typeof SERVICES)[number]['name'];

export interface ServiceStatus {
  /** Comes up again after a restart of the node. */
  readonly isEnabled: boolean;
  /** `svcadm enable -t`: until the next restart; null: as `isEnabled` says. */
  readonly untilRestart: boolean | null;
  readonly state: 'online' | 'disabled' | 'maintenance';
  readonly sinceSeconds: number;
  /** Of `maintenance`: what its files have wrong. */
  readonly trouble: string | null;
  /** What it has set up comes from the topology, and its files have not been read. */
  readonly isGiven: boolean;
}

export type Services = Readonly<Record<ServiceName, ServiceStatus>>;

/** Whether it is to run now. */
export const isWanted = ({ isEnabled, untilRestart }: ServiceStatus): boolean => untilRestart ?? isEnabled;
