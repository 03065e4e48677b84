import type { SaInput } from '../ipsec/sa-input.ts';
import type { SecurityProtocol } from '../ipsec/sa.ts';
import type { SelectorInput } from '../ipsec/spd.ts';
import type { Place } from './diagnostic.ts';
import type { StatedAction } from './policy.ts';

/** What setkey is told, one statement a value. */
export type SetkeyStatement =
  | { readonly kind: 'add'; readonly place: Place; readonly sa: SetkeySa }
  | ({ readonly kind: 'delete' | 'get'; readonly place: Place } & SetkeySaId)
  | ({ readonly kind: 'deleteAll'; readonly place: Place } & Omit<SetkeySaId, 'spi'>)
  | { readonly kind: 'flush' | 'dump'; readonly place: Place; readonly protocol: SecurityProtocol | null }
  /** `replaces`: of spdupdate, a policy that has the same selector already. */
  | { readonly kind: 'spdAdd'; readonly place: Place; readonly policy: SetkeyPolicy; readonly replaces: boolean }
  | { readonly kind: 'spdDelete'; readonly place: Place; readonly policy: SetkeySelector }
  | { readonly kind: 'spdFlush'; readonly place: Place }
  | { readonly kind: 'spdDump'; readonly place: Place };

/** Which SA: what its packets say of it. */
export interface SetkeySaId {
  /** Addresses as text. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: SecurityProtocol;
  readonly spi: number;
}

/** An SA as `add` says it. */
export interface SetkeySa {
  /** Its mode is `transport` where the statement leaves it open (`isAnyMode`). */
  readonly input: SaInput;
  readonly isAnyMode: boolean;
  /** Of esp-udp; null: ESP or AH of its own. */
  readonly udp: { readonly sourcePort: number; readonly destinationPort: number } | null;
}

/** Which policy: what spddelete repeats of spdadd. */
export interface SetkeySelector extends Required<SelectorInput> {
  readonly direction: 'inbound' | 'outbound';
  /** `-P fwd`: what arrives and is passed on, which an inbound policy covers here as well. */
  readonly isForward: boolean;
}

export interface SetkeyPolicy extends SetkeySelector {
  /** The higher ones are tried first; 0 unless it is said. */
  readonly priority: number;
  readonly action: StatedAction;
}
