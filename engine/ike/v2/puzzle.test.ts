import { expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import { fromHex, must } from '../../wire/testing/must.ts';
import { puzzleNotify, puzzlePrf, readPuzzle, solvedZeroBits, solvePuzzle } from './puzzle.ts';

/** That of RFC 8019 §4.4. */
const COOKIE = fromHex('739ae7492d8a810cf5e8dc0f9626c9dda773c5a3');
const PRF = must(prf('prfsha256'));
const solution = (keys: string) => ({ type: 'PS', data: fromHex(keys) }) as const;

/** Found by Python's hmac. The keys that the RFC lists for this cookie are of another computation than the one of its §7.1.3. */
test.each([
  ['000000df000028b700002ed10000340a', 12],
  ['000000df000028b700002ed1000000df', null],
])('the keys %s have solved for %s zero bits', (keys, bits) => {
  expect(solvedZeroBits({ prf: PRF, zeroBits: 12 }, COOKIE, solution(keys))).toBe(bits);
});

test.each([
  ['no keys', ''],
  ['keys of two sizes', '0618400733240c8a2a0d94c800'],
  ['one key four times', '061840061840061840061840'],
  ['keys longer than the PRF prefers', '00'.repeat(33 * 4)],
])('%s are no solution', (_, keys) => {
  expect(solvedZeroBits({ prf: PRF, zeroBits: 18 }, COOKIE, solution(keys))).toBeNull();
});

test.each(['prfsha1', 'prfsha512', 'prfaesxcbc'])(
  'what is solved for %s is verified, and the same each time',
  token => {
    const puzzle = { prf: must(prf(token)), zeroBits: 8 };
    const work = solvePuzzle(puzzle, COOKIE, 50_000);
    if (work.kind !== 'solved') throw new Error(work.kind);

    expect(solvedZeroBits(puzzle, COOKIE, work.solution)).toBeGreaterThanOrEqual(8);
    expect(solvePuzzle(puzzle, COOKIE, 50_000)).toEqual(work);
  },
);

test('a puzzle that takes more than this node is willing to compute is left alone', () => {
  expect(solvePuzzle({ prf: PRF, zeroBits: 200 }, COOKIE, 50_000)).toEqual({ kind: 'givenUp' });
  expect(solvePuzzle({ prf: PRF, zeroBits: 12 }, COOKIE, 10)).toEqual({ kind: 'givenUp' });
});

test('a puzzle goes over the wire', () => {
  const notify = puzzleNotify({ prf: PRF, zeroBits: 18 });

  expect(notify).toMatchObject({ notifyType: 16434, data: fromHex('000512') });
  expect(readPuzzle(notify)).toEqual({ prf: PRF, zeroBits: 18 });
  expect(readPuzzle({ ...notify, data: fromHex('00ff12') })).toBeNull();
  expect(readPuzzle({ ...notify, data: fromHex('0005') })).toBeNull();
});

test('the PRF is one that the initiator offers and nobody advises against', () => {
  expect(puzzlePrf([1, 5])?.token).toBe('prfsha256');
  expect(puzzlePrf([1, 77])).toBeNull();
});
