import type { Summary, SummaryRow } from '../evaluation/summary-data.js';
import { html, type Html } from './html.js';
import { interval, plusMinus, spreadText, threeDigits, undefinedText } from './number-text.js';

/** 509 of the paper's 699 patients are living (method.md 1.3). */
const paperMajority = 509 / 699;

/** The result table: this run's numbers, the paper's beside them, the majority class below. */
export function resultSection({ rows, cohort }: Summary): Html {
  return html`<section>
    <h2>Results</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan="5">This run, test patients</th>
            <th scope="colgroup" colspan="2" class="paper">Paper</th>
          </tr>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">AUC</th>
            <th scope="col">Pooled AUC [95&nbsp;%&nbsp;CI]</th>
            <th scope="col">Accuracy</th>
            <th scope="col">Balanced accuracy</th>
            <th scope="col">Brier score</th>
            <th scope="col" class="paper">AUC</th>
            <th scope="col" class="paper">Accuracy</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(resultRow)}
          <tr class="majority">
            <th scope="row">Majority class</th>
            <td>0.500</td>
            <td></td>
            <td>${threeDigits(cohort.majority)}</td>
            <td>0.500</td>
            <td></td>
            <td class="paper"></td>
            <td class="paper">${threeDigits(paperMajority)}</td>
          </tr>
        </tbody>
      </table>
    </div>
    <p class="aside">
      Mean ± population standard deviation over folds. Rank methods by AUC: training draws both classes
      equally often, so accuracy at threshold 0.5 mostly tells how a score is calibrated, and always answering
      the more frequent class already reaches ${threeDigits(cohort.majority)}. Pooled AUC: the test
      predictions of all folds together, DeLong interval. Brier score: lower is better. With about 70 test
      patients in a fold, an AUC of 0.74 varies by about 0.07 through sampling alone.
    </p>
  </section>`;
}

const resultRow = (row: SummaryRow): Html =>
  html`<tr>
    <th scope="row">${row.title}</th>
    <td>${spreadText(row.auc)}</td>
    <td>${pooledText(row.pooledAuc)}</td>
    <td>${spreadText(row.accuracy)}</td>
    <td>${spreadText(row.balancedAccuracy)}</td>
    <td>${spreadText(row.brier)}</td>
    <td class="paper">${printed(row.paper.auc)}</td>
    <td class="paper">${printed(row.paper.accuracy)}</td>
  </tr>`;

export const pooledText = ({ value, ci95 }: SummaryRow['pooledAuc']): string =>
  ci95 === null ? threeDigits(value) : `${threeDigits(value)} ${interval(ci95)}`;

const printed = (value: readonly [number, number] | null): string =>
  value === null ? undefinedText : plusMinus(...value);
