import type { Random } from '../../engine/crypto/random.ts';
import { answerHttp } from '../pki/answer.ts';
import { credentialsOf, publicationOf } from '../pki/credentials.ts';
import { makePki } from '../pki/make.ts';
import { withRevoked } from '../pki/publication.ts';
import { NO_CREDENTIALS } from '../topology/ike-config.ts';
import type { Topology } from '../topology/model.ts';
import type { Enrolment } from './enrolment.ts';
import type { HttpService } from './http-service.ts';

/**
 * Makes all that `pki:` of a topology describes, and answers for it. `start`: that of the lab, in seconds since the Unix epoch. `randomFor` gives each
 * name random octets of its own.
 */
export function enrolBy(topology: Topology, start: number, randomFor: (name: string) => Random): Enrolment {
  const made = makePki(topology, start, randomFor);
  let publication = made === null ? null : publicationOf(made);
  const random = randomFor('answers');
  const server = topology.pki?.server ?? null;
  const service: HttpService | null =
    server === null
      ? null
      : {
          node: server.node,
          port: server.port,
          respond: (request, at) => {
            if (publication === null) throw new Error('a server that has nothing to publish');
            return answerHttp(publication, request, at, random);
          },
        };
  return {
    credentials: node =>
      made === null || topology.nodes.find(({ name }) => name === node)?.ike === null
        ? NO_CREDENTIALS
        : credentialsOf(topology, made, node, randomFor(`lists of ${node}`)),
    services: service === null ? [] : [service],
    revoke: (certificate, at, reason) => {
      if (publication === null) throw new Error('nobody publishes anything here');
      publication = withRevoked(publication, certificate, at, reason);
    },
  };
}
