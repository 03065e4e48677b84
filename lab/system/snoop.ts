import { describeFrame } from '../capture/describe.ts';
import { dissect } from '../../engine/wire/dissect.ts';
import { complain, done, wrong } from './effect.ts';
import { hasOption, type Options, optionValue, readOptions } from './options.ts';
import { readExpression } from './packet-expression.ts';
import type { CapturedFrame, SystemPlan, SystemStep } from './system.ts';

const USAGE = [
  'usage: snoop [-r] [-t a|r] [-S] [-c <count>] [-d <link>] [<expression>]',
  '  an expression is of: [from|to] host <address>, net <prefix>, [from|to] port <number>, ether <mac>, proto <number>, ip, ip6, arp,',
  '    icmp, icmp6, udp, tcp, esp, ah, broadcast, multicast, greater|less <octets>, and, or, not',
  '  for instance: snoop -d net0 -c 10 esp or udp port 500',
];

/** snoop(8): the packets on a node's links, a line each. What goes in a tunnel is seen on the link that carries it, sealed. */
export function snoop(argv: readonly string[]): SystemPlan {
  const reading = readOptions(argv, 'rVvSPqNDd:c:t:s:o:i:n:x:');
  if (reading.kind === 'wrong') return wrong([`snoop: ${reading.why}`, ...USAGE]);
  const { options } = reading;
  const count = optionValue(options, 'c');
  if (count !== null && !/^[1-9]\d{0,8}$/.test(count)) return wrong(['snoop: -c: how many packets?', ...USAGE]);
  const [file] = ['o', 'i'].filter(letter => optionValue(options, letter) !== null);
  if (file !== undefined) {
    return wrong([
      `snoop: -${file}: captures are files of the lab, not of its nodes`,
      '  fix: lab capture LINK --out FILE.pcapng',
    ]);
  }
  const filter = readExpression(options.operands);
  if (filter.kind === 'wrong') return wrong([`snoop: ${filter.why}`, ...USAGE]);
  let first: bigint | null = null;
  return {
    kind: 'captures',
    interface: optionValue(options, 'd'),
    before: checkOf(optionValue(options, 'd')),
    count: count === null ? null : Number(count),
    line: frame => {
      if (!filter.matches({ ...dissect(frame.octets), length: frame.length })) return null;
      first ??= frame.atNs;
      return lineOf(frame, options, first);
    },
  };
}

function checkOf(device: string | null): SystemStep {
  return system => {
    const links = system.origin.interfaces.map(({ name }) => name);
    if (device === null || links.includes(device)) {
      return { ...done(system), stderr: `Using device ${device ?? links.join(', ')} (promiscuous mode)\n` };
    }
    const isTunnel = system.settings.tunnels.some(({ name }) => name === device);
    return complain(system, [
      `snoop: ${device}: ${isTunnel ? 'what goes in a tunnel is on no wire of its own' : 'No such device'}`,
      `  fix: -d ${links.join(' or -d ')}; lab capture LINK --decrypt shows what is inside`,
    ]);
  };
}

function lineOf({ atNs, octets, length }: CapturedFrame, options: Options, first: bigint): string {
  const time = optionValue(options, 't');
  const stamp = time === 'a' ? `${clock(atNs)} ` : time === 'r' ? `${seconds(atNs - first).padStart(9)} ` : '';
  const size = hasOption(options, 'S') ? `length: ${String(length).padStart(4)}  ` : '';
  const text = describeFrame(octets);
  const ends = /^(\S+) > (\S+): ?(.*)$/.exec(text);
  if (ends === null) return `${stamp}${size}${text}`;
  const [, from = '', to = '', rest = ''] = ends;
  return `${stamp}${size}${from.padStart(15)} -> ${to.padEnd(15)} ${rest}`;
}

function clock(atNs: bigint): string {
  const us = (atNs / 1000n) % 86_400_000_000n;
  const whole = us / 1_000_000n;
  const parts = [whole / 3600n, (whole / 60n) % 60n, whole % 60n].map(part => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(us % 1_000_000n)
    .padStart(6, '0')
    .slice(0, 5)}`;
}

const seconds = (ns: bigint): string => (Number(ns / 10_000n) / 100_000).toFixed(5);
