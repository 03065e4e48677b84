import { createSystemRandom } from '../engine/host/system-random.ts';
import { espOctets } from '../engine/ipsec/esp-size.ts';
import { createTypescriptKernel } from '../engine/ipsec/typescript-kernel.ts';
import { Sad } from '../engine/ipsec/sad.ts';
import { createSaPair } from '../lab/bench/raw/sa-pair.ts';
import { heapOctets } from './soak/heap.ts';

/** What one SA of many costs in a SAD: octets of heap and array buffers. */
export interface SaMemory {
  readonly what: string;
  readonly installedOctets: number;
  /** After its first packet: with the keys in the form that the cipher wants. */
  readonly usedOctets: number;
}

const SAS = 5_000;
const FIRST_SPI = 0x1000;

export function measureSaMemory(suite: string): SaMemory[] {
  measure('not counted: what it compiles stays', suite, 'into', 64);
  return [
    measure(`${suite}, outbound`, suite, 'out', 64),
    measure(`${suite}, inbound, window 64`, suite, 'into', 64),
    measure(`${suite}, inbound, window 4096`, suite, 'into', 4096),
  ];
}

function measure(what: string, suite: string, end: 'out' | 'into', windowPackets: number): SaMemory {
  const kernel = createTypescriptKernel(createSystemRandom());
  const payload = new Uint8Array(64);
  const before = settledOctets();
  const sad = new Sad();
  for (let i = 0; i < SAS; i++) sad.install(createSaPair(suite, { spi: FIRST_SPI + i, windowPackets })[end]);
  const installed = settledOctets();
  for (const sa of sad.all()) {
    if (sa.protocol !== 'esp') continue;
    if (sa.direction === 'outbound') kernel.seal([{ sa, nextHeader: 4, payload }]);
    else kernel.open([{ sa, esp: forged(espOctets(sa.suite, payload.length)) }]);
  }
  const used = settledOctets();
  if (sad.all().length !== SAS) throw new Error('SAs are missing');
  return { what, installedOctets: (installed - before) / SAS, usedOctets: (used - before) / SAS };
}

/** A packet with the number 1: refused, but not before its ICV was computed. */
function forged(octets: number): Uint8Array {
  const esp = new Uint8Array(octets);
  esp[7] = 1;
  return esp;
}

/** What array buffers held is given back only at the collection after the one that found them. */
function settledOctets(): number {
  heapOctets();
  heapOctets();
  return heapOctets();
}
