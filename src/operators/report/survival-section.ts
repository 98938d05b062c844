import { comparisonReasons, survivalComparisonTable, survivalTable } from '../evaluation/survival-tables.js';
import { html, type Html } from './html.js';
import { threeDigits } from './number-text.js';
import { textTableOf } from './text-table-markup.js';
import type { ReportInput } from './report-input.js';

/**
 * The results of a time-to-event run: the table, comparisons of the concordance index C, and how to read them
 * (method.md 11.5).
 */
export function survivalSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  if (summary.survival === undefined) return html``;
  const comparisons = survivalComparisonTable(summary);
  return html`<section>
    <h2>Results</h2>
    ${textTableOf(survivalTable(summary))}
    <p class="aside">
      Mean ± population standard deviation over folds. C is the share of comparable pairs of patients in which
      the one with the earlier event has the higher risk; 0.5 is chance. Pairs are compared within a fold
      alone. AUC at a horizon separates patients with the event by then from those without. The integrated
      Brier score (IBS, to ${summary.survival.tau} years) measures the survival curves: lower is better. The
      column beside it has the IBS of a Kaplan-Meier curve that is the same for everybody.
    </p>
    ${ridgeNote(summary, config.stats.reference)}
    ${
      comparisons.rows.length === 0
        ? ''
        : html`<h3>Differences in C</h3>
            ${textTableOf(comparisons)}
            <p class="aside">
              Paired bootstrap of test patients within fold and status, ${config.stats.bootstrap} resamples; p
              adjusted by Holm.
            </p>
            ${comparisonReasons(summary).map((reason) => html`<p class="aside">${reason}</p>`)}`
    }
  </section>`;
}

/** Says that ridge Cox regression (`cox_ridge`) has a higher mean C than the reference. Empty if it has not. */
function ridgeNote({ rows }: ReportInput['summary'], reference: string): Html {
  const of = (id: string) => rows.find(({ method }) => method === id);
  const [own, ridge] = [of(reference), of('cox_ridge')];
  const [ours, theirs] = [own?.survival?.c.mean ?? null, ridge?.survival?.c.mean ?? null];
  if (own === undefined || ours === null || theirs === null || theirs <= ours) return html``;
  return html`<p class="warning">
    ${own.title} is below ridge Cox regression on the tables: C ${threeDigits(ours)} against
    ${threeDigits(theirs)}.
  </p>`;
}
