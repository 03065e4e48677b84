/** Of charts, beside the style of every page. The colours are told apart by most who see few of them; dash and symbol are for all. */
export const CHART_STYLE = `
:root { --series-0: #0060a8; --series-1: #b8440b; --series-2: #00734f; --series-3: #8a3c86; --series-4: #6b5d00; --series-5: #1f7a99; --series-6: #a12a4b; --series-7: #565d66; --plot-background: var(--paper); }
@media (prefers-color-scheme: dark) { :root { --series-0: #6cbbe6; --series-1: #ff9b73; --series-2: #4fd0a0; --series-3: #dd9ade; --series-4: #d3c25a; --series-5: #7fd3ea; --series-6: #ff93ad; --series-7: #b3b9c2; } }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; margin: .5rem 0; }
.panels figure { margin: 0; min-width: 0; }
.panels svg { display: block; width: 100%; max-width: 34rem; height: auto; }
.panels svg text { white-space: pre; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .3rem; }
figcaption small { font-weight: 400; color: var(--quiet); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; margin: .3rem 0; font-size: .85rem; }
.legend svg { display: inline-block; width: 44px; height: 14px; vertical-align: middle; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { text-align: right; }
.warning { border-left: 4px solid var(--bad); padding: .2rem .8rem; background: var(--soft); }
.verdict { font-weight: 700; }
@media (max-width: 40rem) { .panels svg { font-size: 15px !important; } }
@media print { .panels { grid-template-columns: 1fr 1fr; gap: .5rem 1rem; } h2, h3, figcaption { break-after: avoid; } details > summary { display: none; } table { font-size: .7rem; } }
`;
