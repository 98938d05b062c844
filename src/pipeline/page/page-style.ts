/** The style of the page: system fonts, light or dark as the reader prefers, usable down to the width of a phone. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d2227; --soft: #55606b; --line: #d5dae0; --page: #fff; --band: #f4f6f8;
  --link: #0b5cad; --done: #1b7f3b; --cached: #5c6b7a; --running: #0b5cad; --queued: #8a6100; --failed: #b3261e; --skipped: #8f4a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e7eb; --soft: #a3aeb9; --line: #3a424b; --page: #15181c; --band: #1d2126;
    --link: #7db8f0; --done: #63c683; --cached: #a9b6c3; --running: #7db8f0; --queued: #e0b45c; --failed: #ff8a80; --skipped: #f0a868; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
header { border-bottom: 1px solid var(--line); background: var(--band); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: .6rem 1.25rem; max-width: 90rem; margin: 0 auto; }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
main { max-width: 90rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; outline: none; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: .5rem; top: .5rem; background: var(--page); padding: .25rem .5rem; z-index: 9; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
.soft { color: var(--soft); }
.facts > :empty { display: none; }
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; margin: .25rem 0; min-height: 1.5rem; }
.news { position: fixed; bottom: 0; left: 0; right: 0; background: var(--failed); color: var(--page); text-align: center; }
.news:empty { display: none; } .news:not(:empty) { padding: .5rem; }
.warning { border: 2px solid var(--failed); border-radius: 4px; padding: .5rem .75rem; max-width: 60rem; }
.warning[hidden] { display: none; }
progress { appearance: none; display: block; width: 100%; height: .5rem; margin: .5rem 0; border: 0; border-radius: 4px; overflow: hidden; background: var(--line); }
progress::-webkit-progress-bar { background: var(--line); } progress::-webkit-progress-value { background: var(--done); } progress::-moz-progress-bar { background: var(--done); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
@media (min-width: 40rem) { caption { white-space: nowrap; } }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { vertical-align: bottom; font-weight: 600; }
tbody th { font-weight: 400; }
.scroll th:first-child { position: sticky; left: 0; background: var(--page); }
.scroll tbody tr:hover > * { background: var(--band); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.text, th.text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 7rem; max-width: 40rem; }
td.short { white-space: nowrap; min-width: 0; }
.grid thead th { white-space: normal; overflow-wrap: normal; min-width: 0; }
th button { all: unset; cursor: pointer; border-bottom: 1px dotted var(--soft); }
th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: ' \\25B2'; font-size: .7em; }
th[aria-sort=descending] button::after { content: ' \\25BC'; font-size: .7em; }
.state-done, .state-succeeded { color: var(--done); } .state-cached { color: var(--cached); } .state-running, .state-working { color: var(--running); }
.state-queued, .state-leaving, .state-interrupted { color: var(--queued); } .state-failed, .state-gone, .state-finished-with-failures { color: var(--failed); }
.state-skipped, .state-cancelled { color: var(--skipped); } .state-waiting, .state-idle, .state-unknown { color: var(--soft); }
.graph { position: relative; overflow-x: auto; min-height: 12rem; }
.graph ol { list-style: none; margin: 0; padding: 0; position: relative; }
.graph svg { position: absolute; inset: 0; pointer-events: none; }
.graph path { fill: none; stroke: var(--line); stroke-width: 1.5; }
.stage { position: absolute; border: 1px solid var(--line); border-radius: 6px; background: var(--band);
  padding: .3rem .5rem; font-size: .76rem; line-height: 1.3; overflow: hidden; }
.stage strong { font-size: .9rem; }
.stage.busy { border-color: var(--running); } .stage.bad { border-color: var(--failed); }
.stage .bar { display: flex; height: .4rem; background: var(--line); border-radius: 3px; overflow: hidden; margin: .2rem 0; }
.bar span { display: block; height: 100%; } .bar .ok { background: var(--done); } .bar .lost { background: var(--failed); } .bar .now { background: var(--running); }
.counts { display: block; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: end; margin: .5rem 0; }
label { display: inline-flex; flex-direction: column; font-size: .85rem; color: var(--soft); }
label.line { flex-direction: row; align-items: center; gap: .4rem; }
select, input, button { font: inherit; color: var(--ink); background: var(--page); border: 1px solid var(--line); border-radius: 4px; padding: .2rem .5rem; max-width: 100%; }
input[type=range] { padding: 0; }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.chart { min-height: 300px; max-width: 60rem; }
.u-legend { color: var(--ink); font-size: .85rem; } .u-legend th, .u-legend td { border: 0; padding: .1rem .3rem; }
.viewer { height: min(70vh, 46rem); background: #fff; border: 1px solid var(--line); position: relative; }
.viewer .layer { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.hover { min-height: 1.5rem; }
.group { display: inline-flex; gap: .25rem; } button { cursor: pointer; } button:hover:enabled { border-color: var(--link); }
.legend { display: inline-flex; align-items: center; gap: .4rem; font-size: .85rem; color: var(--soft); } .legend canvas { border-radius: 2px; }
nav.tables { padding: 0; } nav.tables ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .5rem 0; padding: 0; }
@media (max-width: 40rem) {
  main, nav { padding-left: .75rem; padding-right: .75rem; }
  th, td { padding: .3rem .4rem; }
}
@media (prefers-reduced-motion: no-preference) { .bar span { transition: width .2s; } }
`;
