import type { FlowStep } from '../cohort/cohort-data.js';
import { paperSentences } from '../paper/paper-text.js';
import type { Figure } from './figure.js';
import { html, trustedMarkup, type Html } from './html.js';
import type { ReportInput } from './report-input.js';

/** The number of patients that remain after each rule of the cohort (method.md 1.3). */
export function flowSection(
  { flow, outcome, summary }: Pick<ReportInput, 'flow' | 'outcome' | 'summary'>,
  diagram: Figure | null,
): Html {
  const most = Math.max(1, ...flow.map(({ patients }) => patients));
  const rows = flow.map(({ step, patients, positive }, i) => {
    const lost = i === 0 ? 0 : (flow[i - 1] as FlowStep).patients - patients;
    const width = ((100 * patients) / most).toFixed(1);
    return html`<tr>
      <th scope="row">${step}</th>
      <td>${patients}</td>
      <td>${positive}</td>
      <td>${patients - positive}</td>
      <td>${lost === 0 ? '' : `−${lost}`}</td>
      <td class="bar-cell"><span class="bar" style="width:${width}%"></span></td>
    </tr>`;
  });
  return html`<section>
    <h2>Patients</h2>
    ${diagram === null ? '' : html`<figure class="flow-diagram" id="${diagram.name}">${trustedMarkup(diagram.svg)}</figure>`}
    <div class="scroll">
      <table class="flow">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Patients</th>
            <th scope="col">${outcome.positive}</th>
            <th scope="col">${outcome.negative}</th>
            <th scope="col">Left out</th>
            <td></td>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="aside">
      ${summary.paper === null ? '' : paperSentences.flow} Everyone who is left out is listed with a reason in
      problems.csv.
    </p>
  </section>`;
}
