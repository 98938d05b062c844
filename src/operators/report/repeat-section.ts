import type { SummaryRow } from '../evaluation/summary-data.js';
import { html, type Html } from './html.js';
import { spreadText, threeDigits } from './number-text.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

/** How much the result depends on folds and seeds: the mean of each repeat and the spread of these means. */
export function repeatSection(rows: readonly SummaryRow[]): Html {
  const repeated = rows.flatMap((row) => (row.repeats === null ? [] : [{ row, repeats: row.repeats }]));
  const [first] = repeated;
  if (first === undefined) return html``;
  const count = first.repeats.auc.length;
  const cells = ({ repeats }: (typeof repeated)[number], metric: 'auc' | 'accuracy'): readonly Html[] => {
    const spread = repeats[`${metric}Spread`];
    return [
      numberCell(spreadText(spread), spread.mean),
      ...repeats[metric].map((value) => numberCell(threeDigits(value), value)),
    ];
  };
  const headings = [
    heading('Mean ± spread', 'descending'),
    ...first.repeats.auc.map((_, i) => heading(`Repeat ${i}`, 'descending')),
  ];
  return html`<section>
    <h2>Repeats</h2>
    <p class="aside">
      The whole cross-validation ${count} times, with other draws of patients and other random streams. Each
      column is the mean over the folds of one repeat; the spread is the population standard deviation of
      these means.
    </p>
    <div class="scroll">
      <table class="sortable">
        <thead>
          <tr>
            <td></td>
            <th scope="colgroup" colspan="${count + 1}">Test AUC</th>
            <th scope="colgroup" colspan="${count + 1}">Test accuracy</th>
          </tr>
          <tr>
            ${heading('Method', 'ascending')} ${headings} ${headings}
          </tr>
        </thead>
        <tbody>
          ${repeated.map(
            (one) =>
              html`<tr>
                ${rowHeading(one.row.title)} ${cells(one, 'auc')} ${cells(one, 'accuracy')}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
