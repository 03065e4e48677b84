import { immutableHead } from '../../engine/ipsec/ah-immutable.ts';
import { rfc4302Steps } from '../../engine/ipsec/ah-kernel.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ahSubject } from './build.ts';
import type { Subject } from './subject.ts';

/** Octets of a header, and which of their bits. */
type Field = readonly { readonly from: number; readonly to: number; readonly mask?: number }[];

/** Those whose ICV covers one field too many, RFC 4302 §3.3.3.1: they refuse what was changed on its way, as it may be. */
const COVERED: Readonly<Record<string, Field>> = {
  dscp: [{ from: 1, to: 2, mask: 0xfc }],
  ecn: [{ from: 1, to: 2, mask: 0x03 }],
  'dont-fragment': [{ from: 6, to: 7, mask: 0x40 }],
  'reserved-flag': [{ from: 6, to: 7, mask: 0x80 }],
  ttl: [{ from: 8, to: 9 }],
  'dscp-v6': [
    { from: 0, to: 1, mask: 0x0f },
    { from: 1, to: 2, mask: 0xc0 },
  ],
  'ecn-v6': [{ from: 1, to: 2, mask: 0x30 }],
  'flow-label': [{ from: 2, to: 4 }],
  'hop-limit': [{ from: 7, to: 8 }],
  options: [{ from: 20, to: 60 }],
  'options-v6': [{ from: 40, to: 200 }],
};

/** Those whose ICV leaves one field out. */
const IGNORED: Readonly<Record<string, Field>> = {
  'version-and-ihl': [{ from: 0, to: 1 }],
  'total-length': [{ from: 2, to: 4 }],
  identification: [{ from: 4, to: 6 }],
  protocol: [{ from: 9, to: 10 }],
  source: [{ from: 12, to: 16 }],
  destination: [{ from: 16, to: 20 }],
  options: [{ from: 20, to: 60 }],
  'payload-length': [{ from: 4, to: 6 }],
  'next-header-v6': [{ from: 6, to: 7 }],
  'source-v6': [{ from: 8, to: 24 }],
  'destination-v6': [{ from: 24, to: 40 }],
  'options-v6': [{ from: 40, to: 200 }],
};

/** Of the AH itself. */
const IGNORED_IN_AH: Readonly<Record<string, Field>> = {
  'next-header': [{ from: 0, to: 1 }],
  'payload-len': [{ from: 1, to: 2 }],
  reserved: [{ from: 2, to: 4 }],
  spi: [{ from: 4, to: 8 }],
  sequence: [{ from: 8, to: 12 }],
};

const right = rfc4302Steps();

export const BROKEN_AH: readonly Subject[] = [
  ...Object.entries(COVERED).map(([name, field]) =>
    ahSubject(`ah-covers-${name}`, `covers ${name} by its ICV`, {
      immutableHead: head => {
        const seen = immutableHead(head);
        if (seen !== null) eachOctet(field, seen, (at, mask) => (u8At(seen, at) & ~mask) | (u8At(head, at) & mask));
        return seen;
      },
    }),
  ),
  ...Object.entries(IGNORED).map(([name, field]) =>
    ahSubject(`ah-ignores-${name}`, `leaves ${name} out of its ICV`, {
      immutableHead: head => {
        const seen = immutableHead(head);
        if (seen !== null) eachOctet(field, seen, (at, mask) => u8At(seen, at) & ~mask);
        return seen;
      },
    }),
  ),
  ...Object.entries(IGNORED_IN_AH).map(([name, field]) =>
    ahSubject(`ah-ignores-${name}`, `leaves ${name} of the AH out of its ICV`, {
      icv: (sa, sequence, coverage) => {
        const ah = coverage.ah.slice();
        eachOctet(field, ah, (at, mask) => u8At(ah, at) & ~mask);
        return right.icv(sa, sequence, { ...coverage, ah });
      },
    }),
  ),
  ahSubject('ah-ignores-payload', 'leaves what follows the AH out of its ICV', {
    icv: (sa, sequence, coverage) => right.icv(sa, sequence, { ...coverage, payload: new Uint8Array(0) }),
  }),
  ahSubject('ah-ignores-icv', 'believes every ICV', { icvIsRight: () => true }),
  ahSubject('ah-esn-without-high', 'leaves the upper half of extended sequence numbers out of the ICV', {
    icv: (sa, sequence, coverage) => right.icv({ ...sa, esn: false }, sequence, coverage),
  }),
  ahSubject('ah-stuck-sequence', 'sends sequence number 1 for ever', { takeSequence: () => 1n }),
  ahSubject('ah-cycles-sequence', 'begins again behind the last sequence number', {
    takeSequence: sa => {
      sa.sequence = BigInt.asUintN(sa.esn ? 64 : 32, sa.sequence + 1n);
      return sa.sequence;
    },
  }),
  ahSubject('ah-fills-reserved', 'sends something in the reserved field', {
    header: (...of) => right.header(...of).fill(0xaa, 2, 4),
  }),
  ahSubject('ah-counts-all-words', 'writes its whole length into Payload Len, not less two words', {
    header: (...of) => {
      const header = right.header(...of);
      header[1] = header.length / 4;
      return header;
    },
  }),
  ahSubject('ah-wrong-next-header', 'says UDP whatever follows the AH', {
    header: (sa, sequence, _nextHeader, version) => right.header(sa, sequence, 17, version),
  }),
];

/** Puts another value into those octets that are there. */
function eachOctet(field: Field, octets: Uint8Array, value: (at: number, mask: number) => number): void {
  for (const { from, to, mask = 0xff } of field) {
    for (let at = from; at < Math.min(to, octets.length); at++) octets[at] = value(at, mask);
  }
}
