/** What the HASH payload of a message of phase 2 covers, RFC 2409 §5.5 and §5.7; always under SKEYID_a. */
export type HashForm =
  /** HASH(1) = prf(SKEYID_a, M-ID | what follows): also of Informational and Transaction. */
  | { readonly kind: 'first' }
  /** HASH(2) = prf(SKEYID_a, M-ID | Ni_b | what follows). */
  | { readonly kind: 'second'; readonly nonceI: Uint8Array }
  /** HASH(3) = prf(SKEYID_a, 0 | M-ID | Ni_b | Nr_b). */
  | { readonly kind: 'third'; readonly nonceI: Uint8Array; readonly nonceR: Uint8Array };
