import { formatIdentity, parseIdentity } from '../../../engine/ike/identity.ts';
import { DEFAULT_LIMITS } from '../../../engine/ike/config.ts';
import { addressKey, parseAddress } from '../../../engine/wire/address.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import type { StatedAuthentication, StatedConnection, StatedIke } from '../../../engine/config/stated-ike.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { TopologyAuthentication, TopologyConnection, TopologyIke } from '../model.ts';
import type { Owners } from './addresses.ts';
import type { NativeFile } from './native-files.ts';
import type { NodeScope, Scope } from './scope.ts';

/** What a native file says of a node's IKE, tied to the topology: names of its files are names of `pki`. */
export function tieIke(
  scope: Scope,
  node: NodeScope,
  stated: StatedIke,
  file: NativeFile,
  owners: Owners,
): TopologyIke {
  const ties: Ties = { scope, node, file, owners };
  if (node.text?.ike) {
    const message = `${node.name} has ${file.name} as well`;
    scope.report.error(node.text.ike.place, message, 'keep one of the two');
  }
  const connections = stated.connections.flatMap(connection => connectionOf(ties, connection) ?? []);
  const { secrets, ppks, pools } = stated;
  const locals = connections.map(({ authentication: { local } }) => (local.method === 'signature' ? local.key : null));
  const signed = stated.connections.map(({ authentication: { remote } }) => remote).filter(isSigned);
  const authorities = signed.flatMap(remote => remote.authorities);
  const trustsAll = signed.some(remote => remote.authorities.length === 0 && remote.certificates.length === 0);
  return {
    connections,
    secrets,
    ppks,
    pools,
    limits: { ...DEFAULT_LIMITS, ...stated.limits },
    credentials: {
      keys: [...new Set(locals.filter(key => key !== null))],
      anchors: [...new Set([...authorities, ...(trustsAll ? rootsOf(scope) : [])])],
      peers: [...new Set(signed.flatMap(remote => remote.certificates))],
      rawKeys: signed.flatMap(({ identity, keys }) => keys.map(key => ({ identity, key }))),
    },
  };
}

interface Ties {
  readonly scope: Scope;
  readonly node: NodeScope;
  readonly file: NativeFile;
  readonly owners: Owners;
}

const isSigned = ({ methods }: StatedConnection['authentication']['remote']): boolean => methods.includes('signature');

function rootsOf({ text }: Scope): string[] {
  return (text.pki?.authorities?.entries ?? []).filter(({ value }) => value?.issuer === null).map(({ name }) => name);
}

function connectionOf(ties: Ties, stated: StatedConnection): TopologyConnection | null {
  const { place, authentication, ...rest } = stated;
  const { certificates, keys, ...remote } = authentication.remote;
  const at = (kind: Kind, name: string) => judgeName(ties, kind, name, place);
  for (const name of remote.authorities) at('authorities', name);
  for (const name of certificates) at('certificates', name);
  for (const name of keys) at('keys', name);
  const local = localOf(ties, authentication.local);
  return local === null ? null : { ...rest, peer: peerOf(ties, stated), authentication: { local, remote } };
}

type Kind = 'authorities' | 'certificates' | 'keys';

function judgeName({ scope, file }: Ties, kind: Kind, name: string, place: StatedConnection['place']): boolean {
  const known = (scope.text.pki?.[kind]?.entries ?? []).map(entry => entry.name);
  if (known.includes(name)) return true;
  const what = { authorities: 'authority', certificates: 'certificate', keys: 'key' }[kind];
  const fix = didYouMean(name, known, `add pki: { ${kind}: { ${name.slice(0, 32)}: … } } to the topology`);
  file.complain(place, `there is no ${what} ${quoted(name)} in "pki"`, fix);
  return false;
}

function localOf(ties: Ties, local: StatedAuthentication): TopologyAuthentication | null {
  if (local.method !== 'signature') return local;
  const { file, place } = local.key;
  if (!judgeName(ties, local.sends === 'raw' ? 'keys' : 'certificates', file, place)) return null;
  return { ...local, key: file, identity: local.identity ?? subjectOf(ties.scope, file) };
}

/** The identity of a certificate for which the file names none. */
function subjectOf({ text }: Scope, name: string): string {
  const subject = text.pki?.certificates?.entries.find(entry => entry.name === name)?.value?.subject?.value;
  const identity = parseIdentity(subject ?? `CN=${name}`);
  return identity === null ? `CN=${name}` : formatIdentity(identity);
}

/** The node that has the address that is called. */
function peerOf({ owners }: Ties, { remote: [first] }: StatedConnection): string | null {
  const address = first === undefined ? null : parseAddress(first);
  return address === null ? null : (owners.get(addressKey(address))?.node ?? null);
}
