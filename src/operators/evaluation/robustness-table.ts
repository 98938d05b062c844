import { csvText, type CsvCell } from '../../pipeline/core/csv.js';
import type { MethodResults } from './method-results.js';

/**
 * robustness.csv: test metrics of every fold with hidden modalities (method.md 9.2). Column `hidden`: `drop` hides each
 * modality with probability rho, `withoutOne` hides one modality from all patients, and `onlyOne` hides all modalities
 * but one.
 */
export function robustnessCsv(results: readonly MethodResults[]): string {
  const rows = results.flatMap(({ method, robustness: folds }) =>
    folds.flatMap(({ fold, robustness: { drop, withoutOne, onlyOne } }): CsvCell[][] => [
      ...drop.map(({ rho, auc, accuracy }) => [method.id, 'drop', rho, null, fold, auc, accuracy]),
      ...Object.entries({ withoutOne, onlyOne }).flatMap(([hidden, list]) =>
        list.map(({ modality, auc, accuracy }) => [method.id, hidden, null, modality, fold, auc, accuracy]),
      ),
    ]),
  );
  return csvText(['method', 'hidden', 'rho', 'modality', 'fold', 'auc', 'accuracy'], rows);
}
