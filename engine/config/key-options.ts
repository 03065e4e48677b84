import { DEFAULT_V1, type V1Config } from '../ike/v1-config.ts';
import type { KeyOptions } from './key-rules.ts';

const IKE_PORT = 500;
const NAT_T_PORT = 4500;

/** What a daemon of IKEv1 does unless its file says otherwise; `v1` may say a part. */
export function keyOptions(
  given: Partial<Omit<KeyOptions, 'v1' | 'version'>> & Pick<KeyOptions, 'proposals' | 'retransmission'>,
  v1: Partial<V1Config>,
): KeyOptions {
  const rekeySeconds = given.rekeySeconds ?? 3600;
  return {
    version: 1,
    v1: { ...DEFAULT_V1, fetchesRevocation: false, ...v1 },
    port: IKE_PORT,
    natPort: NAT_T_PORT,
    ppk: null,
    requestAddresses: [],
    addressInterface: null,
    pools: [],
    unique: 'replace',
    fragmentation: 'yes',
    fragmentOctets: null,
    mobike: false,
    forceEncapsulation: false,
    childless: 'allow',
    resumption: false,
    quickCrashDetection: false,
    redirectTo: null,
    followsRedirects: false,
    livenessSeconds: 0,
    reauthenticateSeconds: 0,
    makeBeforeBreak: false,
    overSeconds: Math.max(1, Math.round(rekeySeconds / 10)),
    lifetimeJitter: 0.1,
    windowSize: 1,
    attempts: null,
    ...given,
    rekeySeconds,
  };
}
