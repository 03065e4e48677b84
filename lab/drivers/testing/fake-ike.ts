import { createHash } from 'node:crypto';
import { type ConnectionConfig, DEFAULT_LIMITS, type IkeConfig } from '../../../engine/ike/config.ts';
import type {
  IkeCommand,
  IkeContext,
  IkeDaemon,
  IkeDatagram,
  IkeEffects,
  IkeEvent,
} from '../../../engine/ike/daemon.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import { type Address, formatAddress, parseAddress } from '../../../engine/wire/address.ts';

/**
 * A daemon for tests of whatever runs daemons: one round trip of plain JSON and two SAs, without any security. It hears and does
 * all that a real one hears and does, and tells of it by events.
 */

const NOTHING: IkeEffects = { commands: [], datagrams: [], events: [], secrets: [], fetches: [] };
const encoder = new TextEncoder();

interface Hello {
  readonly step: 'ask' | 'answer';
  /** Inbound at the sender. */
  readonly spi: number;
  readonly nonce: string;
  readonly askedNonce: string;
}

/** What a fake daemon needs of a configuration: whom to call, and which policy to serve. */
export function fakeIkeConfig(remote: string | null, policy: string, start: 'none' | 'trap' | 'start'): IkeConfig {
  const child = { name: 'child', policy, transform: 0, start };
  const connection = {
    name: 'peer',
    remote: remote === null ? [] : [remote],
    port: 500,
    natPort: 4500,
    children: [child],
  };
  return {
    connections: [connection as unknown as ConnectionConfig],
    secrets: [],
    ppks: [],
    credentials: { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] },
    pools: [],
    limits: DEFAULT_LIMITS,
    revealsSecrets: false,
  };
}

export function createFakeIke(config: IkeConfig, context: IkeContext, url: string | null = null): IkeDaemon {
  const [connection] = config.connections;
  const [child] = connection?.children ?? [];
  if (connection === undefined || child === undefined) throw new Error('a daemon without a child');
  const [remote = null] = connection.remote;
  let isStarted = false;
  let asked: Hello | null = null;
  let count = 0;

  const event = (kind: IkeEvent['kind'], detail: string): IkeEvent => ({ kind, connection: connection.name, detail });

  function ask(): IkeEffects {
    const source = remote === null ? null : context.sourceFor(remote);
    if (remote === null || source === null) return { ...NOTHING, events: [event('negotiationFailed', 'no way')] };
    asked = { step: 'ask', spi: freshSpi(), nonce: hexOf(context.random.bytes(16)), askedNonce: '' };
    return {
      ...NOTHING,
      datagrams: [datagramOf(asked, addressOf(source), addressOf(remote), connection?.port ?? 500)],
    };
  }

  function freshSpi(): number {
    return 0x1000_0000 + (Number.parseInt(hexOf(context.random.bytes(3)), 16) << 1);
  }

  function sas(own: Hello, other: Hello, { local, remote: peer }: IkeDatagram): NodeCommand[] {
    const [here, there] = [formatAddress(local), formatAddress(peer)];
    const common = { policy: child?.policy ?? '', suite: 'aes128gcm16', integrityKey: '', esn: false } as const;
    const shape = { ...common, mode: 'tunnel', windowPackets: 64 } as const;
    const keyFor = (receiver: Hello) => keyOf(own, other, receiver.spi);
    return [
      {
        kind: 'installSa',
        sa: {
          ...shape,
          direction: 'inbound',
          spi: own.spi,
          source: there,
          destination: here,
          encryptionKey: keyFor(own),
        },
      },
      {
        kind: 'installSa',
        sa: {
          ...shape,
          direction: 'outbound',
          spi: other.spi,
          source: here,
          destination: there,
          encryptionKey: keyFor(other),
        },
      },
    ];
  }

  function take(datagram: IkeDatagram): IkeEffects {
    const hello = JSON.parse(new TextDecoder().decode(datagram.octets)) as Hello;
    const back = (answer: Hello) => datagramOf(answer, datagram.local, datagram.remote, datagram.localPort);
    if (hello.step === 'ask') {
      const answer: Hello = {
        step: 'answer',
        spi: freshSpi(),
        nonce: hexOf(context.random.bytes(16)),
        askedNonce: hello.nonce,
      };
      count++;
      const events = [event('childEstablished', 'as responder')];
      return { ...NOTHING, commands: sas(answer, hello, datagram), datagrams: [back(answer)], events };
    }
    if (asked === null || hello.askedNonce !== asked.nonce) return NOTHING;
    const own = asked;
    asked = null;
    count++;
    const events = [event('childEstablished', 'as initiator')];
    return { ...NOTHING, commands: sas(own, hello, datagram), events, secrets: secretsOf(own, config.revealsSecrets) };
  }

  function run(command: IkeCommand, epoch: number): IkeEffects {
    switch (command.kind) {
      case 'initiate':
        return ask();
      case 'noted':
        if (command.event.kind === 'saWanted' && child?.start === 'trap' && asked === null) {
          const { wanted } = command.event;
          const effects = ask();
          return { ...effects, events: [event('cookiesOn', JSON.stringify(wanted)), ...effects.events] };
        }
        return { ...NOTHING, events: [event('messageRefused', command.event.kind)] };
      case 'addresses':
        return { ...NOTHING, events: [event('addressAssigned', `${command.addresses.join(' ')} at ${epoch}`)] };
      case 'fetched':
        return {
          ...NOTHING,
          events: [event('resumed', command.content === null ? 'nothing' : textOf(command.content))],
        };
      case 'rekey':
        return { ...NOTHING, fetches: url === null ? [] : [fetchOf(url)] };
      case 'terminate':
        return { ...NOTHING, commands: [{ kind: 'installSa', sa: strangeSa }] };
      case 'reauthenticate':
      case 'redirect':
      case 'configure':
        return NOTHING;
    }
  }

  return {
    receive: datagrams => joined(datagrams.map(take)),
    wake: () => {
      if (isStarted) return NOTHING;
      isStarted = true;
      return child.start === 'start' ? ask() : NOTHING;
    },
    wakeAt: () => (isStarted ? null : 0),
    command: (command, now) => run(command, context.epochSeconds(now)),
    status: () => ({
      sas: [],
      halfOpen: asked === null ? 0 : 1,
      cookies: false,
      counters: { childEstablished: count },
    }),
  };
}

const fetchOf = (url: string) => ({ id: 7, url, body: null, contentType: null, octetsMax: 1000, timeoutMs: 2000 });

/** Of a policy that no node has. */
const strangeSa = {
  policy: 'nobody',
  direction: 'inbound',
  spi: 999,
  mode: 'tunnel',
  source: '192.0.2.1',
  destination: '192.0.2.2',
  suite: 'aes128gcm16',
  encryptionKey: '00'.repeat(20),
  integrityKey: '',
  esn: false,
  windowPackets: 64,
} as const;

function secretsOf({ nonce }: Hello, reveals: boolean): IkeEffects['secrets'] {
  const no = { encryption: 'aes128gcm16', integrity: null, skAi: '', skAr: '', skEr: '' };
  return reveals ? [{ version: 2, initiatorSpi: nonce, responderSpi: '00', skEi: nonce, ...no }] : [];
}

function joined(all: readonly IkeEffects[]): IkeEffects {
  return {
    commands: all.flatMap(({ commands }) => commands),
    datagrams: all.flatMap(({ datagrams }) => datagrams),
    events: all.flatMap(({ events }) => events),
    secrets: all.flatMap(({ secrets }) => secrets),
    fetches: all.flatMap(({ fetches }) => fetches),
  };
}

function datagramOf(hello: Hello, local: Address, remote: Address, port: number): IkeDatagram {
  return { local, localPort: port, remote, remotePort: port, octets: encoder.encode(JSON.stringify(hello)) };
}

function keyOf(a: Hello, b: Hello, receiver: number): string {
  const nonces = [a.nonce, b.nonce].sort().join(' ');
  return createHash('sha256').update(`${nonces} ${receiver}`).digest('hex').slice(0, 40);
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`not an address: ${text}`);
  return address;
}

const textOf = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const hexOf = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
