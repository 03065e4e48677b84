import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns line up, colour or not, and no line ends in spaces', () => {
  const lines = table(
    ['A', 'LONG', 'C'],
    [
      ['one', '\u001b[32mx\u001b[39m', 'end'],
      ['two', 'longer', ''],
    ],
  );
  expect(lines).toEqual(['A    LONG    C', 'one  \u001b[32mx\u001b[39m       end', 'two  longer']);
});
