/** The style sheet of every page. Outcomes differ by word and shape, not by colour alone. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1a1c1f; --paper: #fff; --quiet: #5b616b; --line: #d8dce2; --good: #0a5f8a; --bad: #a8330f; --soft: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --paper: #16181b; --quiet: #a3a9b3; --line: #3a3f46; --good: #6cbbe6; --bad: #ff9b73; --soft: #202327; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
.brand, footer, dt { color: var(--quiet); }
.brand { margin: 0; }
.totals { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; list-style: none; padding: 0; }
.totals b { font-size: 1.4rem; }
.passed { color: var(--good); }
.failed { color: var(--bad); font-weight: 700; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; }
summary .outcome { display: inline-block; min-width: 6.5rem; }
summary .clause { font-weight: 600; overflow-wrap: anywhere; }
summary .text { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .6rem 0 .6rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin-left: 1rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-top: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
.unsupported, .inconclusive { color: var(--quiet); }
.inconclusive { font-weight: 700; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
h1 { overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; padding: 0; }
caption { text-align: left; color: var(--quiet); padding: .3rem 0; }
mark { background: none; color: inherit; font-weight: 700; outline: 2px solid var(--bad); text-decoration: underline; }
pre { font: .8rem/1.7 ui-monospace, monospace; margin: .3rem 0; }
figure { margin: .5rem 0 1.5rem; }
.ladder { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
.ladder li, .lane-names { display: grid; grid-template-columns: minmax(9rem, 38%) 1fr; column-gap: 1rem; }
.lane-names div { display: flex; }
.lane-names span { flex: 1; text-align: center; font-weight: 600; font-size: .85rem; overflow-wrap: anywhere; }
.lanes { position: relative; min-height: 2.2rem; }
.lanes svg { position: absolute; width: 100%; height: 100%; overflow: visible; color: var(--ink); }
.lanes .life { stroke: var(--line); stroke-width: 1; }
.lanes .arrow { stroke: currentColor; stroke-width: 1.5; }
.ladder .cited .arrow { stroke-width: 3; }
.step { padding: .25rem 0; overflow-wrap: anywhere; }
.when { color: var(--quiet); font-variant-numeric: tabular-nums; }
code { font: .85rem/1.4 ui-monospace, monospace; background: var(--soft); padding: 0 .2rem; }
a { color: var(--good); }
:focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; margin-left: 0; } dt { margin-top: .4rem; } .scroll { margin-left: 0; } .ladder li, .lane-names { grid-template-columns: 1fr; } pre { font-size: .7rem; } }
@media print { details { break-inside: avoid; } details::details-content { content-visibility: visible; } body { max-width: none; } nav, .skip { display: none; } figure, .ladder li, tr { break-inside: avoid; } .scroll { overflow: visible; } }
`;
