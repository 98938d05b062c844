import { paperDecisions, paperSentences } from '../paper/paper-text.js';
import { configDifferences, type ConfigDifference } from './config-differences.js';
import { html, type Html } from './html.js';
import { methodsText } from './methods-text.js';
import type { ReportInput } from './report-input.js';

/** The section "Methods" of the report: a text about the experiment, and the keys that differ from the defaults. */
export function methodSection(input: ReportInput): Html {
  const { config, summary } = input;
  const differences = configDifferences(config);
  // The default preset is called "paper". This name is meaningful only for HANCOCK's experiments.
  const preset =
    summary.paper === null && config.preset === 'paper' ? 'Default settings' : `Preset ${config.preset}`;
  return html`<section class="methods">
    <h2>Methods</h2>
    <p class="aside">
      ${preset}, schedule ${config.schedule}, ${config.detach ? 'with' : 'without'} detachment. Written from
      the resolved configuration, which config.resolved.yaml of the run directory holds.
    </p>
    ${methodsText(input).map(({ heading, text }) => html`<p><strong>${heading}.</strong> ${text}</p>`)}
    ${summary.paper === null ? fromDefaults(differences) : fromPaper(input, differences)}
  </section>`;
}

const fromDefaults = (differences: readonly ConfigDifference[]): Html =>
  html`<h3>Settings that differ from the defaults</h3>
    ${
      differences.length === 0
        ? html`<p>
            Every key has its default value; the data and modalities are declared by the experiment.
          </p>`
        : differenceTable(differences, 'Default')
    }`;

const fromPaper = ({ config, summary }: ReportInput, differences: readonly ConfigDifference[]): Html =>
  html`<h3>Differences from the paper</h3>
    ${
      differences.length === 0
        ? html`<p>Every key has the value of preset paper.</p>`
        : differenceTable(differences, 'Preset paper')
    }
    <ul>
      ${paperDecisions(
        config,
        summary.rows.some((row) => row.robustness !== null),
      ).map((text) => html`<li>${text}</li>`)}
    </ul>
    <p class="aside">
      ${paperSentences.cohort} This run: ${summary.cohort.patients} patients, ${summary.cohort.positive}
      ${summary.outcome.positive}.
    </p>`;

const differenceTable = (differences: readonly ConfigDifference[], other: string): Html =>
  html`<div class="scroll">
    <table class="differences">
      <caption>
        Keys whose value is not that of ${other === 'Default' ? 'the defaults' : 'preset paper'}
      </caption>
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">This run</th>
          <th scope="col">${other}</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>
        ${differences.map(
          ({ key, here, byDefault, meaning }) =>
            html`<tr>
              <th scope="row"><code>${key}</code></th>
              <td><code>${here}</code></td>
              <td><code>${byDefault}</code></td>
              <td>${meaning}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
