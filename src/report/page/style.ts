import type { Language } from '../../texts/language.ts';

/**
 * The style sheet of the report. In both color schemes, text has a contrast of at least 4.5 with its background, and lines of at
 * least 3. Versions differ in dashes as well as color.
 */
const STYLE = `
:root { color-scheme: light dark;
  --page: #fff; --card: #f6f7f9; --rule: #d5d9e0; --text: #1c2128; --quiet: #545d69; --link: #0550ae;
  --good: #116329; --good-back: #e6f6ea; --bad: #a40e26; --bad-back: #ffebe9; --doubt: #7a4b00; --doubt-back: #fff6dc;
  --v0: #0757b8; --v1: #b3390b; --v2: #13693a; --v3: #7435b8; --v4: #9c1a63; --v5: #4f5b00; }
@media screen and (prefers-color-scheme: dark) { :root {
  --page: #0f1318; --card: #181d24; --rule: #38404b; --text: #e3e8ee; --quiet: #a2acb8; --link: #7bb8ff;
  --good: #6bd98a; --good-back: #10281a; --bad: #ff9a94; --bad-back: #331517; --doubt: #eec36a; --doubt-back: #2f2510;
  --v0: #74b1ff; --v1: #ff9d70; --v2: #5fce8c; --v3: #c79bff; --v4: #ff8cc4; --v5: #c6d052; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere; }
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p, ul, ol { margin: .5rem 0; }
a { color: var(--link); }
.quiet, footer { color: var(--quiet); font-size: .875rem; }
.verdict { border-left: .375rem solid; border-radius: .25rem; padding: .75rem 1rem; color: var(--text); }
.verdict strong { display: block; font-size: 1.125rem; }
.verdict.good { border-color: var(--good); background: var(--good-back); } .verdict.good strong { color: var(--good); }
.verdict.bad { border-color: var(--bad); background: var(--bad-back); } .verdict.bad strong { color: var(--bad); }
.verdict.doubt { border-color: var(--doubt); background: var(--doubt-back); } .verdict.doubt strong { color: var(--doubt); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 12.5rem), 1fr)); gap: .75rem 1.5rem; margin: 1rem 0 0; }
.facts dt { color: var(--quiet); font-size: .875rem; }
.facts dd { margin: 0; font-weight: 600; }
.ingress { border: 1px solid var(--rule); border-radius: .375rem; padding: 1rem; margin: 0 0 1rem; break-inside: avoid; }
@media (max-width: 40rem) { .facts { grid-template-columns: 1fr 1fr; } }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2rem; align-items: start; }
.charts > div { min-width: 0; } figure { margin: .75rem 0 0; }
figcaption { color: var(--quiet); font-size: .875rem; }
.chart { display: block; width: 100%; max-width: 32rem; height: auto; overflow: visible; }
.tick { fill: var(--quiet); font-size: 11px; }
.label { font-size: 12px; font-weight: 600; fill: var(--look); }
.grid { stroke: var(--rule); stroke-width: .6; }
.band { fill: var(--look); opacity: .14; }
.weight { stroke: var(--look); stroke-width: 1; stroke-dasharray: 1 3; }
.line { fill: none; stroke: var(--look); stroke-width: 1.8; stroke-linejoin: round; stroke-dasharray: var(--dashes); }
.span { stroke: var(--look); stroke-width: 2; } .dot { fill: var(--look); }
.ring { fill: var(--page); stroke: var(--look); stroke-width: 2; }
.v0 { --look: var(--v0); --dashes: none; } .v1 { --look: var(--v1); --dashes: 7 3; } .v2 { --look: var(--v2); --dashes: 2 2.5; }
.v3 { --look: var(--v3); --dashes: 9 3 2 3; } .v4 { --look: var(--v4); --dashes: 4 4; } .v5 { --look: var(--v5); --dashes: 12 4; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin: .75rem 0 0; }
caption { text-align: left; color: var(--quiet); font-size: .875rem; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .3125rem .75rem .3125rem 0; border-top: 1px solid var(--rule); }
th { font-weight: 600; } thead th { border-top: 0; color: var(--quiet); font-size: .875rem; overflow-wrap: normal; vertical-align: bottom; }
.number { text-align: right; } td.number { white-space: nowrap; } td:last-child, th:last-child { padding-right: 0; } td:has(> .track) { vertical-align: middle; width: 30%; }
.track { width: 100%; min-width: 3rem; height: .75rem; display: block; } .track rect { fill: var(--quiet); }
.bad-text { color: var(--bad); font-weight: 600; } .good-text { color: var(--good); } .doubt-text { color: var(--doubt); }
.matrix { margin: .75rem 0 1rem; } .states th:first-child { width: 40%; } .verdict-cell { white-space: nowrap; } td.quiet, span.quiet { font-size: inherit; }
summary { cursor: pointer; padding: .25rem 0; font-weight: 600; }
details { border-top: 1px solid var(--rule); padding: .25rem 0; }
details details, details > .ingress { margin-left: 1rem; } details > .ingress { margin-top: .5rem; } details details summary { font-weight: 400; }
pre { margin: .5rem 0; padding: .75rem; background: var(--card); border-radius: .25rem; font: .8125rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
ins, del { text-decoration: none; display: block; } ins { background: var(--good-back); color: var(--good); } del { background: var(--bad-back); color: var(--bad); }
footer { margin-top: 3rem; padding-bottom: 2rem; }
@media screen and (max-width: 40rem) { .matrix thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
  .matrix tr { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .375rem 0; border-top: 1px solid var(--rule); }
  .matrix th, .matrix td { border: 0; padding: .0625rem 0; text-align: left; } .matrix th { flex: 0 0 100%; } .matrix td.number { white-space: normal; }
  .matrix td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); } }
@media (max-width: 40rem) { header, main, footer { padding: 0 .75rem; } .ingress { padding: .625rem; } th, td { padding-right: .3125rem; } table { font-size: .8125rem; } thead th { font-size: .75rem; } }
@media print { :root { color-scheme: light; } @page { size: A4; margin: 14mm; }
  body { font-size: 10pt; } * { print-color-adjust: exact; } h1 { margin-top: 0; } h2 { margin-top: 1.5rem; }
  .charts { grid-template-columns: 1fr 1fr; gap: 0 1.25rem; } .charts table { font-size: 7.5pt; } .charts th, .charts td { padding-right: .25rem; } .charts thead th, figcaption { font-size: 7.5pt; }
  .chart { max-width: 7.5cm; } .ingress { padding: .625rem; }
  tr, li, figure, .verdict, .facts > div { break-inside: avoid; } thead { display: table-header-group; }
  details::details-content { content-visibility: visible; height: auto; } details > summary { list-style: none; } h2, h3, summary, caption, h2 + .quiet { break-after: avoid; } }
`;

/**
 * Chinese glyphs from the fonts of macOS, Windows and Linux, after the Latin ones; more room between lines; and no break within short
 * labels, since a line of Chinese may break after any character.
 */
const CHINESE = `
body { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
  "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", sans-serif; line-height: 1.65; line-break: strict; }
thead th, dt, .verdict-cell { word-break: keep-all; }
`;

const STYLES: Readonly<Record<Language, string>> = { en: STYLE, zh: `${STYLE}${CHINESE}` };

export function styleIn(language: Language): string {
  return STYLES[language];
}
