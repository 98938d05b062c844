import { testsAgain } from '../evaluation/pooled.js';
import type { Spread, Summary, SummaryRow } from '../evaluation/summary-data.js';
import { standardErrorsFromPaper } from '../paper/paper-difference.js';
import { paperResultOf, type PaperSpread } from '../paper/paper-results.js';
import { paperMajority, paperSentences } from '../paper/paper-text.js';
import { html, type Html } from './html.js';
import { interval, paperText, signed, spreadText, threeDigits, undefinedText } from './number-text.js';
import type { ReportInput } from './report-input.js';
import { rowGroups, type RowGroup } from './row-groups.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

/** The columns of the result table. `paper` adds the columns with the numbers of the paper. */
interface Layout {
  readonly paper: boolean;
  /** Number of folds of one cross-validation. */
  readonly folds: number;
}

/**
 * The result table: the numbers of this run, for HANCOCK also the numbers of the paper, and below them the accuracy of
 * the majority class.
 */
export function resultSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const { cohort } = summary;
  const layout: Layout = { paper: summary.paper !== null, folds: config.cv.folds };
  return html`<section>
    <h2>Results</h2>
    <div class="scroll">
      <table class="sortable results">
        ${headOf(layout)} ${rowGroups(summary).map((group) => groupRows(group, layout))}
        <tbody>
          <tr class="foot">
            <th scope="row">Majority class</th>
            <td>0.500</td>
            ${
              layout.paper
                ? html`<td class="paper">0.500</td>
                    <td></td>`
                : ''
            }
            <td>${threeDigits(cohort.majority)}</td>
            ${
              layout.paper
                ? html`<td class="paper">${threeDigits(paperMajority)}</td>
                    <td></td>`
                : ''
            }
            <td></td>
            <td>0.500</td>
          </tr>
        </tbody>
      </table>
    </div>
    <p class="aside">
      Mean ± population standard deviation over folds. ${layout.paper ? paperSentences.difference : ''} Rank
      methods by AUC: training draws both classes equally often, so accuracy at threshold 0.5 mostly tells how
      a score is calibrated, and always answering the more frequent class already reaches
      ${threeDigits(cohort.majority)}. Pooled AUC:
      ${testsAgain(config.cv) ? 'the mean probability of each test patient' : 'the test predictions of all folds together'},
      DeLong interval. Over 70 test patients an AUC of 0.74 varies by about 0.07 through sampling alone; with
      fewer patients it varies more. Headings sort the rows of each group.
    </p>
    ${layout.paper ? html`<p class="aside">${paperSentences.citation}</p>` : ''} ${allMetrics(summary.rows)}
  </section>`;
}

function headOf({ paper }: Layout): Html {
  const beside = paper ? html`${paperHeading} ${heading('Difference in SE', 'descending')}` : html``;
  const tail = html`${heading('Pooled AUC [95\u00a0% CI]', 'descending')}
  ${heading('Balanced accuracy', 'descending')}`;
  if (!paper)
    return html`<thead>
      <tr>
        ${heading('Method', 'ascending')} ${heading('AUC', 'descending')} ${heading('Accuracy', 'descending')}
        ${tail}
      </tr>
    </thead>`;
  return html`<thead>
    <tr>
      <td></td>
      <th scope="colgroup" colspan="3">AUC</th>
      <th scope="colgroup" colspan="3">Accuracy</th>
      <th scope="colgroup" colspan="2">This run</th>
    </tr>
    <tr>
      ${heading('Method', 'ascending')} ${heading('This run', 'descending')} ${beside}
      ${heading('This run', 'descending')} ${beside} ${tail}
    </tr>
  </thead>`;
}

const paperHeading = html`<th scope="col" class="paper" data-sort="descending">Paper</th>`;

const groupRows = ({ title, rows, skipped }: RowGroup, layout: Layout): Html =>
  html`<tbody>
    <tr class="head">
      <th scope="rowgroup" colspan="${layout.paper ? 9 : 5}">${title}</th>
    </tr>
    ${rows.map((row) => resultRow(row, layout))} ${skipped.map((row) => skippedRow(row, layout))}
  </tbody>`;

const resultRow = (row: SummaryRow, layout: Layout): Html =>
  html`<tr>
    ${rowHeading(row.title)} ${spreadCell(row.auc)} ${besideCells(row.auc, row.paper?.auc ?? null, layout)}
    ${spreadCell(row.accuracy)} ${besideCells(row.accuracy, row.paper?.accuracy ?? null, layout)}
    ${numberCell(pooledText(row.pooledAuc), row.pooledAuc.value)} ${spreadCell(row.balancedAccuracy)}
  </tr>`;

/** Two cells: the number of the paper, and the difference between our number and it in standard errors. */
function besideCells(ours: Spread, reported: PaperSpread | null, { paper, folds }: Layout): Html {
  if (!paper) return html``;
  const errors = standardErrorsFromPaper(ours, reported, folds);
  const far = errors !== null && Math.abs(errors) > 2;
  return html`${numberCell(paperText(reported), reported?.[0] ?? null, 'paper')}
  ${numberCell(signed(errors, 1), errors, far ? 'far' : '')}`;
}

const spreadCell = (spread: Spread): Html => numberCell(spreadText(spread), spread.mean);

function skippedRow({ method, title, reason }: Summary['skipped'][number], { paper }: Layout): Html {
  const reported = paperResultOf(method);
  const cells = (of: PaperSpread | null | undefined): Html =>
    paper
      ? html`<td class="paper">${paperText(of ?? null)}</td>
          <td></td>`
      : html``;
  return html`<tr class="foot">
    <th scope="row">${title}</th>
    <td>${undefinedText}</td>
    ${cells(reported?.auc)}
    <td>${undefinedText}</td>
    ${cells(reported?.accuracy)}
    <td colspan="2" class="names">Not run: ${reason}.</td>
  </tr>`;
}

/** The pooled AUC with its interval. If the interval is undefined, the notes give the reason. */
export const pooledText = ({ value, ci95 }: SummaryRow['pooledAuc']): string =>
  ci95 === null
    ? `${threeDigits(value)}${value === null ? '' : ` [${undefinedText}]`}`
    : `${threeDigits(value)} ${interval(ci95)}`;

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

/** Every metric of every row, for readers who need more than the table above. */
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
