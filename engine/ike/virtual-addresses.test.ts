import { expect, test } from 'vitest';
import type { ConnectionConfig, IkeConfig, PoolConfig } from './config.ts';
import { childConfig, connectionConfig, ikeConfig } from './testing/connection.ts';
import { Network, type Station } from './testing/network.ts';
import { sasOf } from './testing/node-sas.ts';

const POOL: PoolConfig = { name: 'road', addresses: ['10.3.0.0/29'], dns: ['10.0.0.53'], subnets: ['10.0.0.0/24'] };

const authentication = (own: string, peer: string): ConnectionConfig['authentication'] => ({
  local: { method: 'psk', identity: own },
  remote: { methods: ['psk'], identity: peer, authorities: [], schemes: [], revocation: 'relaxed' },
});
const dynamic = { addresses: 'dynamic', protocol: 'any', ports: 'any' } as const;
const office = { addresses: '10.0.0.0/24', protocol: 'any', ports: 'any' } as const;

function warrior(name: string, given: Partial<ConnectionConfig> = {}): IkeConfig {
  const children = [childConfig({ local: [dynamic], remote: [office], start: 'start' })];
  return ikeConfig({
    connections: [
      connectionConfig({
        name: 'office',
        remote: ['192.0.2.1'],
        authentication: authentication(`${name}@lab.example`, 'office.lab'),
        requestAddresses: ['0.0.0.0'],
        addressInterface: 'wan',
        children,
        ...given,
      }),
    ],
  });
}

function gateway(given: Partial<ConnectionConfig> = {}, pool = POOL): IkeConfig {
  const children = [childConfig({ local: [office], remote: [dynamic] })];
  return ikeConfig({
    pools: [pool],
    connections: [
      connectionConfig({
        name: 'warriors',
        authentication: authentication('office.lab', '*@lab.example'),
        pools: ['road'],
        children,
        ...given,
      }),
    ],
  });
}

function lab(warriors: readonly IkeConfig[], config = gateway()) {
  const network = new Network('seed');
  const hub = network.add('hub', ['192.0.2.1'], config);
  const spokes = warriors.map((one, i) => network.add(`warrior ${i}`, [`192.0.2.${10 + i}`], one));
  network.run(2000);
  return { network, hub, spokes };
}

const addressesOf = (station: Station) =>
  station.commands.flatMap(command =>
    command.kind === 'addAddress' || command.kind === 'removeAddress' ? [`${command.kind} ${command.address}`] : [],
  );
const remotesOf = (station: Station) =>
  sasOf(station).flatMap(({ selector }) =>
    Array.isArray(selector) ? selector.map(({ remote }) => String(remote)) : [],
  );

test('each that asks has an address of its own, and its SAs are for that alone', () => {
  const { network, hub, spokes } = lab(['ann', 'ben', 'cat'].map(name => warrior(name)));
  expect(spokes.map(addressesOf)).toEqual([
    ['addAddress 10.3.0.1/32'],
    ['addAddress 10.3.0.2/32'],
    ['addAddress 10.3.0.3/32'],
  ]);
  expect(new Set(remotesOf(hub))).toEqual(new Set(['10.3.0.1-10.3.0.1', '10.3.0.2-10.3.0.2', '10.3.0.3-10.3.0.3']));
  const [status] = spokes[0]?.daemon.status(network.now).sas ?? [];
  expect(status?.virtualAddresses).toEqual(['10.3.0.1']);
  expect(status?.children[0]?.local).toEqual(['10.3.0.1-10.3.0.1']);
});

test('of peers that have proven nothing none takes the place, or the address, of another (RFC 7619 §2.3)', () => {
  const own = { method: 'null', identity: 'null:' } as const;
  const { remote: officeOf } = authentication('', 'office.lab');
  const anonymous = (asks: string) =>
    warrior('', { authentication: { local: own, remote: officeOf }, requestAddresses: [asks] });
  const toAll = authentication('office.lab', '%any');
  const hubConfig = gateway({ authentication: { ...toAll, remote: { ...toAll.remote, methods: ['null'] } } });
  const { network, hub, spokes } = lab([anonymous('0.0.0.0'), anonymous('10.3.0.1')], hubConfig);
  network.run(60_000);
  expect(spokes.map(addressesOf)).toEqual([['addAddress 10.3.0.1/32'], ['addAddress 10.3.0.2/32']]);
  expect(hub.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established', 'established']);
});

test('what is given back is given again, and a rekey keeps it', () => {
  const { network, hub, spokes } = lab(['ann', 'ben'].map(name => warrior(name)));
  const [ann] = spokes;
  if (ann === undefined) throw new Error('nobody');
  network.command(ann, { kind: 'rekey', ike: 'office' });
  network.run(100_000);
  expect(addressesOf(ann)).toEqual(['addAddress 10.3.0.1/32']);
  network.command(ann, { kind: 'terminate' });
  network.run(2000);
  expect(addressesOf(ann)).toEqual(['addAddress 10.3.0.1/32', 'removeAddress 10.3.0.1/32']);
  expect(hub.events.map(({ kind, detail }) => `${kind} ${detail}`)).toContain('addressReleased 10.3.0.1');
  network.add('warrior 9', ['192.0.2.99'], warrior('dan'));
  network.run(2000);
  expect(hub.events.filter(({ kind }) => kind === 'addressAssigned').map(({ detail }) => detail)).toEqual([
    '10.3.0.1',
    '10.3.0.2',
    '10.3.0.1',
  ]);
});

test('a pool that is empty makes no Child SA; it is asked again in minutes', () => {
  const { network, hub, spokes } = lab(
    ['ann', 'ben'].map(name => warrior(name)),
    gateway({}, { ...POOL, addresses: ['10.3.0.1-10.3.0.1'] }),
  );
  const [ann, ben] = spokes;
  if (ann === undefined || ben === undefined) throw new Error('nobody');
  expect(sasOf(ben)).toEqual([]);
  expect(ben.events.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('INTERNAL_ADDRESS_FAILURE'));
  expect(ben.daemon.status(network.now).sas).toHaveLength(1);
  network.command(ann, { kind: 'terminate' });
  network.run(60_000);
  expect(sasOf(ben)).toEqual([]);
  network.run(100_000);
  expect(addressesOf(ben)).toEqual(['addAddress 10.3.0.1/32']);
  expect(sasOf(hub)).toHaveLength(2);
});

test('who asks for no address gets no Child SA where one is required', () => {
  const children = [
    childConfig({ local: [{ ...dynamic, addresses: '10.9.0.0/24' }], remote: [office], start: 'start' }),
  ];
  const { spokes } = lab([warrior('ann', { requestAddresses: [], children })]);
  const [ann] = spokes;
  expect(ann?.events.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('FAILED_CP_REQUIRED'));
});

test('a peer that gives no addresses is no use to one that needs one', () => {
  const { network, spokes } = lab([warrior('ann')], gateway({ pools: [] }));
  const [ann] = spokes;
  if (ann === undefined) throw new Error('nobody');
  expect(sasOf(ann)).toEqual([]);
  expect(ann.daemon.status(network.now).sas.map(({ state }) => state)).toEqual(['established']);
});

test.each([true, false])('reauthentication keeps the address; make before break: %s', makeBeforeBreak => {
  const { network, hub, spokes } = lab([warrior('ann', { reauthenticateSeconds: 100, makeBeforeBreak })]);
  const [ann] = spokes;
  if (ann === undefined) throw new Error('nobody');
  const [before] = ann.daemon.status(network.now).sas;
  let gaps = 0;
  for (let i = 0; i < 1200; i++) {
    network.run(100);
    if (sasOf(ann).length < 2) gaps++;
  }
  const after = ann.daemon.status(network.now).sas.filter(({ state }) => state === 'established');
  expect(after).toHaveLength(1);
  expect(after[0]?.initiatorSpi).not.toBe(before?.initiatorSpi);
  expect(after[0]?.virtualAddresses).toEqual(['10.3.0.1']);
  expect(sasOf(ann)).toHaveLength(2);
  expect(sasOf(hub)).toHaveLength(2);
  expect([gaps === 0, addressesOf(ann).length === 1]).toEqual([makeBeforeBreak, makeBeforeBreak]);
});
