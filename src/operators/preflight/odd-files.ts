import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { noDataIn } from '../../pipeline/core/no-data.js';
import { headOf } from '../features/reader-of.js';
import type { BagFilesOf } from './bag-patients.js';
import { placesTiles } from '../../pipeline/stage.js';

/** A patient with this many times the usual number of files is most likely a mistake in the ids. */
const farAboveMedian = 10;

const warning = (
  modality: ModalityId,
  patient: string | null,
  file: string | null,
  reason: string,
  fix: string,
): Problem => ({
  ...{ severity: 'warning', stage: 'preflight', patient, file, place: modality },
  reason,
  fix,
});

/** Warns of a patient with far more files than the others, and of files with equal content under two patients. */
export function oddFiles(modality: ModalityId, bags: readonly BagFilesOf[]): readonly Problem[] {
  const files = bags.flatMap(({ unit, sources }) =>
    sources
      .filter((source) => !placesTiles(source))
      .map((source) => ({ patient: unit.patient ?? null, ...source })),
  );
  const counts = new Map<string, number>();
  for (const { patient } of files) if (patient !== null) counts.set(patient, (counts.get(patient) ?? 0) + 1);
  const sorted = [...counts.values()].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const many = [...counts]
    .filter(([, count]) => count > farAboveMedian * median)
    .map(([patient, count]) =>
      warning(
        modality,
        patient,
        null,
        `The patient has ${count} files of ${modality}, where half of the patients have ${median} or fewer.`,
        'Check that the file names give the right patient.',
      ),
    );
  const byContent = new Map<string, (typeof files)[number]>();
  const same: Problem[] = [];
  for (const file of files) {
    const first = byContent.get(file.sha256);
    if (first === undefined) byContent.set(file.sha256, file);
    // The slide of a tissue microarray holds cores of many patients. So the same file name under two patients is no
    // mistake.
    else if (first.name !== file.name && first.patient !== file.patient && !holdsNoData(file.path))
      same.push(
        warning(
          modality,
          file.patient,
          file.name,
          `The file has the same content as ${first.name}, which is of patient ${first.patient ?? 'nobody'}.`,
          'One of the two is a copy under a wrong name: remove or replace it.',
        ),
      );
  }
  return [...many, ...same];
}

/**
 * Whether a file is empty, a pointer of Git LFS or git-annex, or a web page. Such files often have equal content, and
 * another warning reports them.
 */
function holdsNoData(path: string): boolean {
  try {
    return noDataIn(headOf(path)) !== null;
  } catch {
    // The job of the file reports why it cannot be read.
    return false;
  }
}
