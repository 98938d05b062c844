import type { OutcomeWords } from '../cohort/cohort-data.js';
import type { Evaluation } from '../evaluation/metric-data.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { html, type Html } from './html.js';
import { threeDigits } from './number-text.js';

/** Test AUC and accuracy of every fold and method, with the size of each fold. */
export function foldSection(
  rows: readonly SummaryRow[],
  evaluations: readonly Evaluation[],
  outcome: OutcomeWords,
): Html {
  const folds = [...new Set(evaluations.map(({ fold }) => fold))].sort((a, b) => a - b);
  const table = (caption: string, metric: 'auc' | 'accuracy'): Html =>
    foldTable(caption, folds, rows, (method, fold) => {
      const found = evaluations.find(
        (evaluation) => evaluation.method === method && evaluation.fold === fold,
      );
      return found?.test[metric] ?? null;
    });
  return html`<section>
    <h2>Folds</h2>
    ${sizeTable(folds, evaluations, outcome)} ${table('Test AUC', 'auc')}
    ${table('Test accuracy', 'accuracy')}
  </section>`;
}

const headOf = (folds: readonly number[]): Html =>
  html`<thead>
    <tr>
      <th scope="col">Fold</th>
      ${folds.map((fold) => html`<th scope="col">${fold}</th>`)}
    </tr>
  </thead>`;

const foldTable = (
  caption: string,
  folds: readonly number[],
  rows: readonly SummaryRow[],
  value: (method: string, fold: number) => number | null,
): Html =>
  html`<div class="scroll">
    <table>
      <caption>
        ${caption}
      </caption>
      ${headOf(folds)}
      <tbody>
        ${rows.map(
          ({ method, title }) =>
            html`<tr>
              <th scope="row">${title}</th>
              ${folds.map((fold) => html`<td>${threeDigits(value(method, fold))}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

/** Every method tests the same patients, so the first method of a fold speaks for all. */
function sizeTable(
  folds: readonly number[],
  evaluations: readonly Evaluation[],
  { positive }: OutcomeWords,
): Html {
  const sizes = folds.map((fold) => evaluations.find((evaluation) => evaluation.fold === fold)?.test);
  return html`<div class="scroll">
    <table>
      <caption>
        Test patients
      </caption>
      ${headOf(folds)}
      <tbody>
        <tr>
          <th scope="row">Patients</th>
          ${sizes.map((test) => html`<td>${test?.patients ?? 0}</td>`)}
        </tr>
        <tr>
          <th scope="row">${positive}</th>
          ${sizes.map((test) => html`<td>${test?.positive ?? 0}</td>`)}
        </tr>
      </tbody>
    </table>
  </div>`;
}
