import { recommendedLines } from '../evaluation/recommended-data.js';
import { html, type Html } from './html.js';
import type { ReportInput } from './report-input.js';

/** Which method has the best result on the validation patients, and its results on the test patients (method.md 9.7). */
export function recommendation({ summary: { recommended } }: Pick<ReportInput, 'summary'>): Html {
  if (recommended === null) return html``;
  const [choice = '', shown = ''] = recommendedLines(recommended);
  return html`<section>
    <h2>Recommended method</h2>
    <p>${choice}</p>
    <p>${shown}</p>
    <p class="aside">
      The choice looks at validation patients alone, so the numbers of the test patients are not those of the
      best of several tries.
    </p>
  </section>`;
}
