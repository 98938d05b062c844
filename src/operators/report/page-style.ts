/** The style of the report: system fonts, light or dark as the reader prefers, printable, also for narrow screens. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d2227; --soft: #59636e; --line: #d5dae0; --page: #fff; --band: #f5f7f9; --bar: #3a87c8; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e7eb; --soft: #9aa5b1; --line: #363d45; --page: #15181c; --band: #1d2126; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 78rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
.lead { font-size: 1.1rem; max-width: 48rem; margin: 1rem 0 0; }
.run-facts { margin: 0 0 1rem; }
.aside { color: var(--soft); font-size: .9rem; max-width: 48rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; max-width: 48rem; }
.scroll { overflow-x: auto; margin-bottom: .75rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .35rem .65rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--page); }
thead th { white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 400; }
thead th[scope=colgroup] { text-align: center; border-bottom: none; color: var(--soft); font-weight: 400; }
thead tr:first-child:not(:last-child) td { border-bottom: none; }
.paper { background: var(--band); }
.head th { text-align: left; font-weight: 600; padding-top: 1rem; }
.foot, .foot th { color: var(--soft); }
.far { font-weight: 700; }
th button { all: unset; cursor: pointer; font-weight: 600; border-bottom: 1px dotted var(--soft); }
th button:focus-visible, summary:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: ' \\25B2'; font-size: .7em; }
th[aria-sort=descending] button::after { content: ' \\25BC'; font-size: .7em; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
.characteristics .category th:first-child { padding-left: 1.25rem; }
.characteristics .missing, .characteristics .missing th { color: var(--soft); }
.methods > p { max-width: 48rem; }
.differences td, .differences th { text-align: left; white-space: normal; vertical-align: top; }
.differences td:last-child { min-width: 16rem; color: var(--soft); }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
details { margin: .75rem 0; }
summary { cursor: pointer; font-weight: 600; margin-bottom: .5rem; }
.flow .bar-cell { width: 14rem; min-width: 6rem; padding-right: 0; }
.bar { display: block; height: .7rem; background: var(--bar); border-radius: 2px; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.5rem; }
figure { margin: 0; break-inside: avoid; }
figure svg { display: block; width: 100%; max-width: 26rem; height: auto; }
.wide { overflow-x: auto; margin: 1.25rem 0; }
.wide svg { max-width: 60rem; min-width: 38rem; }
.flow-diagram { margin: 1rem 0 1.5rem; }
.flow-diagram svg { max-width: 33rem; }
.bad { color: var(--bad); }
.warning { border: 2px solid var(--bad); border-radius: 4px; padding: .6rem .9rem; max-width: 48rem; color: var(--bad); }
.names { text-align: left; white-space: normal; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1.25rem; margin: 1.25rem 0; }
.sheet figure { font-size: .8rem; overflow-wrap: anywhere; }
.sheet img, .sheet .blank { display: block; width: 100%; height: 9rem; object-fit: contain; background: #fff; border: 1px solid var(--line); }
.sheet .blank { display: grid; place-items: center; background: var(--band); color: var(--soft); }
.sheet .failed img, .sheet .failed .blank, .sheet .empty img { border: 2px solid var(--bad); }
.sheet figcaption > strong, .sheet figcaption > span { display: block; }
.sheet details { color: var(--soft); }
.results th, .results td { padding: .35rem .4rem; }
.results th:first-child { padding-left: 0; }
.results .head th { padding-top: 1rem; }
li { max-width: 48rem; margin-bottom: .35rem; }
@media (max-width: 36rem) {
  body { padding: 1.25rem 1rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
  th, td { padding: .35rem .5rem; }
  tbody th:first-child { white-space: normal; min-width: 6.5rem; }
}
@page { margin: 14mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; }
  table { font-size: 7pt; }
  th, td { padding: .2rem .25rem; }
  h2 { break-after: avoid; }
  .bar { print-color-adjust: exact; }
  .wide svg { min-width: 0; }
  th button { border: none; }
}
`;
