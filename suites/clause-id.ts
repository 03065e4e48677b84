/** What a clause's id says: the standard that it is of, and the section of it. */
export interface ClauseId {
  /** `rfcNNNN`; `xauth` and `modecfg` are drafts of IKEv1; of `adversary` the section is the number of an attack. */
  readonly rfc: string;
  readonly section: string;
}

/** null: it is not of the form `STANDARD-SECTION-slug`. */
export function readClauseId(id: string): ClauseId | null {
  const [, rfc, section] = /^(rfc\d+|xauth|modecfg|adversary)-([\dA-Z.]+)-/.exec(id) ?? [];
  return rfc === undefined || section === undefined ? null : { rfc, section };
}
