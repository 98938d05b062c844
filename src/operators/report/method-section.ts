import { configDifferences } from './config-differences.js';
import { html, type Html } from './html.js';
import { methodsText } from './methods-text.js';
import type { ReportInput } from './report-input.js';

/** The paper's cohort (method.md 1.3). */
const paperCohort = { patients: 699, deceased: 190 } as const;

/** What was run, written from the resolved experiment, and in what it departs from the paper. */
export function methodSection(input: ReportInput): Html {
  const { config, summary } = input;
  const differences = configDifferences(config);
  return html`<section class="methods">
    <h2>Methods</h2>
    <p class="aside">
      Preset ${config.preset}, schedule ${config.schedule}, ${config.detach ? 'with' : 'without'} detachment.
      Written from the resolved configuration, which config.resolved.yaml of the run directory holds.
    </p>
    ${methodsText(input).map(({ heading, text }) => html`<p><strong>${heading}.</strong> ${text}</p>`)}
    <h3>Differences from the paper</h3>
    ${
      differences.length === 0
        ? html`<p>Every key has the value of preset paper.</p>`
        : html`<div class="scroll">
            <table class="differences">
              <caption>
                Keys whose value is not that of preset paper
              </caption>
              <thead>
                <tr>
                  <th scope="col">Key</th>
                  <th scope="col">This run</th>
                  <th scope="col">Preset paper</th>
                  <th scope="col">Meaning</th>
                </tr>
              </thead>
              <tbody>
                ${differences.map(
                  ({ key, here, paper, meaning }) =>
                    html`<tr>
                      <th scope="row"><code>${key}</code></th>
                      <td><code>${here}</code></td>
                      <td><code>${paper}</code></td>
                      <td>${meaning}</td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
    <ul>
      ${ownDecisions(input).map((text) => html`<li>${text}</li>`)}
    </ul>
    <p class="aside">
      Cohort of the paper: ${paperCohort.patients} patients, ${paperCohort.deceased} deceased; here
      ${summary.cohort.patients}, ${summary.cohort.deceased} deceased.
    </p>
  </section>`;
}

/** Where the paper is silent or contradicts itself, so that even preset `paper` had to decide (method.md 10). */
function ownDecisions({ config, summary }: ReportInput): readonly string[] {
  const { cohort, cv, schedule, mil, align, robustness } = config;
  const rows = summary.rows;
  const given = (holds: boolean, text: string): string[] => (holds ? [text] : []);
  return [
    ...given(
      cohort.label === 'overall',
      'Label: the paper says that deaths of other causes are left out, but its counts (509 living, 190 deceased) are those of overall survival; nobody is left out because of the cause.',
    ),
    ...given(
      cv.mode === 'kfold' && cv.validation === 'own',
      'Validation patients: the paper does not say how they are chosen; here a stratified ninth of those who are not tested.',
    ),
    'Folds: those of the paper are not published; these are drawn anew and are other folds.',
    'Optimiser, learning rate, weight decay, batch and balanced sampling: not in the paper, taken from its reference implementation.',
    ...given(
      schedule === 'staged',
      'Schedule: the stages are trained one after the other, each with its own early stopping; the reference implementation trains them in one step.',
    ),
    ...given(
      mil.activation === 'relu' || mil.dropout > 0,
      'Stage 1: activation and dropout after the input map are those of CLAM; eq. 1 prints neither.',
    ),
    ...given(
      align.normalize,
      'Alignment: vectors are brought to unit length before the decomposition, as the reference implementation does; the paper does not mention it.',
    ),
    ...given(
      align.sign !== 'none',
      'Alignment: the sign of the leading singular vector follows a rule; the paper leaves it to the decomposition.',
    ),
    ...given(
      rows.some((row) => row.robustness !== null),
      `Robustness: mean of ${robustness.draws} seeded draws; the reference implementation draws once.`,
    ),
    'Standard deviations are those of the population (divisor: number of folds), as in the reference implementation; the paper does not say.',
  ];
}
