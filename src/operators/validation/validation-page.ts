import { figureGrid, figureOf } from '../report/figure-section.js';
import type { Figure } from '../report/figure.js';
import { html, trustedMarkup, type Html } from '../report/html.js';
import { interval, pText, threeDigits, undefinedText } from '../report/number-text.js';
import { pageStyle } from '../report/page-style.js';
import { textTableOf } from '../report/text-table-markup.js';
import { year } from '../survival/follow-up.js';
import { leastPatients } from './subgroups.js';
import { mostShift } from './shift.js';
import type { Validation } from './validation-data.js';

/** Maximum number of rows of a list on the page. The files have all rows. */
const mostRows = 40;

/** A validation as one HTML document that loads nothing and runs no script. */
export function validationPage(validation: Validation, figures: readonly Figure[]): string {
  const { method, outcome, patients } = validation;
  const small = figures.filter(({ wide }) => wide !== true);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
        />
        <title>External validation of ${method.title}</title>
        <style>
          ${trustedMarkup(pageStyle)}
        </style>
      </head>
      <body>
        <header>
          <h1>External validation of ${method.title}</h1>
          <p class="lead">
            ${patients.validated} patients of a cohort that the model was not trained on, ${patients.positive}
            ${outcome.positive}. ${leadText(validation)}
          </p>
        </header>
        <section>
          <h2>Internal and external figures</h2>
          ${metricTable(validation)}
          <p class="aside">
            Internal: mean over the test patients of the folds, from the bundle. External: the mean prediction
            of all fold models, with 95 % intervals (AUC: DeLong; C: bootstrap over patients; shares: Wilson;
            slope and intercepts: Wald). A dash: not known or not defined; validation.csv has the reasons.
          </p>
          ${notesOf(validation)}
        </section>
        <section>
          <h2>Figures</h2>
          ${figureGrid(small)} ${figures.filter(({ wide }) => wide === true).map(figureOf)}
          ${riskText(validation)}
        </section>
        ${subgroupSection(validation)} ${shiftSection(validation)} ${leftOut(validation)}
        <footer class="aside">
          <p>
            All numbers stand in validation.json; the tables in validation.csv, calibration.csv,
            decision-curve.csv, subgroups.csv, shift.csv and predictions.csv. Research use. Not a medical
            device.
          </p>
        </footer>
      </body>
    </html> `;
  return page.markup;
}

function leadText({ metrics: [first], outcome }: Validation): string {
  const name = outcome.kind === 'binary' ? 'AUC' : "Harrell's C";
  if (first?.external == null) return `${name} is not defined: ${first?.reason ?? ''}.`;
  const range = first.low === null || first.high === null ? '' : ` ${interval([first.low, first.high])}`;
  return `${name} ${threeDigits(first.external)}${range}; test patients of the training had ${threeDigits(first.internal)}.`;
}

const rangeText = (low: number | null, high: number | null): string =>
  low === null || high === null ? undefinedText : interval([low, high]);

const metricTable = ({ metrics }: Validation): Html =>
  textTableOf({
    headings: ['Measure', 'Internal', 'External', '95 % interval'],
    rows: metrics.map(({ title, internal, external, low, high }) => [
      title,
      threeDigits(internal),
      threeDigits(external),
      rangeText(low, high),
    ]),
  });

function notesOf({ metrics, notes }: Validation): Html {
  const reasons = new Map<string, string[]>();
  for (const { title, reason } of metrics)
    if (reason !== null) reasons.set(reason, [...(reasons.get(reason) ?? []), title]);
  const lines = [...notes, ...[...reasons].map(([reason, titles]) => `${titles.join(', ')}: ${reason}.`)];
  return lines.length === 0
    ? html``
    : html`<ul>
        ${lines.map((line) => html`<li>${line}</li>`)}
      </ul>`;
}

function riskText({ riskGroups }: Validation): Html {
  if (riskGroups === null)
    return html`<p class="aside">No Kaplan-Meier curves: the outcome table has no times of follow-up.</p>`;
  const groups = riskGroups.groups
    .map(
      ({ name, patients, events, median }) =>
        `${name}: ${patients} patients, ${events} events, median ${median === null ? 'not reached' : `${(median / year).toFixed(2)} years`}`,
    )
    .join('; ');
  const test = riskGroups.p === null ? (riskGroups.reason ?? '') : `log-rank p ${pText(riskGroups.p)}`;
  return html`<p class="aside">
    Risk groups are cut at the median prediction of these patients (${threeDigits(riskGroups.cut)}).
    ${groups}. ${test}.
  </p>`;
}

function subgroupSection({ subgroups, outcome }: Validation): Html {
  if (subgroups.length === 0) return html``;
  const name = outcome.kind === 'binary' ? 'AUC' : "Harrell's C";
  return html`<section>
    <h2>Subgroups</h2>
    ${textTableOf({
      headings: ['By', 'Group', 'Patients', outcome.positive, 'Internal', name, '95 % interval', 'O / E', ''],
      rows: subgroups.map((one) => [
        one.by,
        one.group,
        one.patients === null ? `< ${leastPatients}` : String(one.patients),
        one.positive === null ? undefinedText : String(one.positive),
        threeDigits(one.internal),
        threeDigits(one.external),
        rangeText(one.low, one.high),
        threeDigits(one.observedToExpected),
        one.reason ?? '',
      ]),
    })}
    <p class="aside">
      Groups below ${leastPatients} patients, and groups with a single outcome, are suppressed. Internal: what
      test patients of the training with these modalities reached. O / E: observed divided by expected events.
    </p>
  </section>`;
}

function shiftSection({ shift }: Validation): Html {
  const known = shift.filter(({ smd, flagged }) => smd !== null || flagged);
  const flagged = shift.filter((one) => one.flagged).length;
  return html`<section>
    <h2>Shift of the inputs</h2>
    <p>
      ${flagged} of ${shift.length} inputs differ from the training by more than ${mostShift} standard
      deviations.
    </p>
    ${
      known.length === 0
        ? html`<p class="aside">${shift[0]?.note ?? ''}</p>`
        : textTableOf({
            headings: ['Input', 'Difference', '', 'Training', 'Here', 'Known', ''],
            rows: known
              .slice(0, mostRows)
              .map((one) => [
                `${one.modality}: ${one.input}`,
                one.smd === null ? 'separate' : threeDigits(one.smd),
                one.flagged ? 'flagged' : '',
                meanText(one.trainingMean, one.trainingSd),
                meanText(one.externalMean, one.externalSd),
                `${shareText(one.trainingKnown)} / ${shareText(one.externalKnown)}`,
                one.note,
              ]),
          })
    }
    <p class="aside">
      Standardised mean difference of all predicted patients from the training: difference of the means
      divided by the root of the mean variance; for nominal columns the distance of the shares (Yang and
      Dalton 2012). With few patients differences of this size arise by chance. Known: share of patients with
      a value in the training and here.
      ${known.length > mostRows ? `shift.csv has the other ${known.length - mostRows}.` : ''}
    </p>
  </section>`;
}

const meanText = (mean: number | null, sd: number | null): string =>
  mean === null || sd === null
    ? undefinedText
    : `${Number(mean.toPrecision(4))} ± ${Number(sd.toPrecision(3))}`;

const shareText = (share: number | null): string =>
  share === null ? undefinedText : `${(100 * share).toFixed(0)} %`;

function leftOut({ patients: { predicted, withoutOutcome, withoutData } }: Validation): Html {
  if (withoutOutcome.length === 0 && withoutData === 0) return html``;
  return html`<section>
    <h2>Patients that are not validated</h2>
    <p>
      ${withoutOutcome.length} of ${predicted} predicted patients have no known outcome. ${withoutData}
      patients of the outcome table have no data.
    </p>
    ${
      withoutOutcome.length === 0
        ? html``
        : textTableOf({
            headings: ['Patient', 'Reason'],
            rows: withoutOutcome.slice(0, mostRows).map(({ patient, reason }) => [patient, reason]),
          })
    }
    ${withoutOutcome.length > mostRows ? html`<p class="aside">validation.json lists all of them.</p>` : html``}
  </section>`;
}
