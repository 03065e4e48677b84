import { expect, test } from 'vitest';
import type { CapturedPacket } from './packet.ts';
import { Recorder } from './recorder.ts';

const packet = (link: string, octets: number, at = 0): CapturedPacket => ({
  link,
  from: 'alice:net0',
  at: BigInt(at),
  octets: new Uint8Array(octets),
});

test('history keeps the order in which packets came, over all links', () => {
  const recorder = new Recorder();
  const packets = ['wan', 'lan-a', 'wan', 'lan-b', 'lan-a'].map((link, i) => packet(link, 10, i));
  packets.forEach(p => recorder.record(p));
  expect(recorder.history(null)).toEqual(packets);
  expect(recorder.history('lan-a').map(p => p.at)).toEqual([1n, 4n]);
  expect(recorder.history('nowhere')).toEqual([]);
});

test('a mark separates before from after', () => {
  const recorder = new Recorder();
  recorder.record(packet('wan', 1, 1));
  const mark = recorder.mark();
  expect(recorder.since(mark, 'wan')).toEqual([]);
  recorder.record(packet('lan-a', 1, 2));
  recorder.record(packet('wan', 1, 3));
  expect(recorder.since(mark, 'wan').map(p => p.at)).toEqual([3n]);
  expect(recorder.since(mark, null).map(p => p.at)).toEqual([2n, 3n]);
});

test('the oldest of a link make room, and are counted', () => {
  const recorder = new Recorder({ maxOctetsPerLink: 100, maxPacketsPerLink: 5 });
  for (let i = 0; i < 1000; i++) recorder.record(packet('wan', 30, i));
  recorder.record(packet('lan-a', 7));
  expect(recorder.history('wan').map(p => p.at)).toEqual([997n, 998n, 999n]);
  for (let i = 1000; i < 1010; i++) recorder.record(packet('wan', 1, i));
  expect(recorder.history('wan').map(p => p.at)).toEqual([1005n, 1006n, 1007n, 1008n, 1009n]);
  expect(recorder.records()).toEqual([
    { link: 'wan', packets: 1010, octets: 30_010, pushedOutPackets: 1005, pushedOutOctets: 30_005 },
    { link: 'lan-a', packets: 1, octets: 7, pushedOutPackets: 0, pushedOutOctets: 0 },
  ]);
});

test('a packet larger than the whole room is counted and not kept', () => {
  const recorder = new Recorder({ maxOctetsPerLink: 100, maxPacketsPerLink: 5 });
  recorder.record(packet('wan', 101));
  expect(recorder.history('wan')).toEqual([]);
  expect(recorder.records()).toMatchObject([{ packets: 1, pushedOutPackets: 1, pushedOutOctets: 101 }]);
});

test('a subscriber from the start sees each packet once; a live one only what comes', () => {
  const recorder = new Recorder();
  const [all, live]: [bigint[], bigint[]] = [[], []];
  recorder.record(packet('wan', 1, 1));
  const stopAll = recorder.subscribe({ link: 'wan', from: 'start' }, p => all.push(p.at));
  const stopLive = recorder.subscribe({ link: null, from: 'live' }, p => live.push(p.at));
  recorder.record(packet('lan-a', 1, 2));
  recorder.record(packet('wan', 1, 3));
  stopAll();
  recorder.record(packet('wan', 1, 4));
  stopLive();
  recorder.record(packet('wan', 1, 5));
  expect(all).toEqual([1n, 3n]);
  expect(live).toEqual([2n, 3n, 4n]);
});
