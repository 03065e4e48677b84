import type { Environment } from './format.ts';
import { escapeXml } from './junit.ts';
import { STYLE } from './style.ts';

/** What is one page's own; all strings but `title`, `brand` and `heading` are HTML. */
export interface Page {
  readonly title: string;
  /** The small line above the heading: which report this is. */
  readonly brand: string;
  readonly heading: string;
  /** Of this page alone, after the style of all. */
  readonly style?: string;
  /** Below the heading: what it comes to. */
  readonly header: readonly string[];
  readonly main: readonly string[];
  readonly footer: string;
}

/** Nothing is fetched and nothing runs, whatever a peer has put into a name: the browser is told so as well. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The face of all reports: a page that needs nothing else, readable in print, narrow, dark, and by keyboard. */
export function renderPage({ title, brand, heading, style = '', header, main, footer }: Page): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<link rel="icon" href="data:,">',
    `<title>${escapeXml(title)} · ipsec-lab</title>`,
    `<style>${STYLE}${style}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#main">Skip to the results</a>',
    '<header>',
    `<p class="brand">${escapeXml(brand)}</p>`,
    `<h1>${escapeXml(heading)}</h1>`,
    ...header,
    '</header>',
    '<main id="main" tabindex="-1">',
    ...main,
    '</main>',
    `<footer>${footer}</footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** One row of a `dl`; `html` is HTML. */
export const row = (name: string, html: string): string => `<dt>${name}</dt><dd>${html}</dd>`;

/** What may be wider than the page, by the words for those who do not see it; it is scrolled by keyboard as well. */
export const scrollable = (label: string, html: readonly string[]): string =>
  [`<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(label)}">`, ...html, '</div>'].join('\n');

/** With what a run was made, and when. */
export function provenance(environment: Environment, startedAt: string): string {
  const facts = [
    `ipsec-lab ${environment.version}${environment.commit === '' ? '' : ` (${environment.commit.slice(0, 12)})`}`,
    `Node ${environment.node}, OpenSSL ${environment.openssl}`,
    environment.platform,
    startedAt,
  ];
  return `<p>${facts.map(escapeXml).join(' · ')}</p>`;
}
