import { ahSuite, icvFieldOctets } from '../../../engine/crypto/ah-suite.ts';
import { findEspSuite, icvOctets } from '../../../engine/crypto/esp-suite.ts';
import { ahOctets } from '../../../engine/wire/ah.ts';
import { otherSite, type Site, sitesText, wrappedOctets } from '../live/sites.ts';
import type { BenchSubject, SubjectParameters } from '../live/subject.ts';

/** This engine, with keys by hand: what is measured is what it does with packets. */
export const engine: BenchSubject = {
  name: 'engine',
  title: 'this engine',
  obstacle: ({ cipher, ah }) => {
    if (ah !== undefined) return ahSuite(ah) === null ? `there is no integrity algorithm "${ah}"` : null;
    const found = findEspSuite(cipher);
    return found.kind === 'suite' ? null : found.kind === 'unknown' ? `there is no suite "${cipher}"` : found.why;
  },
  topologyText: parameters =>
    sitesText(
      site => [...tunnelLines(site, parameters), ...policyLines(site, parameters)],
      ['secrets: { sites: "a secret of the two, for measurements only" }'],
    ),
  outerOctets: protectedOctets,
};

/** The same tunnel without ESP: what this engine's forwarding costs, and the ceiling of all that it encrypts. */
export const ipip: BenchSubject = {
  name: 'ipip',
  title: 'this engine, IP in IP alone',
  obstacle: () => null,
  topologyText: parameters => sitesText(site => tunnelLines(site, parameters)),
  outerOctets: wrappedOctets,
};

/** The same two gateways with neither: what it costs to forward a packet at all. */
export const clear: BenchSubject = {
  name: 'clear',
  title: 'this engine, forwarding alone',
  obstacle: () => null,
  topologyText: () =>
    sitesText(site => {
      const { network, wan } = otherSite(site);
      return [
        'kind: gateway',
        'routes:',
        `  - { to: ${network[4]}, via: ${wan[4]} }`,
        `  - { to: "${network[6]}", via: "${wan[6]}" }`,
      ];
    }),
  outerOctets: (_, innerOctets) => innerOctets,
};

const tunnelName = (site: Site, { outer }: SubjectParameters): string => `v${outer}_${otherSite(site).gateway}0`;

function tunnelLines(site: Site, parameters: SubjectParameters): readonly string[] {
  const other = otherSite(site);
  return [
    'kind: gateway',
    'tunnels:',
    `  ${tunnelName(site, parameters)}:`,
    `    remote: ${other.gateway}`,
    `    addresses: [${site.lan[4]}/32, "${site.lan[6]}/128"]`,
    `    routes: [${other.network[4]}, "${other.network[6]}"]`,
  ];
}

/** In transport mode the policy is about the packets of the IP-in-IP tunnel, as they leave for the other gateway. */
function policyLines(site: Site, parameters: SubjectParameters): readonly string[] {
  const { cipher, ah, mode, encapsulation, outer, inner } = parameters;
  const sa = [
    ah === undefined ? `esp: [${cipher}]` : `ah: [${ah}]`,
    'key: "${secrets.sites}"',
    'legacy: true',
    ...(encapsulation === 'always' ? ['encapsulation: udp'] : []),
  ].join(', ');
  if (mode === 'tunnel') return ['policy:', `  - { tunnel: ${tunnelName(site, parameters)}, protect: { ${sa} } }`];
  const other = otherSite(site);
  const ends = `local: "${site.wan[outer]}", remote: "${other.wan[outer]}", proto: ${inner === 4 ? 4 : 41}`;
  return [
    'policy:',
    `  - { name: sites, ${ends}, protect: { mode: transport, peer: ${other.gateway}, ${sa} } }`,
    '  - { name: rest, bypass: true }',
  ];
}

function protectedOctets(parameters: SubjectParameters, innerOctets: number): number | null {
  const algorithm = parameters.ah === undefined ? null : ahSuite(parameters.ah);
  return algorithm === null
    ? espOctets(parameters, innerOctets)
    : wrappedOctets(parameters, ahOctets(icvFieldOctets(algorithm), parameters.outer) + innerOctets);
}

/** RFC 4303 §2: SPI and sequence number, IV, payload, padding to whole blocks and 4 octets, pad length, next header, ICV. */
function espOctets(parameters: SubjectParameters, innerOctets: number): number | null {
  const found = findEspSuite(parameters.cipher);
  if (found.kind !== 'suite') return null;
  const { encryption } = found.suite;
  const aligned = Math.max(4, encryption.blockOctets);
  const ciphertext = Math.ceil((innerOctets + 2) / aligned) * aligned;
  const udp = parameters.encapsulation === 'always' ? 8 : 0;
  return wrappedOctets(parameters, udp + 8 + encryption.ivOctets + ciphertext + icvOctets(found.suite));
}
