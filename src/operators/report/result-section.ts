import { testsAgain } from '../evaluation/pooled.js';
import type { Spread, SummaryRow } from '../evaluation/summary-data.js';
import { paperResultOf, type PaperSpread } from '../paper/paper-results.js';
import { html, trustedMarkup, type Html } from './html.js';
import { interval, paperText, signed, spreadText, threeDigits, undefinedText } from './number-text.js';
import { standardErrorsFromPaper } from './paper-difference.js';
import type { ReportInput } from './report-input.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';
import { tableGroups, type TableGroup } from './table-groups.js';

/** 509 of the paper's 699 patients are living (method.md 1.3). */
const paperMajority = 509 / 699;

/** The result table: this run's numbers, the paper's beside them, the majority class below. */
export function resultSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const { cohort } = summary;
  return html`<section>
    <h2>Results</h2>
    <div class="scroll">
      <table class="sortable results">
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan="3">AUC</th>
            <th scope="colgroup" colspan="3">Accuracy</th>
            <th scope="colgroup" colspan="2">This run</th>
          </tr>
          <tr>
            ${heading('Method', 'ascending')} ${heading('This run', 'descending')} ${paperHeading}
            ${heading('Difference in SE', 'descending')} ${heading('This run', 'descending')} ${paperHeading}
            ${heading('Difference in SE', 'descending')} ${heading('Pooled AUC [95\u00a0% CI]', 'descending')}
            ${heading('Balanced accuracy', 'descending')}
          </tr>
        </thead>
        ${tableGroups(summary).map((group) => groupRows(group, config.cv.folds))}
        <tbody>
          <tr class="foot">
            <th scope="row">Majority class</th>
            <td>0.500</td>
            <td class="paper">0.500</td>
            <td></td>
            <td>${threeDigits(cohort.majority)}</td>
            <td class="paper">${threeDigits(paperMajority)}</td>
            <td></td>
            <td></td>
            <td>0.500</td>
          </tr>
        </tbody>
      </table>
    </div>
    <p class="aside">
      Mean ± population standard deviation over folds. Difference in SE: this run less the paper, in standard
      errors of that difference (deviation by square root of folds, both sides); beyond ±2 it is more than the
      folds explain. Rank methods by AUC: training draws both classes equally often, so accuracy at threshold
      0.5 mostly tells how a score is calibrated, and always answering the more frequent class already reaches
      ${threeDigits(cohort.majority)}. Pooled AUC:
      ${testsAgain(config.cv) ? 'the mean probability of each test patient' : 'the test predictions of all folds together'},
      DeLong interval. Over 70 test patients an AUC of 0.74 varies by about 0.07 through sampling alone, over
      fewer by more. Headings sort the rows of each group.
    </p>
    ${allMetrics(summary.rows)}
  </section>`;
}

const paperHeading = html`<th scope="col" class="paper" data-sort="descending">Paper</th>`;

const groupRows = ({ table, about, rows, skipped }: TableGroup, folds: number): Html =>
  html`<tbody>
    <tr class="head">
      <th scope="rowgroup" colspan="9">${table}: ${about}</th>
    </tr>
    ${rows.map((row) => resultRow(row, folds))} ${skipped.map(skippedRow)}
  </tbody>`;

const resultRow = (row: SummaryRow, folds: number): Html =>
  html`<tr>
    ${rowHeading(row.title)} ${beside(row.auc, row.paper?.auc ?? null, folds)}
    ${beside(row.accuracy, row.paper?.accuracy ?? null, folds)}
    ${numberCell(pooledText(row.pooledAuc), row.pooledAuc.value)} ${spreadCell(row.balancedAccuracy)}
  </tr>`;

/** Our number, the paper's and what lies between them. */
function beside(ours: Spread, paper: PaperSpread | null, folds: number): Html {
  const errors = standardErrorsFromPaper(ours, paper, folds);
  const far = errors !== null && Math.abs(errors) > 2;
  return trustedMarkup(
    [
      spreadCell(ours),
      numberCell(paperText(paper), paper?.[0] ?? null, 'paper'),
      numberCell(signed(errors, 1), errors, far ? 'far' : ''),
    ]
      .map(({ markup }) => markup)
      .join(''),
  );
}

const spreadCell = (spread: Spread): Html => numberCell(spreadText(spread), spread.mean);

function skippedRow({ method, title, reason }: TableGroup['skipped'][number]): Html {
  const paper = paperResultOf(method);
  return html`<tr class="foot">
    <th scope="row">${title}</th>
    <td>${undefinedText}</td>
    <td class="paper">${paperText(paper?.auc ?? null)}</td>
    <td></td>
    <td>${undefinedText}</td>
    <td class="paper">${paperText(paper?.accuracy ?? null)}</td>
    <td></td>
    <td colspan="2" class="names">Not run: ${reason}.</td>
  </tr>`;
}

export const pooledText = ({ value, ci95 }: SummaryRow['pooledAuc']): string =>
  ci95 === null ? threeDigits(value) : `${threeDigits(value)} ${interval(ci95)}`;

const metrics = [
  ['auc', 'AUC'],
  ['observedAuc', 'AUC, patients with data'],
  ['accuracy', 'Accuracy'],
  ['balancedAccuracy', 'Balanced accuracy'],
  ['sensitivity', 'Sensitivity'],
  ['specificity', 'Specificity'],
  ['brier', 'Brier score'],
  ['ece', 'Calibration error'],
] as const;

/** Every metric of every row, for those who want more than the table above. */
const allMetrics = (rows: readonly SummaryRow[]): Html =>
  html`<details>
    <summary>All metrics at threshold 0.5</summary>
    <div class="scroll">
      <table class="sortable">
        <thead>
          <tr>
            ${heading('Method', 'ascending')} ${metrics.map(([, title]) => heading(title, 'descending'))}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${rowHeading(row.title)} ${metrics.map(([metric]) => spreadCell(row[metric]))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
