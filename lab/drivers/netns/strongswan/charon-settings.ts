import type { IkeConfig } from '../../../../engine/ike/config.ts';

/**
 * What of a configuration strongSwan has for the daemon as a whole, as lines of its `charon` section: that of the first connection,
 * and the limits for strangers.
 */
export function charonSettings({ connections, limits }: IkeConfig): string {
  const [first] = connections;
  const isRash = connections.some(({ version, v1, authentication: { local } }) => {
    return version === 1 && v1 !== undefined && v1.accepts.includes('aggressive') && local.method === 'psk';
  });
  const settings: [string, string][] = [
    // 0 would mean never; its count begins with the message at hand.
    ['cookie_threshold', String(Math.max(limits.cookiesFrom, 1))],
    // Of one source it would ask after three.
    ['cookie_threshold_ip', String(Math.max(limits.cookiesFrom, 1))],
    ['block_threshold', String(limits.halfOpenPerSource)],
    ['half_open_timeout', String(limits.halfOpenSeconds)],
  ];
  if (first !== undefined) {
    const { firstMs, factor, longestMs, sends } = first.retransmission;
    settings.push(
      ['retransmit_timeout', String(firstMs / 1000)],
      ['retransmit_base', String(factor)],
      ['retransmit_limit', String(longestMs / 1000)],
      ['retransmit_tries', String(sends - 1)],
    );
    if (isRash) settings.push(['i_dont_care_about_security_and_use_aggressive_mode_psk', 'yes']);
    if (first.fragmentOctets !== null) settings.push(['fragment_size', String(first.fragmentOctets)]);
    if (first.port !== 500 || first.natPort !== 4500) {
      settings.push(['port', String(first.port)], ['port_nat_t', String(first.natPort)]);
    }
  }
  return settings.map(([key, value]) => `${key} = ${value}`).join('\n');
}
