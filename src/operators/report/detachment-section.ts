import type { SummaryRow } from '../evaluation/summary-data.js';
import { methodOf } from '../methods/registry.js';
import type { PaperSpread } from '../paper/paper-results.js';
import { html, type Html } from './html.js';
import { paperText, signed, spreadText } from './number-text.js';
import type { ReportInput } from './report-input.js';
import { heading, numberCell, rowHeading } from './sortable-table.js';

const suffix = '_attached';

/** A method trained with and without stop-gradients between its stages. */
interface Pair {
  readonly detached: SummaryRow;
  readonly attached: SummaryRow;
}

/** Results of methods with and without detachment, side by side. Empty unless both methods of a pair were run. */
export function detachmentSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const pairs = pairsOf(summary.rows);
  if (pairs.length === 0) return html``;
  const paper = summary.paper !== null;
  return html`<section>
    <h2>Detachment</h2>
    <div class="scroll">
      <table class="sortable">
        <caption>
          ${paper ? 'Table 3: test' : 'Test'} AUC and accuracy with and without stop-gradients between the
          stages
        </caption>
        <thead>
          <tr>
            <td></td>
            <td></td>
            <th scope="colgroup" colspan="3">This run</th>
            ${paper ? html`<th scope="colgroup" colspan="3" class="paper">Paper</th>` : ''}
          </tr>
          <tr>
            ${heading('Method', 'ascending')} ${heading('Metric', 'ascending')}
            ${heading('With', 'descending')} ${heading('Without', 'descending')}
            ${heading('Without − with', 'descending')} ${paper ? paperHeadings : ''}
          </tr>
        </thead>
        <tbody>
          ${pairs.flatMap((pair) => [pairRow(pair, 'auc', 'AUC', paper), pairRow(pair, 'accuracy', 'Accuracy', paper)])}
        </tbody>
      </table>
    </div>
    <p class="aside">${scheduleText(config)}</p>
  </section>`;
}

const paperHeadings = html`<th scope="col" class="paper">With</th>
  <th scope="col" class="paper">Without</th>
  <th scope="col" class="paper">Without − with</th>`;

/** Finds the pairs by name: the method without detachment has the name of the detached method plus `_attached`. */
function pairsOf(rows: readonly SummaryRow[]): readonly Pair[] {
  return rows.flatMap((attached) => {
    const method = methodOf(attached.method);
    if (method.kind !== 'fusion' || method.attached !== true) return [];
    const detached = rows.find((row) => `${row.method}${suffix}` === attached.method);
    return detached === undefined ? [] : [{ detached, attached }];
  });
}

const difference = (a: number | null | undefined, b: number | null | undefined): number | null =>
  a === null || a === undefined || b === null || b === undefined ? null : b - a;

function pairRow(
  { detached, attached }: Pair,
  metric: 'auc' | 'accuracy',
  name: string,
  paper: boolean,
): Html {
  const ours = difference(detached[metric].mean, attached[metric].mean);
  return html`<tr>
    ${rowHeading(detached.title)}
    <td data-value="${name}">${name}</td>
    ${numberCell(spreadText(detached[metric]), detached[metric].mean)}
    ${numberCell(spreadText(attached[metric]), attached[metric].mean)} ${numberCell(signed(ours), ours)}
    ${paper ? paperCells(detached.paper?.[metric] ?? null, attached.paper?.[metric] ?? null) : ''}
  </tr>`;
}

const paperCells = (detached: PaperSpread | null, attached: PaperSpread | null): Html =>
  html`${numberCell(paperText(detached), null, 'paper')} ${numberCell(paperText(attached), null, 'paper')}
  ${numberCell(signed(difference(detached?.[0], attached?.[0])), null, 'paper')}`;

function scheduleText({ schedule, detach }: ReportInput['config']): string {
  if (!detach)
    return 'detach is false in this experiment: no row keeps its stop-gradients, and the pairs differ by chance only.';
  return schedule === 'staged'
    ? 'Rows with detachment were trained stage by stage, each stage with its own early stopping; rows without it are trained in one step with one early stopping. The difference therefore also holds that of the schedules: schedule joint removes it.'
    : 'All rows were trained in one step with one early stopping; only the stop-gradients differ.';
}
