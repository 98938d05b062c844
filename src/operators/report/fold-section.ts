import type { OutcomeWords } from '../cohort/cohort-data.js';
import type { Evaluation } from '../evaluation/metric-data.js';
import type { SummaryRow } from '../evaluation/summary-data.js';
import { html, type Html } from './html.js';
import { threeDigits } from './number-text.js';

/**
 * Test AUC and accuracy of every fold and method, with the number of patients of each fold.
 *
 * @param groups with `cv.mode: groups`, the group that each fold tests
 */
export function foldSection(
  rows: readonly SummaryRow[],
  evaluations: readonly Evaluation[],
  outcome: OutcomeWords,
  groups: readonly string[] = [],
): Html {
  const folds = [...new Set(evaluations.map(({ fold }) => fold))].sort((a, b) => a - b);
  const table = (caption: string, metric: 'auc' | 'accuracy'): Html =>
    foldTable(caption, headOf(folds, groups), folds, rows, (method, fold) => {
      const found = evaluations.find(
        (evaluation) => evaluation.method === method && evaluation.fold === fold,
      );
      return found?.test[metric] ?? null;
    });
  return html`<section>
    <h2>Folds</h2>
    ${sizeTable(headOf(folds, groups), folds, evaluations, outcome)} ${table('Test AUC', 'auc')}
    ${table('Test accuracy', 'accuracy')}
  </section>`;
}

const headOf = (folds: readonly number[], groups: readonly string[]): Html =>
  html`<thead>
    <tr>
      <th scope="col">Fold</th>
      ${folds.map(
        (fold) =>
          html`<th scope="col">${fold}${groups[fold] === undefined ? '' : html` ${groups[fold]}`}</th>`,
      )}
    </tr>
  </thead>`;

const foldTable = (
  caption: string,
  head: Html,
  folds: readonly number[],
  rows: readonly SummaryRow[],
  value: (method: string, fold: number) => number | null,
): Html =>
  html`<div class="scroll">
    <table>
      <caption>
        ${caption}
      </caption>
      ${head}
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

/** Every method tests the same patients, so the sizes are taken from the first method of a fold. */
function sizeTable(
  head: Html,
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
      ${head}
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
