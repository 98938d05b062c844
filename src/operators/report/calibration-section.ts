import {
  calibratedRows,
  calibratedTable,
  calibratedTitle,
  thresholdTable,
  thresholdTitle,
} from '../evaluation/calibrated-table.js';
import { html, type Html } from './html.js';
import type { ReportInput } from './report-input.js';
import { textTableOf } from './text-table-markup.js';

/** The effect of calibration on validation patients (method.md 9.6). Empty with time-to-event. */
export function calibrationSection({ summary, config }: Pick<ReportInput, 'summary' | 'config'>): Html {
  if (calibratedRows(summary).length === 0) return html``;
  const rule =
    config.threshold === 'youden'
      ? 'the largest sum of sensitivity and specificity (Youden)'
      : `the highest threshold with a sensitivity of at least ${config.threshold}`;
  return html`<section>
    <h2>Calibrated probabilities</h2>
    <h3>${calibratedTitle}</h3>
    ${textTableOf(calibratedTable(summary))}
    <p class="aside">
      Mean ± population standard deviation over folds. The map from score to probability
      (${config.calibration}) is fitted on the validation patients of each fold. Accuracy and balanced
      accuracy are at probability 0.5. The numbers before calibration are the ones of the result table.
      Patients scored with the base rate keep it.
    </p>
    <h3>${thresholdTitle}</h3>
    ${textTableOf(thresholdTable(summary))}
    <p class="aside">The rule for the threshold of a fold: ${rule} of its validation patients.</p>
  </section>`;
}
