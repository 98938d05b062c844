import type { RowRobustness, SummaryRow } from '../evaluation/summary-data.js';
import { paperSentences } from '../paper/paper-text.js';
import type { Figure } from './figure.js';
import { figureOf } from './figure-section.js';
import { html, type Html } from './html.js';
import { spreadText } from './number-text.js';
import type { ReportInput } from './report-input.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

/** Number of modalities above which the table has one row per modality instead of one column. */
const mostColumns = 10;

/** Results when modalities of the test patients are hidden. Empty if no row has them. */
export function robustnessSection(
  { summary, titles }: Pick<ReportInput, 'summary' | 'titles'>,
  figures: readonly Figure[],
): Html {
  const { rows, paper } = summary;
  const tested = rows.flatMap((row) =>
    row.robustness === null ? [] : [{ row, robustness: row.robustness }],
  );
  if (tested.length === 0) return html``;
  return html`<section>
    <h2>Robustness to missing modalities</h2>
    <p class="aside">
      Modalities of the test patients are hidden from the trained networks; nothing is trained again. First,
      each observed modality vanishes with probability ρ; then one modality at a time, or all but one.
      ${paper === null ? '' : paperSentences.robustness}
    </p>
    ${figures.map(figureOf)} ${summary.survival === undefined ? oneByOne(tested, titles) : ''}
  </section>`;
}

const oneByOne = (tested: readonly Tested[], titles: ReportInput['titles']): Html =>
  html`<details>
    <summary>Test AUC of every method without one modality, and with one alone</summary>
    ${oneByOneTable('Without this modality', 'withoutOne', tested, titles)}
    ${oneByOneTable('With this modality alone', 'onlyOne', tested, titles)}
  </details>`;

interface Tested {
  readonly row: SummaryRow;
  readonly robustness: RowRobustness;
}

/**
 * AUC of every method without one modality, or with only one modality, for each modality. Many modalities are listed as
 * rows.
 */
function oneByOneTable(
  caption: string,
  hidden: 'withoutOne' | 'onlyOne',
  tested: readonly Tested[],
  titles: ReportInput['titles'],
): Html {
  const modalities = [
    ...new Set(tested.flatMap(({ robustness }) => robustness[hidden].map(({ modality }) => modality))),
  ];
  const nameOf = (id: string): string => titles[id] ?? id;
  const cell = ({ robustness }: Tested, modality: string): Html => {
    const auc = robustness[hidden].find((one) => one.modality === modality)?.auc;
    return auc === undefined ? html`<td></td>` : numberCell(spreadText(auc), auc.mean);
  };
  const all = ({ row }: Tested): Html => numberCell(spreadText(row.auc), row.auc.mean);
  const [head, body] =
    modalities.length <= mostColumns
      ? [
          [
            heading('Method', 'ascending'),
            heading('All', 'descending'),
            ...modalities.map((modality) => heading(nameOf(modality), 'descending')),
          ],
          tested.map((one) => [
            rowHeading(one.row.title),
            all(one),
            ...modalities.map((modality) => cell(one, modality)),
          ]),
        ]
      : [
          [heading('Modality', 'ascending'), ...tested.map(({ row }) => heading(row.title, 'descending'))],
          [
            [rowHeading('All'), ...tested.map(all)],
            ...modalities.map((modality) => [
              rowHeading(nameOf(modality)),
              ...tested.map((one) => cell(one, modality)),
            ]),
          ],
        ];
  return html`<div class="scroll">
    <table class="sortable">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body.map(
          (cells) =>
            html`<tr>
              ${cells}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
