import type { BundleColumn, BundleFold, BundleModality } from '../bundle/bundle-data.js';
import { daysPer } from '../../pipeline/config/data-schema.js';
import type { CalibrationMap } from '../calibration/calibration-data.js';
import { logitOf } from '../criteria/binary.js';
import type { FittedColumn } from '../preprocessing/vectors-data.js';
import { survivalOf } from '../survival/survival-model.js';
import { probability } from '../tensor/cross-entropy.js';
import {
  exportedFoldFile,
  type ExportedCalibration,
  type ExportedColumn,
  type ExportedFold,
} from './exported-model-data.js';
import { horizonsOf } from './horizons.js';

/** What `model.json` says of a fold. @param horizons years; empty for a binary outcome */
export function exportedFold(
  record: BundleFold,
  modalities: readonly BundleModality[],
  horizons: readonly number[],
): ExportedFold {
  const { fold, survival, calibration, unseen } = record;
  const tables = modalities.flatMap((modality) =>
    modality.kind === 'table' ? [[modality.id, columnsOf(record, modality)] as const] : [],
  );
  const days = horizons.map((years) => years * daysPer.years);
  return {
    file: exportedFoldFile(fold),
    tables: Object.fromEntries(tables),
    calibration: survival === null ? exportedCalibration(calibration?.map ?? { kind: 'none' }) : null,
    threshold: survival === null ? (calibration?.threshold ?? null) : null,
    survival,
    horizons: survival === null ? [] : horizonsOf(survival, horizons),
    // The base rate needs no calibration.
    unseen: survival === null ? [probability(logitOf(unseen))] : [...survivalOf(survival, unseen, days)],
  };
}

function columnsOf(
  { tables }: BundleFold,
  { id, columns }: Extract<BundleModality, { kind: 'table' }>,
): ExportedColumn[] {
  return (tables[id]?.columns ?? []).map((fitted) => {
    const read = columns.find(({ name }) => name === fitted.name);
    if (read === undefined) throw new Error(`The bundle has no column "${fitted.name}" of ${id}`);
    return exportedColumn(read, fitted);
  });
}

const exportedColumn = (
  { categories }: BundleColumn,
  { name, kind, fill, known, range, offset = 0, scale = 1, ...fitted }: FittedColumn,
): ExportedColumn => ({
  ...{ name, kind, codes: codesOf(kind, categories) },
  width: kind === 'nominal' ? (fitted.categories?.length ?? 0) : 1,
  ...{ fill, known: known === undefined ? null : [...known], range: range ?? null, offset, scale },
});

/** As `predict` reads cells: words are categories in NFC, and a binary column without words has 0 and 1 alone. */
function codesOf(
  kind: FittedColumn['kind'],
  categories: readonly string[] | undefined,
): Record<string, number> | null {
  if (categories !== undefined)
    return Object.fromEntries(categories.map((word, code) => [word.normalize('NFC'), code]));
  return kind === 'binary' ? { '0': 0, '1': 1 } : null;
}

/** As `calibrated`, with the same result. */
function exportedCalibration(map: CalibrationMap): ExportedCalibration {
  switch (map.kind) {
    case 'none':
      return { kind: 'logistic', slope: 1, intercept: 0 };
    case 'platt':
      return { ...map, kind: 'logistic' };
    case 'temperature':
      return { kind: 'logistic', slope: 1 / map.temperature, intercept: 0 };
    case 'isotonic':
      return {
        kind: 'isotonic',
        logits: map.knots.map(({ logit }) => logit),
        probabilities: map.knots.map(({ p }) => p),
      };
  }
}
