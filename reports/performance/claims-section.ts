import { escapeXml } from '../junit.ts';
import { numbers, table, words } from './figure.ts';
import type { Claim, ClaimEvidence } from './study.ts';
import { changeWords } from './units.ts';

const MARKS: Readonly<Record<Claim['verdict'], string>> = {
  holds: '✓',
  'holds in part': '◐',
  'does not hold': '✗',
  undecided: '?',
  'not measured': '–',
};

/** What others have said about cost, and whether it is so here. */
export function claimsSection(claims: readonly Claim[]): string {
  return [
    '<section aria-labelledby="claims">',
    '<h2 id="claims">Four claims about cost</h2>',
    '<p>A guide to IPsec tunnels on SmartOS ends with four surprises; its author had no environment to look into them. Here they are put to the test, with all that is compared differing in nothing else.</p>',
    '<ol class="claims">',
    ...claims.map(
      (claim, i) =>
        `<li><p><q>${escapeXml(claim.statement)}</q><br><span class="verdict">${MARKS[claim.verdict]} ${claim.verdict}</span>: ${escapeXml(claim.because)}.</p><p class="when">${escapeXml(claim.test)}</p>${evidence(claim, i + 1)}</li>`,
    ),
    '</ol>',
    '</section>',
  ].join('\n');
}

/** `✓ holds`. */
export const claimVerdict = ({ verdict }: Claim): string => `${MARKS[verdict]} ${verdict}`;

export const CLAIM_COLUMNS = [
  words('compared'),
  words('metric'),
  numbers('extra cost of the first'),
  numbers('pairs of figures'),
  words('bears it out'),
];

export const claimRow = ({ what, metric, cost, pairs, agrees, role }: ClaimEvidence): readonly string[] => [
  what,
  metric,
  changeWords(cost),
  String(pairs),
  role === 'control' ? 'a control' : `${agreement(agrees)}${role === 'decides' ? '' : ' (told besides)'}`,
];

const agreement = (agrees: boolean | null): string => (agrees === null ? 'open' : agrees ? 'yes' : 'no');

function evidence({ evidence: found }: Claim, number: number): string {
  return found.length === 0 ? '' : table(`Figures of claim ${number}`, CLAIM_COLUMNS, found.map(claimRow));
}
