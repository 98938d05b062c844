import { modalitiesVariable } from '../evaluation/subgroup-data.js';
import { subgroupTable } from '../evaluation/subgroup-tables.js';
import { html, type Html } from './html.js';
import type { ReportInput } from './report-input.js';
import { textTableOf } from './text-table-markup.js';

/**
 * Results for groups of test patients. The groups are those of declared columns, and of the modalities that patients
 * have (method.md 9.8).
 */
export function subgroupSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  const variables = summary.subgroups.filter(({ groups }) => groups.length > 0);
  if (variables.length === 0) return html``;
  const metric = summary.survival === undefined ? 'AUC' : 'C';
  const main = summary.recommended?.method ?? summary.rows[0]?.method;
  return html`<section>
    <h2>Subgroups</h2>
    <p class="aside">
      Test patients of all folds, uncalibrated. Groups with fewer than ${config.stats.smallestGroup} patients
      or with one outcome are suppressed. Differences between groups are not tested; with many groups some
      differ by chance.
    </p>
    ${variables.map(
      (variable) =>
        html`<h3>
            ${variable.variable === modalitiesVariable ? 'Modalities that a patient has' : variable.variable}
          </h3>
          ${textTableOf(subgroupTable(variable, metric, (method) => method === main))}
          ${
            summary.rows.length < 2
              ? ''
              : html`<details>
                  <summary>All methods</summary>
                  ${textTableOf(subgroupTable(variable, metric, () => true))}
                </details>`
          }`,
    )}
  </section>`;
}
