import type { ConnectionConfig, IkeConfig } from '../ike/config.ts';
import { DEFAULT_V1 } from '../ike/v1-config.ts';
import type { ConfWriter } from './conf-writer.ts';

/** What a connection of IKEv1 says in swanctl.conf besides, and instead of what only IKEv2 has. */
export function writeVersion1(conf: ConfWriter, { v1 = DEFAULT_V1 }: ConnectionConfig): void {
  // One setting for what it begins with and for what it takes.
  conf.set('aggressive', yesNo(v1.mode === 'aggressive' || !v1.accepts.includes('main')));
  conf.set('dpd_timeout', `${Math.round(v1.livenessTimeoutSeconds)}s`);
  conf.set('send_certreq', yesNo(v1.requestsCertificates));
  if (v1.modeConfig !== 'none') conf.set('pull', yesNo(v1.modeConfig === 'pull'));
}

/** The rounds of authentication behind the first: `xauth` at the user's side is `local`, at the gateway's `remote`. */
export function xauthRounds(conf: ConfWriter, { version, v1 = DEFAULT_V1 }: ConnectionConfig): void {
  const { xauth } = v1;
  if (version !== 1 || xauth === null) return;
  conf.section(xauth.side === 'user' ? 'local-xauth' : 'remote-xauth', () => {
    conf.set('auth', xauth.side === 'user' ? 'xauth' : 'xauth-generic');
    conf.set('round', '2');
    if (xauth.side === 'user') conf.set('xauth_id', xauth.user);
  });
}

/** The passwords of all users, each once: strongSwan has them for all connections together. */
export function writeXauthSecrets(conf: ConfWriter, { connections }: IkeConfig): void {
  const all = connections.flatMap(({ version, v1 }) => {
    const xauth = version === 1 ? (v1?.xauth ?? null) : null;
    return xauth === null ? [] : xauth.side === 'user' ? [xauth] : xauth.users;
  });
  const byUser = new Map(all.map(({ user, password }) => [user, password]));
  for (const [index, [user, password]] of [...byUser].entries()) {
    conf.section(`xauth-${index}`, () => {
      conf.set('id', user);
      conf.set('secret', `0x${Buffer.from(password).toString('hex')}`);
    });
  }
}

/** When an SA is replaced whose lifetime, in seconds, both ends have agreed on. */
export const softer = (agreed: number): number => Math.floor(agreed * 0.9);

/** What of a connection of IKEv1 strongSwan cannot be told: each completes "strongSwan's files have no …". */
export function missingInV1({ version, v1 = DEFAULT_V1, children }: ConnectionConfig): string[] {
  if (version === 2) return [];
  const esn = children.some(({ proposals }) => proposals.some(proposal => proposal.esn.includes('yes')));
  return [
    ...(v1.accepts.some(mode => mode !== v1.mode) ? ['mode to answer but the one that it begins with'] : []),
    ...(v1.lifetimeKilobytes === null ? [] : ['lifetime of an ISAKMP SA in kilobytes']),
    ...(v1.natTraversal === 'no' ? ['way to turn NAT traversal off'] : []),
    ...(v1.commitBit ? ['commit bit'] : []),
    ...(v1.ignoresRevocation ? ['way to ignore a CRL that it has'] : []),
    ...(v1.lifetimeCheck === 'claim' || v1.lifetimeCheck === 'exact' ? ['such check of lifetimes'] : []),
    ...(esn ? ['extended sequence numbers in IKEv1'] : []),
  ];
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
