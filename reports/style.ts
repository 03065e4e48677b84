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
code { font: .85rem/1.4 ui-monospace, monospace; background: var(--soft); padding: 0 .2rem; }
a { color: var(--good); }
:focus-visible { outline: 2px solid var(--good); outline-offset: 2px; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; margin-left: 0; } dt { margin-top: .4rem; } .scroll { margin-left: 0; } }
@media print { details { break-inside: avoid; } details::details-content { content-visibility: visible; } body { max-width: none; } }
`;
