import type { SummaryRow } from '../evaluation/summary-data.js';
import type { Figure } from './figure.js';
import { figureOf } from './figure-section.js';
import { html, type Html } from './html.js';
import { spreadText } from './number-text.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

/** What happens when modalities of the test patients are taken away; nothing when no row tells. */
export function robustnessSection(rows: readonly SummaryRow[], figures: readonly Figure[]): Html {
  const tested = rows.flatMap((row) =>
    row.robustness === null ? [] : [{ row, robustness: row.robustness }],
  );
  if (tested.length === 0) return html``;
  const table = (caption: string, hidden: 'withoutOne' | 'onlyOne'): Html => {
    const modalities = [
      ...new Set(tested.flatMap(({ robustness }) => robustness[hidden].map(({ modality }) => modality))),
    ];
    return html`<div class="scroll">
      <table class="sortable">
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${heading('Method', 'ascending')} ${heading('All', 'descending')}
            ${modalities.map((modality) => heading(modality, 'descending'))}
          </tr>
        </thead>
        <tbody>
          ${tested.map(
            ({ row, robustness }) =>
              html`<tr>
                ${rowHeading(row.title)} ${numberCell(spreadText(row.auc), row.auc.mean)}
                ${modalities.map((modality) => {
                  const auc = robustness[hidden].find((one) => one.modality === modality)?.auc;
                  return auc === undefined ? html`<td></td>` : numberCell(spreadText(auc), auc.mean);
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  };
  return html`<section>
    <h2>Robustness to missing modalities</h2>
    <p class="aside">
      Modalities of the test patients are hidden from the trained networks; nothing is trained again. First,
      each observed modality vanishes with probability ρ (Fig. 2 of the paper); then one modality at a time,
      or all but one. The paper expects a flat curve up to ρ = 0.4.
    </p>
    ${figures.map(figureOf)}
    <details>
      <summary>Test AUC of every method without one modality, and with one alone</summary>
      ${table('Without this modality', 'withoutOne')} ${table('With this modality alone', 'onlyOne')}
    </details>
  </section>`;
}
