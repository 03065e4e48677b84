import type { TopologyNode } from '../../topology/model.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { oneNamespaceScript, returnNicsLines } from '../netns/engine-namespace.ts';
import { UP_DEVICE } from '../netns/names.ts';
import { runScript } from '../netns/run.ts';

/**
 * A host of a network that runs becomes a gateway: its kernel loses the addresses and routes of the NICs, which are the engine's now.
 * The script that gives them back, with all settings that a gateway's kernel has otherwise. A MachineObstacle for what it could not
 * give back.
 */
export async function undoScript(node: TopologyNode, namespace: string): Promise<string> {
  const nics = node.interfaces.map(({ name }) => name);
  const settings = [...oneNamespaceScript(node, () => null).matchAll(/\/proc\/sys\/net\/[\w./-]+/g)].map(
    ([file]) => file,
  );
  const own = [...new Set(settings)].filter(file => !file.includes(`/${UP_DEVICE}/`));
  const look = [
    ...own.map(file => `[ ! -e ${file} ] || echo "setting ${file} $(cat ${file})"`),
    ...nics.map(name => `ip -o link show dev ${name} up | grep -q . || echo "down ${name}"`),
    ...nics.map(name => `ip -o -4 addr show dev ${name} | sed 's/^/address /'`),
    ...nics.map(name => `ip -o -6 addr show dev ${name} scope global | grep -v dynamic | sed 's/^/address /' || true`),
    // Those are not listed by device.
    '{ ip -4 route; ip -6 route; } | grep nexthop || true',
    ...nics.map(name => `ip -4 route show table main dev ${name} | sed 's/^/route ${name} -4 /'`),
    ...nics.map(name => `ip -6 route show table main dev ${name} | sed 's/^/route ${name} -6 /'`),
  ];
  const seen = (await runScript(namespace, `set -e\n${look.join('\n')}\n`)).split('\n');
  if (seen.some(line => /\bnexthop\b/.test(line))) {
    throw new MachineObstacle(
      `${node.name} has a route by several ways at once, which could not be given back`,
      'give it one way, in Mininet',
    );
  }
  return [
    'set -e',
    `! ip link show dev ${UP_DEVICE} >/dev/null 2>&1 || ip link del dev ${UP_DEVICE}`,
    ...returnNicsLines(nics),
    ...seen.flatMap(settingLine),
    ...seen.flatMap(addressLine),
    ...seen.flatMap(routeLine),
    ...seen.flatMap(downLine),
    '',
  ].join('\n');
}

/** What the kernel has of the NICs goes; what it has of other devices stays. */
export const takeOverScript = ({ interfaces }: TopologyNode): string =>
  `set -e\n${interfaces.map(({ name }) => `ip -4 addr flush dev ${name}\nip -4 route flush dev ${name}\n`).join('')}`;

function downLine(line: string): string[] {
  const device = /^down (\S+)$/.exec(line)?.[1];
  return device === undefined ? [] : [`ip link set dev ${device} down`];
}

function settingLine(line: string): string[] {
  const [, file, value] = /^setting (\S+) (\S+)$/.exec(line) ?? [];
  return file === undefined ? [] : [`echo ${value} >${file}`];
}

/** `3: gw-eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global gw-eth0\       valid_lft …` */
function addressLine(line: string): string[] {
  const [, device, address, rest = ''] = /^address \d+: (\S+) +inet6? (\S+)([^\\]*)/.exec(line) ?? [];
  if (device === undefined || address === undefined) return [];
  const words = [...rest.matchAll(/ (peer|brd|scope) (\S+)/g)].map(([, word, value]) => ` ${word} ${value}`);
  return [`ip addr replace ${address}${words.join('')} dev ${device}${/ nodad\b/.test(rest) ? ' nodad' : ''}`];
}

/** Routes that come with an address come with it again; `ip` does not read the marks of a route's state. */
function routeLine(line: string): string[] {
  const [, device, family, route = ''] = /^route (\S+) (-[46]) (.*)$/.exec(line) ?? [];
  if (device === undefined || /\bproto (kernel|ra)\b/.test(route)) return [];
  const plain = route.replaceAll(/ (linkdown|dead|pref \w+|expires \S+)(?= |$)/g, '').trim();
  return [`ip ${family} route replace ${plain} dev ${device}`];
}
