import { html, type Html } from './html.js';
import { counted, listed } from '../../pipeline/core/wording.js';
import type { ReportInput } from './report-input.js';

/** Maximum number of modalities that the report lists by name. It states only the number of the further ones. */
const mostNamed = 12;

/** The data and the design of a run in a few lines. */
export function dataSummary({ config, overview, outcome, flow, titles, foldGroups }: ReportInput): Html {
  const { patients, modalities } = overview;
  const { cv, data } = config;
  const labelled = flow[0]?.patients ?? patients.all;
  const share = patients.all === 0 ? '0.0' : ((100 * patients.positive) / patients.all).toFixed(1);
  const named = modalities.slice(0, mostNamed).map(({ id, kind, patients: having, columns }) => {
    const size = columns === null ? kind : `${kind}, ${counted(columns, 'column')}`;
    return `${titles[id] ?? id} (${size}; ${counted(having.all, 'patient')})`;
  });
  const others = modalities.length - named.length;
  const time =
    data.outcome.time === null
      ? ''
      : `; time in column ${data.outcome.time.column} (${data.outcome.time.unit})`;
  const design =
    cv.mode === 'fixedTest'
      ? `a given test set, ${counted(cv.folds, 'fold')} of the other patients`
      : cv.mode === 'groups'
        ? `each of ${cv.folds} groups of ${cv.group} tested by models of the others: ${listed(foldGroups.slice(0, cv.folds))}`
        : `${cv.folds}-fold cross-validation`;
  return html`<dl>
    <dt>Patients</dt>
    <dd>
      ${patients.all} of ${labelled} with a known outcome: ${patients.positive} ${outcome.positive} (${share}
      %), ${patients.negative} ${outcome.negative}
    </dd>
    <dt>Outcome</dt>
    <dd>column ${outcome.column} of ${data.outcome.file}${time}</dd>
    <dt>${modalities.length === 1 ? 'Modality' : `${modalities.length} modalities`}</dt>
    <dd>${others === 0 ? listed(named) : `${named.join(', ')} and ${others} more`}</dd>
    <dt>Design</dt>
    <dd>
      ${design}${cv.repeats === 1 ? '' : `, ${cv.repeats} times with other ${cv.mode === 'groups' ? 'validation patients' : 'folds'}`}
    </dd>
  </dl>`;
}
