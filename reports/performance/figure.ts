import { escapeXml } from '../junit.ts';
import { scrollable } from '../page.ts';
import { sampleOf, type SeriesStyle } from './plot.ts';

/** One chart with its heading; `svg` and `legend` are markup, the rest is text. */
export interface ChartPanel {
  readonly caption: string;
  /** Beside the caption, in small letters. */
  readonly note: string;
  readonly svg: string;
  /** Empty where the chart needs none. */
  readonly legend: string;
}

/** Charts side by side as far as the page is wide; a legend that all of them have stands once. */
export function panels(charts: readonly ChartPanel[]): string {
  if (charts.length === 0) return '';
  const [first] = charts;
  const shared =
    charts.length > 1 && charts.every(chart => chart.legend === first?.legend) ? (first?.legend ?? '') : null;
  const figures = charts.map(({ caption, note, svg, legend: own }) => {
    const small = note === '' ? '' : ` <small>${escapeXml(note)}</small>`;
    return `<figure><figcaption>${escapeXml(caption)}${small}</figcaption>${shared === null ? own : ''}${svg}</figure>`;
  });
  return `${shared ?? ''}<div class="panels">\n${figures.join('\n')}\n</div>`;
}

export function legend(series: readonly { readonly name: string; readonly style: SeriesStyle }[]): string {
  const items = series.map(({ name, style }) => `<li>${sampleOf(style)} ${escapeXml(name)}</li>`);
  return `<ul class="legend" aria-label="Legend">${items.join('')}</ul>`;
}

/** A column of a table; numbers stand to the right. */
export interface Column {
  readonly head: string;
  readonly isNumber: boolean;
}

export const words = (head: string): Column => ({ head, isNumber: false });
export const numbers = (head: string): Column => ({ head, isNumber: true });

/** What a chart is drawn from, folded; cells are text, the first of a row names it. */
export function foldedTable(caption: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  return [
    '<details class="behind">',
    `<summary>Table: ${escapeXml(caption)} <span class="text">${rows.length} rows</span></summary>`,
    table(caption, columns, rows),
    '</details>',
  ].join('\n');
}

export function table(caption: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const isNumber = (i: number): boolean => columns[i]?.isNumber ?? false;
  const number = (i: number): string => (isNumber(i) ? ' class="number"' : '');
  const head = columns.map((column, i) => `<th scope="col"${number(i)}>${escapeXml(column.head)}</th>`);
  const cell = (text: string, i: number): string =>
    i === 0 ? `<th scope="row">${escapeXml(text)}</th>` : `<td${number(i)}>${escapeXml(text)}</td>`;
  return scrollable(caption, [
    '<table>',
    `<caption>${escapeXml(caption)}</caption>`,
    `<thead><tr>${head.join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(row => `<tr>${row.map(cell).join('')}</tr>`),
    '</tbody></table>',
  ]);
}
