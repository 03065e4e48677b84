import { dissect } from '../../engine/wire/dissect.ts';
import { complain, done, say, stepPlan, wrong } from './effect.ts';
import { hasOption, type Options, optionValue, readOptions } from './options.ts';
import { readExpression } from './packet-expression.ts';
import type { CapturedFrame, System, SystemPlan, SystemStep } from './system.ts';
import { octetsText, packetText } from './tcpdump-text.ts';

const USAGE = [
  'usage: tcpdump [-AnqvxX] [-c <count>] [-i <interface>] [<expression>]',
  '       tcpdump -D    the interfaces',
  '  for instance: tcpdump -v -A -i net0 host 10.244.0.15 and tcp port 2389',
];
const ANY = 'any';
const OF_THE_MACHINE = ['lo', 'engine0'];

/**
 * tcpdump(8): the packets on a node's links, as its users know them. null: on an interface of the machine that the node runs on, which
 * has a tcpdump of its own; there nothing is seen but what its programs send and get.
 */
export function tcpdump(
  argv: readonly string[],
  system: System,
  { hasPrograms }: { readonly hasPrograms: boolean },
): SystemPlan | null {
  const reading = readOptions(argv, 'AbDefHIJKlLnNOpqStuUvxX#c:i:s:w:r:y:Z:F:C:G:');
  if (reading.kind === 'wrong') return wrong([`tcpdump: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  const links = system.origin.interfaces.map(({ name }) => name);
  if (hasOption(options, 'D')) {
    return stepPlan(now => say(now, [...links, ANY].map((name, i) => `${i + 1}.${name} [Up, Running]\n`).join('')));
  }
  const device = optionValue(options, 'i') ?? links[0] ?? ANY;
  const isTunnel = system.settings.tunnels.some(({ name }) => name === device);
  if (hasPrograms && OF_THE_MACHINE.includes(device)) return null;
  if (!links.includes(device) && device !== ANY && !isTunnel) {
    const fix = `-i ${links.join(', -i ')}, or -i any`;
    return wrong([`tcpdump: ${device}: No such device exists`, `  fix: ${fix}`]);
  }
  const [file] = ['w', 'r'].filter(letter => optionValue(options, letter) !== null);
  if (file !== undefined) {
    return wrong([
      `tcpdump: -${file}: captures are files of the lab, not of its nodes`,
      '  fix: lab capture LINK --out FILE.pcapng',
    ]);
  }
  const count = optionValue(options, 'c');
  if (count !== null && !/^[1-9]\d{0,8}$/.test(count)) return wrong(['tcpdump: -c: how many packets?', ...USAGE]);
  const expression = readExpression(options.operands);
  if (expression.kind === 'wrong') {
    return wrong([`tcpdump: can't parse filter expression: ${expression.why}`, ...USAGE]);
  }
  return {
    kind: 'captures',
    interface: device === ANY ? null : device,
    before: beginning(device, options, isTunnel, links),
    count: count === null ? null : Number(count),
    line: frame => {
      const packet = { ...dissect(frame.octets), length: frame.length };
      return expression.matches(packet) ? lineOf(frame, options) : null;
    },
  };
}

function beginning(device: string, options: Options, isTunnel: boolean, links: readonly string[]): SystemStep {
  return system => {
    if (isTunnel) {
      return complain(system, [
        `tcpdump: ${device}: what goes in a tunnel is on no wire of its own`,
        `  fix: -i ${links.join(' or -i ')}; lab capture LINK --decrypt shows what is inside`,
      ]);
    }
    const loud = hasOption(options, 'v')
      ? ''
      : 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n';
    return {
      ...done(system),
      stderr: `${loud}listening on ${device}, link-type EN10MB (Ethernet), snapshot length 262144 bytes\n`,
    };
  };
}

function lineOf({ atNs, octets }: CapturedFrame, options: Options): string {
  const stamp = hasOption(options, 't') ? '' : `${clock(atNs)} `;
  const line = `${stamp}${packetText(octets, { isVerbose: hasOption(options, 'v') })}`;
  const form = hasOption(options, 'X')
    ? 'both'
    : hasOption(options, 'x')
      ? 'hex'
      : hasOption(options, 'A')
        ? 'text'
        : null;
  return form === null ? line : `${line}\n${octetsText(octets, form)}`;
}

/** `15:04:05.123456`, UTC. */
function clock(atNs: bigint): string {
  const us = (atNs / 1000n) % 86_400_000_000n;
  const whole = us / 1_000_000n;
  const parts = [whole / 3600n, (whole / 60n) % 60n, whole % 60n].map(part => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(us % 1_000_000n).padStart(6, '0')}`;
}
