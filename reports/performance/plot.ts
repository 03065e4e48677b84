import * as Plot from '@observablehq/plot';
import { DOMImplementation, XMLSerializer } from '@xmldom/xmldom';

/** CSS pixels: so that two stand beside each other on a desk and in print, and letters are still read on a telephone. */
export const WIDTH = 460;

/** How one series of a chart looks: each differs from the others by its dash and its symbol too, for those who see few colours. */
export interface SeriesStyle {
  readonly stroke: string;
  readonly dash: string;
  readonly symbol: Plot.SymbolType;
}

const DASHES = ['', '7 3', '2 2', '9 3 2 3', '12 4', '4 2 1 2', '1 3', '6 6'];
const SYMBOLS: readonly Plot.SymbolType[] = ['circle', 'square', 'triangle', 'diamond', 'star', 'times', 'plus', 'wye'];
/** More series than this in one chart are not told apart. */
export const SERIES_MAX = DASHES.length;

/** Colours are those of CHART_STYLE. */
export const styleOf = (place: number): SeriesStyle => ({
  stroke: `var(--series-${place % SERIES_MAX})`,
  dash: DASHES[place % SERIES_MAX] ?? '',
  symbol: SYMBOLS[place % SERIES_MAX] ?? 'circle',
});

/** A chart as SVG text; `label` is what a screen reader says of it, which is told of the table for all else. */
export function svgOf(label: string, options: Plot.PlotOptions): string {
  const document = new DOMImplementation().createDocument('http://www.w3.org/1999/xhtml', 'html', null);
  const svg = Plot.plot({ document, style: 'font-size: 12px; overflow: visible', ...options });
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return new XMLSerializer().serializeToString(svg).replace(/<style>[\s\S]*?<\/style>/, '');
}

/** What stands for a series in a legend. */
export function sampleOf({ stroke, dash, symbol }: SeriesStyle): string {
  const svg = svgOf('', {
    width: 44,
    height: 14,
    margin: 0,
    x: { domain: [0, 2], range: [2, 42], axis: null },
    y: { domain: [0, 2], range: [14, 0], axis: null },
    marks: [
      Plot.line([0, 2], { x: (x: number) => x, y: () => 1, stroke, strokeWidth: 2, strokeDasharray: dash }),
      Plot.dot([1], { x: (x: number) => x, y: () => 1, symbol, stroke, fill: stroke, r: 4 }),
    ],
  });
  return svg.replace('role="img" aria-label=""', 'aria-hidden="true"');
}
