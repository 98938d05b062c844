import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { isMethodId, methodOf } from '../../operators/methods/registry.js';
import type { PatientTable } from '../../page/wire.js';
import { heatmapFiles } from './heatmap-files.js';
import { namesIn, rowsIn } from './run-files.js';

/** A row of predictions.csv about a test patient. */
interface Tested {
  readonly patient: string;
  readonly fold: number;
  readonly outcome: string;
  readonly score: number;
  readonly observed: boolean;
}

interface Gathered {
  readonly outcome: string;
  readonly folds: Set<number>;
  readonly modalities: Set<string>;
  readonly sums: Map<string, { sum: number; count: number }>;
}

/**
 * The prediction of each method for each test patient, from `folds/FOLD/METHOD/predictions.csv`, and the modalities
 * of each patient. `files.csv` lists the patients with a bag. The predictions of the method that reads only one
 * table show the patients with this table.
 */
export async function patientTable(directory: string): Promise<PatientTable> {
  const patients = new Map<string, Gathered>();
  const entryOf = ({ patient, outcome }: Tested): Gathered => {
    const entry = patients.get(patient) ?? {
      ...{ outcome, folds: new Set(), modalities: new Set(), sums: new Map() },
    };
    patients.set(patient, entry);
    return entry;
  };
  const methods = new Set<string>();
  let timed = false;
  for (const fold of namesIn(join(directory, 'folds')).filter((name) => /^\d+$/.test(name)))
    for (const method of namesIn(join(directory, 'folds', fold))) {
      const { rows, inTime } = testedIn(
        join(directory, 'folds', fold, method, 'predictions.csv'),
        Number(fold),
      );
      if (rows.length === 0) continue;
      methods.add(method);
      timed ||= inTime;
      const alone = onlyModality(method);
      for (const row of rows) {
        const entry = entryOf(row);
        entry.folds.add(row.fold);
        if (alone !== null && row.observed) entry.modalities.add(alone);
        const { sum, count } = entry.sums.get(method) ?? { sum: 0, count: 0 };
        if (Number.isFinite(row.score)) entry.sums.set(method, { sum: sum + row.score, count: count + 1 });
      }
      // A run with many folds and methods has hundreds of files. After each file, other requests and live streams are
      // served.
      await otherWork();
    }
  for (const { patient = '', modality = '' } of rowsIn(join(directory, 'files.csv')))
    if (modality !== '') patients.get(patient)?.modalities.add(modality);
  const drawn = new Set([
    ...rowsIn(join(directory, 'tiles.csv')).map(({ patient = '' }) => patient),
    ...heatmapFiles(directory).map(({ patient }) => patient),
  ]);
  const ordered = orderedMethods(directory, methods);
  return {
    shows: timed ? 'risk' : 'probability',
    methods: ordered.map((id) => ({ id, title: isMethodId(id) ? methodOf(id).title : id })),
    patients: [...patients]
      .map(([id, { outcome, folds, modalities, sums }]) => ({
        ...{ id, outcome, folds: [...folds].sort((a, b) => a - b), modalities: [...modalities].sort() },
        scores: ordered.map((method) => {
          const known = sums.get(method);
          return known && known.count > 0 ? known.sum / known.count : null;
        }),
        pictures: drawn.has(id),
      }))
      .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true })),
  };
}

/** Methods in the order of the result table. Methods without a row in this table come last. */
function orderedMethods(directory: string, methods: ReadonlySet<string>): readonly string[] {
  const shown = rowsIn(join(directory, 'summary.csv')).map(({ method = '' }) => method);
  return [...new Set([...shown, ...methods])].filter((method) => methods.has(method));
}

/** The modality of a method that reads only one modality. Null for all other methods. */
function onlyModality(method: string): string | null {
  const reads = isMethodId(method) ? methodOf(method).reads : null;
  return Array.isArray(reads) && reads.length === 1 ? String(reads[0]) : null;
}

function testedIn(
  path: string,
  fold: number,
): { readonly rows: readonly Tested[]; readonly inTime: boolean } {
  const rows = rowsIn(path);
  const inTime = rows[0] !== undefined && 'risk' in rows[0];
  return {
    inTime,
    rows: rows
      .filter(({ split }) => split === 'test')
      .map(({ patient = '', y, p, risk, time_days: days, event, observed }) => ({
        ...{ patient, fold, observed: observed === 'true' },
        outcome: inTime
          ? `${event === '1' ? 'event' : 'censored'} at ${days ?? '?'} days`
          : y === '1'
            ? 'positive'
            : 'negative',
        score: numberOf(inTime ? risk : p),
      })),
  };
}

const numberOf = (cell: string | undefined): number =>
  cell === undefined || cell === '' ? Number.NaN : Number(cell);
