import { ranksFoldsApart } from '../evaluation/method-comparisons.js';
import { testsAgain } from '../evaluation/pooled.js';
import type { Comparison, Summary } from '../evaluation/summary-data.js';
import { methodOf } from '../methods/registry.js';
import { html, type Html } from './html.js';
import { interval, pText, signed, undefinedText } from './number-text.js';
import type { ReportInput } from './report-input.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

/** The paper's p-values of HAF against each method, as they are and Holm-adjusted (method.md 9.5); MFMF's for the AUC are not known. */
const paperTests: Readonly<Record<string, { readonly accuracy: PaperP; readonly auc: PaperP | null }>> = {
  mdlm: { accuracy: [0.00078, 0.00312], auc: [0.00063, 0.00252] },
  mfmf: { accuracy: [0.0086, 0.0258], auc: null },
  ps3: { accuracy: [0.0131, 0.0262], auc: [0.0234, 0.0468] },
  bilinear: { accuracy: [0.0187, 0.0262], auc: [0.0093, 0.0279] },
};
type PaperP = readonly [raw: number, adjusted: number];

const mcnemarNames = {
  exact: 'exact binomial test',
  continuity: 'chi-square with continuity correction',
  uncorrected: 'chi-square without correction',
} as const;

/** Tables 4 and 5: the reference method against the others on the same test patients; nothing without comparisons. */
export function significanceSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const { comparisons } = summary;
  const [first] = comparisons;
  if (first === undefined) return html``;
  const reference = methodOf(first.method).title;
  const pooled = ranksFoldsApart(config)
    ? 'per fold and averaged over folds'
    : testsAgain(config.cv)
      ? 'on the mean probability of each test patient'
      : 'on the test predictions of all folds together';
  return html`<section>
    <h2>Significance</h2>
    <p class="aside">
      ${reference} against other methods, paired by test patient; differences are ${reference} less the other.
      Accuracy: McNemar, ${mcnemarNames[config.stats.mcnemar]}. AUC: DeLong, ${pooled}.
      ${comparisons.length === 1 ? 'One comparison: nothing to adjust for.' : `Holm-adjusted over ${comparisons.length} comparisons, each metric for itself.`}
      ${config.stats.bootstrap === 0 ? '' : `Intervals: bootstrap of patients, ${config.stats.bootstrap} resamples.`}
    </p>
    ${accuracyTable(comparisons)} ${aucTable(comparisons)}
    ${
      comparisons.some(paperOf)
        ? html`<p class="aside">
            The paper's p-values are no target: with the accuracies it reports in Table 1, no pattern of
            discordant pairs over 699 patients gives a McNemar p as large as its values for MDLM and PS3, so
            they cannot come from a pooled McNemar test on these accuracies.
          </p>`
        : ''
    }
  </section>`;
}

/** The paper compares HAF only. */
const paperOf = ({ method, other }: Comparison) => (method === 'haf' ? paperTests[other] : undefined);

const accuracyTable = (comparisons: Summary['comparisons']): Html =>
  comparisonTable(
    'Table 4: accuracy',
    html`${heading('Only first right', 'descending')} ${heading('Only other right', 'descending')}`,
    comparisons.map((comparison) => [
      comparison,
      html`${numberCell(String(comparison.onlyFirst), comparison.onlyFirst)}
      ${numberCell(String(comparison.onlySecond), comparison.onlySecond)}
      ${tested(comparison.accuracy, paperOf(comparison)?.accuracy ?? null)}`,
    ]),
  );

const aucTable = (comparisons: Summary['comparisons']): Html =>
  comparisonTable(
    'Table 5: AUC',
    heading('z', 'descending'),
    comparisons.map((comparison) => [
      comparison,
      html`${numberCell(signed(comparison.auc?.z ?? null, 2), comparison.auc?.z ?? null)}
      ${tested(comparison.auc, paperOf(comparison)?.auc ?? null)}`,
    ]),
  );

/** One row per method compared; `statistics` heads the cells before the difference and its p-values. */
const comparisonTable = (
  title: string,
  statistics: Html,
  rows: readonly (readonly [Comparison, Html])[],
): Html =>
  html`<div class="scroll">
    <table class="sortable">
      <caption>
        ${title}
      </caption>
      <thead>
        <tr>
          ${heading('Against', 'ascending')} ${statistics}
          ${heading('Difference [95\u00a0% CI]', 'descending')} ${pHeadings}
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

const pHeadings = html`${heading('p', 'ascending')} ${heading('Adjusted p', 'ascending')}
  <th scope="col" class="paper" data-sort="ascending">Paper p</th>
  <th scope="col" class="paper" data-sort="ascending">Paper adjusted p</th>`;

/** The cells of a difference with its p-values; dashes where a class is absent. */
function tested(
  ours: Pick<Comparison['accuracy'], 'difference' | 'ci95' | 'p' | 'adjusted'> | null,
  paper: PaperP | null,
): Html {
  const range = ours?.ci95 ? ` ${interval(ours.ci95)}` : '';
  const paperCell = (p: number | null): Html =>
    numberCell(p === null ? undefinedText : p.toFixed(5), p, 'paper');
  return html`${numberCell(`${signed(ours?.difference ?? null)}${range}`, ours?.difference ?? null)}
  ${numberCell(pText(ours?.p ?? null), ours?.p ?? null)}
  ${numberCell(pText(ours?.adjusted ?? null), ours?.adjusted ?? null)} ${paperCell(paper?.[0] ?? null)}
  ${paperCell(paper?.[1] ?? null)}`;
}
