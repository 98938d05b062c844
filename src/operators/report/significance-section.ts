import { ranksFoldsApart } from '../evaluation/method-comparisons.js';
import { footnotes, type Footnotes } from '../evaluation/footnotes.js';
import { testsAgain } from '../evaluation/pooled.js';
import type { Comparison, Summary } from '../evaluation/summary-data.js';
import { paperSentences } from '../paper/paper-text.js';
import { paperTestOf, type PaperP } from '../paper/paper-tests.js';
import { methodOf } from '../methods/registry.js';
import { html, type Html } from './html.js';
import { interval, pText, signed, undefinedText } from './number-text.js';
import type { ReportInput } from './report-input.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

const mcnemarNames = {
  exact: 'exact binomial test',
  continuity: 'chi-square with continuity correction',
  uncorrected: 'chi-square without correction',
} as const;

/** Tests of the reference method against the others on the same test patients. Empty without comparisons. */
export function significanceSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const { comparisons } = summary;
  const paper = summary.paper !== null;
  const [first] = comparisons;
  if (first === undefined) return html``;
  const notes = footnotes();
  const reference = methodOf(first.method).title;
  const pooled = ranksFoldsApart(config)
    ? 'per fold and averaged over folds'
    : testsAgain(config.cv)
      ? 'on the mean probability of each test patient'
      : 'on the test predictions of all folds together';
  return html`<section>
    <h2>Significance</h2>
    <p class="aside">
      ${reference} against other methods, paired by test patient; differences are ${reference} minus the
      other. Accuracy: McNemar, ${mcnemarNames[config.stats.mcnemar]}. AUC: DeLong, ${pooled}.
      ${comparisons.length === 1 ? 'One comparison: nothing to adjust for.' : `Holm-adjusted over ${comparisons.length} comparisons, separately for each metric.`}
      ${config.stats.bootstrap === 0 ? '' : `Intervals: bootstrap of patients, ${config.stats.bootstrap} resamples.`}
    </p>
    ${accuracyTable(comparisons, paper, notes)} ${aucTable(comparisons, paper, notes)}
    ${notes.lines().map((line) => html`<p class="aside">${line}</p>`)}
    ${
      paper && comparisons.some((comparison) => paperOf(comparison) !== null)
        ? html`<p class="aside">${paperSentences.pValues}</p>`
        : ''
    }
  </section>`;
}

const paperOf = ({ method, other }: Comparison) => paperTestOf(method, other);

const accuracyTable = (comparisons: Summary['comparisons'], paper: boolean, notes: Footnotes): Html =>
  comparisonTable(
    paper ? 'Table 4: accuracy' : 'Accuracy',
    html`${heading('Only first right', 'descending')} ${heading('Only other right', 'descending')}`,
    comparisons.map((comparison) => [
      comparison,
      html`${numberCell(String(comparison.onlyFirst), comparison.onlyFirst)}
      ${numberCell(String(comparison.onlySecond), comparison.onlySecond)}
      ${tested(comparison.accuracy, notes.mark(comparison.accuracy.reason))}
      ${paper ? paperCells(paperOf(comparison)?.accuracy ?? null) : ''}`,
    ]),
    paper,
  );

const aucTable = (comparisons: Summary['comparisons'], paper: boolean, notes: Footnotes): Html =>
  comparisonTable(
    paper ? 'Table 5: AUC' : 'AUC',
    heading('z', 'descending'),
    comparisons.map((comparison) => {
      const { auc, aucReason } = comparison;
      const mark = notes.mark(auc === null ? aucReason : auc.reason);
      return [
        comparison,
        html`${numberCell(`${signed(auc?.z ?? null, 2)}${auc === null || auc.z === null ? mark : ''}`, auc?.z ?? null)}
        ${tested(auc, mark)} ${paper ? paperCells(paperOf(comparison)?.auc ?? null) : ''}`,
      ];
    }),
    paper,
  );

/** One row per compared method. `statistics` are the headings of the cells before the difference and its p-values. */
const comparisonTable = (
  title: string,
  statistics: Html,
  rows: readonly (readonly [Comparison, Html])[],
  paper: boolean,
): Html =>
  html`<div class="scroll">
    <table class="sortable">
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${heading('Against', 'ascending')} ${statistics}
          ${heading('Difference [95\u00a0% CI]', 'descending')} ${heading('p', 'ascending')}
          ${heading('Adjusted p', 'ascending')} ${paper ? paperHeadings : ''}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([{ other }, cells]) =>
            html`<tr>
              ${rowHeading(methodOf(other).title)} ${cells}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

const paperHeadings = html`<th scope="col" class="paper" data-sort="ascending">Paper p</th>
  <th scope="col" class="paper" data-sort="ascending">Paper adjusted p</th>`;

/**
 * The cells of a difference with its p-values. An undefined value is shown as a dash and the footnote mark `mark`. The
 * footnote gives the reason.
 */
function tested(
  ours: Pick<Comparison['accuracy'], 'difference' | 'ci95' | 'p' | 'adjusted'> | null,
  mark: string,
): Html {
  const range = ours?.ci95 ? ` ${interval(ours.ci95)}` : '';
  const marked = (text: string, value: number | null): Html =>
    numberCell(value === null ? `${text}${mark}` : text, value);
  const partly = ours !== null && ours.p !== null ? mark : '';
  return html`${marked(`${signed(ours?.difference ?? null)}${range}${partly}`, ours?.difference ?? null)}
  ${marked(pText(ours?.p ?? null), ours?.p ?? null)}
  ${marked(pText(ours?.adjusted ?? null), ours?.adjusted ?? null)}`;
}

function paperCells(paper: PaperP | null): Html {
  const cell = (p: number | null): Html => numberCell(p === null ? undefinedText : p.toFixed(5), p, 'paper');
  return html`${cell(paper?.[0] ?? null)} ${cell(paper?.[1] ?? null)}`;
}
