import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import type { ByOutcome, Characteristic, Quartiles, TableCharacteristics } from './characteristics.js';
import { html, trustedMarkup, type Html } from './html.js';
import { counted } from '../../pipeline/core/wording.js';
import { undefinedText } from './number-text.js';
import type { ModalityOverview } from './overview.js';
import type { ReportInput } from './report-input.js';

/** The groups of patients that are the columns of every table: all patients, and the patients with each outcome. */
const groups = ['all', 'negative', 'positive'] as const;
/** A table with more columns is collapsed in the page. */
const fewColumns = 16;

/** The modalities of the patients, and the columns of the tables, by outcome. Empty without patients. */
export function characteristicsSection({ overview, characteristics, outcome, titles }: ReportInput): Html {
  const { patients } = overview;
  if (patients.all === 0) return html``;
  const head = (first: string, sizes: ByOutcome<number>): Html =>
    html`<thead>
      <tr>
        <th scope="col">${first}</th>
        <th scope="col">All (${sizes.all})</th>
        <th scope="col">${outcome.negative} (${sizes.negative})</th>
        <th scope="col">${outcome.positive} (${sizes.positive})</th>
      </tr>
    </thead>`;
  return html`<section>
    <h2>Patient characteristics</h2>
    <p class="aside">
      Patients of the cohort by outcome (column ${outcome.column}). Categories: number and share of the
      patients with a value. Numbers: median [first, third quartile]. Missing: patients with a row in the
      table and an empty cell. No test was made.
    </p>
    <div class="scroll">
      <table class="characteristics">
        <caption>
          Patients with each modality${overview.followUp === null ? '' : ', and their follow-up'}
        </caption>
        ${head('Modality', patients)}
        <tbody>
          ${followUpRow(overview)}
          ${overview.modalities.flatMap((modality) => modalityRows(modality, titles, patients))}
        </tbody>
      </table>
    </div>
    ${characteristics.map((table) => {
      const title = titles[table.modality] ?? table.modality;
      return html`<details${trustedMarkup(table.columns.length <= fewColumns ? ' open' : '')}>
        <summary>${title} (${counted(table.columns.length + table.otherColumns, 'column')})</summary>
        <div class="scroll">
          <table class="characteristics">
            ${head('Column', table.patients)}
            <tbody>
              ${table.columns.flatMap(columnRows)} ${otherColumnsRow(table)}
            </tbody>
          </table>
        </div>
      </details>`;
    })}
  </section>`;
}

const row = (label: string, cell: (group: (typeof groups)[number]) => string, kind = ''): Html =>
  html`<tr${trustedMarkup(kind === '' ? '' : ` class="${kind}"`)}>
    <th scope="row">${label}</th>
    ${groups.map((group) => html`<td>${cell(group)}</td>`)}
  </tr>`;

const followUpRow = ({ followUp }: ReportInput['overview']): Html =>
  followUp === null
    ? html``
    : row(`Follow-up, ${followUp.unit}`, (group) => quartilesText(followUp.quartiles[group]));

const modalityRows = (
  { id, kind, patients, instances }: ModalityOverview,
  titles: ReportInput['titles'],
  all: ByOutcome<number>,
): readonly Html[] => [
  row(`${titles[id] ?? id} (${kind})`, (group) => shareText(patients[group], all[group])),
  ...(instances === null
    ? []
    : [row('instances per patient', (group) => quartilesText(instances[group]), 'category')]),
];

function columnRows(of: Characteristic): readonly Html[] {
  const { column, known, missing, quartiles, categories, otherCategories } = of;
  const missed =
    missing.all === 0 ? [] : [row('missing', (group) => String(missing[group]), 'category missing')];
  if (categories === null)
    return [row(column, (group) => quartilesText(quartiles?.[group] ?? null)), ...missed];
  const share = (counts: ByOutcome<number>) => (group: (typeof groups)[number]) =>
    shareText(counts[group], known[group]);
  const [, second] = categories;
  // If a column has two categories, only the second one is shown, because its count determines the count of the first.
  if (categories.length === 2 && otherCategories === 0 && second !== undefined)
    return [row(`${column}: ${second.category}`, share(second.counts)), ...missed];
  return [
    row(column, () => ''),
    ...categories.map(({ category, counts }) => row(category, share(counts), 'category')),
    ...(otherCategories === 0
      ? []
      : [row(`${otherCategories} rarer categories`, () => '', 'category missing')]),
    ...missed,
  ];
}

const otherColumnsRow = ({ otherColumns }: TableCharacteristics): Html =>
  otherColumns === 0
    ? html``
    : html`<tr class="foot">
        <th scope="row">${counted(otherColumns, 'further column')}, not listed</th>
        <td colspan="3"></td>
      </tr>`;

/** A count and its share of `of`, for example "12 (25.0 %)". */
const shareText = (count: number, of: number): string =>
  of === 0 ? undefinedText : `${count} (${((100 * count) / of).toFixed(1)}\u00a0%)`;

const quartilesText = (quartiles: Quartiles | null): string =>
  quartiles === null
    ? undefinedText
    : `${amount(quartiles.median)} [${amount(quartiles.low)}, ${amount(quartiles.high)}]`;

/** A number with three significant digits, but always with all digits before the decimal point. */
export const amount = (value: number): string =>
  (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))).replace('-', '\u2212');

/** characteristics.csv: the numbers in the tables of this section, one line per column, category and outcome. */
export function characteristicsCsv({ overview, characteristics, outcome }: ReportInput): string {
  const names = { all: 'all', negative: outcome.negative, positive: outcome.positive } as const;
  const each = (cells: (group: (typeof groups)[number]) => CsvCell[]): CsvCell[][] =>
    groups.map((group) => cells(group));
  const quartileCells = (quartiles: Quartiles | null): CsvCell[] => [
    quartiles?.median,
    quartiles?.low,
    quartiles?.high,
  ];
  return csvText(
    [
      ...['modality', 'column', 'category', 'outcome', 'patients', 'missing', 'count'],
      ...['median', 'quartile1', 'quartile3'],
    ],
    [
      ...overview.modalities.flatMap(({ id, patients, instances }) =>
        each((group) => [
          ...[id, null, null, names[group], overview.patients[group], null, patients[group]],
          ...quartileCells(instances?.[group] ?? null),
        ]),
      ),
      ...characteristics.flatMap(({ modality, columns }) =>
        columns.flatMap(({ column, known, missing, quartiles, categories }) =>
          categories === null
            ? each((group) => [
                ...[modality, column, null, names[group], known[group], missing[group], null],
                ...quartileCells(quartiles?.[group] ?? null),
              ])
            : categories.flatMap(({ category, counts }) =>
                each((group) => [
                  ...[modality, column, category, names[group], known[group], missing[group]],
                  counts[group],
                  ...quartileCells(null),
                ]),
              ),
        ),
      ),
    ],
  );
}
