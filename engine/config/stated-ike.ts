import type {
  ConnectionConfig,
  IkeLimits,
  LocalAuthenticationConfig,
  PoolConfig,
  SharedSecretConfig,
} from '../ike/config.ts';
import type { Place } from './diagnostic.ts';

/** What a file of another system says of IKE, before it is tied to a node: keys and certificates are names of files. */
export interface StatedIke {
  readonly connections: readonly StatedConnection[];
  readonly secrets: readonly SharedSecretConfig[];
  readonly ppks: readonly { readonly id: string; readonly key: string }[];
  readonly pools: readonly PoolConfig[];
  /** What the file says of them; absent: nothing. */
  readonly limits?: Partial<IkeLimits>;
}

export type StatedConnection = Omit<ConnectionConfig, 'authentication'> & {
  readonly place: Place;
  readonly authentication: {
    readonly local: StatedAuthentication;
    /** `certificates` and `keys`: files of the peer's own that are trusted. */
    readonly remote: ConnectionConfig['authentication']['remote'] & {
      readonly certificates: readonly string[];
      readonly keys: readonly string[];
    };
  };
};

export type StatedAuthentication =
  | Exclude<LocalAuthenticationConfig, { method: 'signature' }>
  | (Omit<Extract<LocalAuthenticationConfig, { method: 'signature' }>, 'key' | 'url' | 'identity'> & {
      readonly key: { readonly file: string; readonly place: Place };
      /** null: the subject of the certificate. */
      readonly identity: string | null;
    });
