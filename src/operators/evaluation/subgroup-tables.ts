import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import { modalitiesVariable, type SubgroupVariable } from './subgroup-data.js';
import { digits, intervalText, type PrintedTable } from './text-tables.js';

/** subgroups.csv: one line per method and group, at full precision. A suppressed group has one line. */
export const subgroupsCsv = (variables: readonly SubgroupVariable[], metric: 'auc' | 'c'): string =>
  csvText(
    [
      ...['variable', 'group', 'patients', 'events', 'suppressed', 'method'],
      ...[metric, `${metric}Low95`, `${metric}High95`, 'accuracy', 'brier'],
    ],
    variables.flatMap(({ variable, groups }) =>
      groups.flatMap(({ group, patients, events, suppressed, methods }): CsvCell[][] => {
        const about = [variable, group, patients, events, suppressed];
        if (suppressed !== null) return [[...about, null, null, null, null, null, null]];
        return methods.map(({ method, score, accuracy, brier }) => [
          ...[...about, method],
          ...[score.value, score.ci95?.[0] ?? null, score.ci95?.[1] ?? null, accuracy, brier],
        ]);
      }),
    ),
  );

/**
 * The groups of one variable as a table for people. A group with too few patients, or with one outcome only, is
 * suppressed. One line counts all suppressed sets of modalities. Each suppressed group of a column has its own line.
 *
 * @param shown the methods to show
 */
export function subgroupTable(
  { variable, groups }: SubgroupVariable,
  metric: 'AUC' | 'C',
  shown: (method: string) => boolean,
): PrintedTable {
  const inClasses = metric === 'AUC';
  const merges = variable === modalitiesVariable;
  const small = groups.filter(({ suppressed }) => suppressed !== null);
  const orDash = (value: number | null): string => (value === null ? '-' : digits(value));
  return {
    headings: [
      ...['Group', 'Patients', 'Events', 'Method', `${metric} [95 % CI]`],
      ...(inClasses ? ['Accuracy', 'Brier'] : []),
    ],
    rows: [
      ...groups.flatMap(({ group, patients, events, suppressed, methods }) =>
        suppressed !== null
          ? merges
            ? []
            : [
                [
                  group,
                  String(patients),
                  '-',
                  `suppressed: ${suppressed}`,
                  '-',
                  ...(inClasses ? ['-', '-'] : []),
                ],
              ]
          : methods
              .filter(({ method }) => shown(method))
              .map(({ title, score, accuracy, brier }) => [
                ...[group, String(patients), String(events), title],
                `${orDash(score.value)}${intervalText(score.ci95)}`,
                ...(inClasses ? [orDash(accuracy), orDash(brier)] : []),
              ]),
      ),
      ...(merges && small.length > 0
        ? [
            [
              `${small.length} other sets of modalities`,
              String(small.reduce((sum, { patients }) => sum + patients, 0)),
              ...['-', 'suppressed', '-', ...(inClasses ? ['-', '-'] : [])],
            ],
          ]
        : []),
    ],
  };
}
