/** By these labels containers are found again, never by their names. */
export const RUN_LABEL = 'ipsec-lab.run';
export const NODE_LABEL = 'ipsec-lab.node';
/** The state root of the `lab up` that made it, where there was one. */
export const ROOT_LABEL = 'ipsec-lab.root';
/** Of images: what they were made of. */
export const BUILD_LABEL = 'ipsec-lab.build';
