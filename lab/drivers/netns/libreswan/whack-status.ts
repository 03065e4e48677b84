import type { ChildSaStatus, IkeSaStatus, IkeStatus } from '../../../../engine/ike/status.ts';
import type { LibreswanConn } from '../../../../engine/config/libreswan-write.ts';
import { plutoSuite } from './pluto-suite.ts';

export interface Printed {
  /** What `whack --showstates` printed, and pluto's log: that says who began, and what was agreed on. */
  readonly states: string;
  readonly log: string;
  readonly conns: readonly LibreswanConn[];
  /** Ends of each conn, as ipsec.conf has them. */
  readonly ends: { readonly local: string; readonly remote: string };
}

/** `000 #2: "bob.sites"[1] 192.0.2.1:4500 STATE_V2_ESTABLISHED_CHILD_SA (…); REKEY in 3275s; newest; IKE SA #1; idle;` */
const STATE = /^000 #(\d+): "([^"]+)"(?:\[\d+\] (?:[^ ]+?))?:(\d+) (STATE_\w+) \([^)]*\);(.*)$/;
/** `000 #2: "bob.sites" esp.89bd298e@192.0.2.2 esp.f8230fe7@192.0.2.1 …`: of the outbound SA first. */
const SPIS = /^000 #(\d+): "[^"]+"(?:\[\d+\] [^ ]+)? (esp|ah)\.([0-9a-f]+)@\S+ (?:esp|ah)\.([0-9a-f]+)@/;

interface State {
  readonly id: number;
  readonly conn: string;
  readonly port: string;
  /** `STATE_MAIN_R3`. */
  readonly name: string;
  readonly rest: string;
  /** What the log says of it. */
  readonly said: string;
}

/** What libreswan tells of its SAs, in the words of this project's own status: it shows neither SPIs of IKE SAs nor identities. */
export function ikeStatusOf({ states: printed, log, conns, ends }: Printed): IkeStatus {
  const lines = printed.split('\n');
  const spis = new Map(lines.flatMap(line => spisOf(line) ?? []));
  const said = saidByState(log);
  const states = lines.flatMap((line): State[] => {
    const [, id = '', conn = '', port = '', name = '', rest = ''] = STATE.exec(line) ?? [];
    return id === '' ? [] : [{ id: Number(id), conn, port, name, rest, said: said.get(Number(id)) ?? '' }];
  });
  const sas = states.filter(isIke).map((state): IkeSaStatus => {
    const children = states.filter(other => !isIke(other) && other.conn === state.conn);
    return {
      ...ikeSaOf(state, conns, ends),
      children: children.map(child => childOf(child, spis.get(child.id) ?? null, conns)),
    };
  });
  return { sas, halfOpen: sas.filter(({ state }) => state === 'connecting').length, cookies: false, counters: {} };
}

const isIke = ({ name }: State): boolean => !/QUICK|CHILD/.test(name);

function ikeSaOf({ id, conn, port, name, rest, said }: State, conns: Printed['conns'], ends: Printed['ends']) {
  const isInitiator = /: initiating|: initiator /.test(said) || /_(?:MAIN|AGGR)_I/.test(name);
  const isStanding = /ESTABLISHED|_MAIN_I4|_MAIN_R3|_AGGR_I2|_AGGR_R2/.test(name);
  return {
    id,
    connection: conns.find(one => one.name === conn)?.connection ?? conn,
    version: name.includes('V2') ? 2 : 1,
    role: isInitiator ? 'initiator' : 'responder',
    state: isStanding ? 'established' : 'connecting',
    initiatorSpi: '',
    responderSpi: '',
    local: `${ends.local}:${port}`,
    remote: `${ends.remote}:${port}`,
    localIdentity: null,
    remoteIdentity: null,
    localAuthentication: null,
    remoteAuthentication: null,
    suite: plutoSuite(said),
    nat: 'none',
    extensions: name.includes('_AGGR_') ? ['aggressive'] : [],
    virtualAddresses: [],
    ageSeconds: 0,
    rekeySeconds: rekeyIn(rest),
    reauthenticateSeconds: null,
    sent: 0,
    received: 0,
    retransmitted: 0,
  } as const;
}

/** `REKEY in 3275s`, of what is not rekeyed `REPLACE in …`. */
function rekeyIn(rest: string): number | null {
  const [, seconds] = /(?:REKEY|REPLACE) in (\d+)s/.exec(rest) ?? [];
  return seconds === undefined ? null : Number(seconds);
}

interface Spis {
  readonly protocol: 'esp' | 'ah';
  readonly out: number;
  readonly in: number;
}

function spisOf(line: string): [number, Spis][] | null {
  const [, id = '', protocol = '', out = '', inward = ''] = SPIS.exec(line) ?? [];
  if (id === '') return null;
  const spis = { out: Number.parseInt(out, 16), in: Number.parseInt(inward, 16) };
  return [[Number(id), { protocol: protocol === 'ah' ? 'ah' : 'esp', ...spis }]];
}

function childOf({ id, conn, name, rest, said }: State, spis: Spis | null, conns: Printed['conns']): ChildSaStatus {
  const asked = conns.find(one => one.name === conn) ?? null;
  return {
    id,
    name: asked?.child ?? conn,
    state: spis !== null && /ESTABLISHED|QUICK_I2|QUICK_R2/.test(name) ? 'installed' : 'installing',
    protocol: spis?.protocol ?? 'esp',
    mode: said.includes('transport') ? 'transport' : 'tunnel',
    spiIn: spis?.in ?? 0,
    spiOut: spis?.out ?? 0,
    suite: plutoSuite(said) ?? '',
    esn: said.includes('/ESN=>'),
    encapsulated: said.includes('ESPinUDP'),
    local: asked === null ? [] : [asked.local],
    remote: asked === null ? [] : [asked.remote],
    ageSeconds: 0,
    rekeySeconds: rekeyIn(rest),
  };
}

/** All that the log says of each state, by its number. */
function saidByState(log: string): ReadonlyMap<number, string> {
  const said = new Map<number, string>();
  for (const line of log.split('\n')) {
    const number = Number(/ #(\d+): /.exec(line)?.[1] ?? 0);
    if (number > 0) said.set(number, `${said.get(number) ?? ''}${line.slice(line.indexOf(`#${number}: `))}\n`);
  }
  return said;
}
