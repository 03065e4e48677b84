import type { Topology } from '../topology/model.ts';

export interface ChangingTopology {
  /** What the lab is at the moment: whoever holds it sees it change. */
  readonly topology: Topology;
  become(next: Topology): void;
}

/** The topology of a lab that runs, for all its parts. Its own properties are what is copied and printed. */
export function changingTopology(first: Topology): ChangingTopology {
  let now = first;
  const topology: Topology = {
    get name() {
      return now.name;
    },
    get title() {
      return now.title;
    },
    get description() {
      return now.description;
    },
    get firstSteps() {
      return now.firstSteps;
    },
    get file() {
      return now.file;
    },
    get nodes() {
      return now.nodes;
    },
    get links() {
      return now.links;
    },
    get pki() {
      return now.pki;
    },
    get sas() {
      return now.sas;
    },
    get protectedFlows() {
      return now.protectedFlows;
    },
    get checks() {
      return now.checks;
    },
    get faults() {
      return now.faults;
    },
  };
  return {
    topology,
    become: next => {
      now = next;
    },
  };
}
