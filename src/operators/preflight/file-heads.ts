import { HafError } from '../../pipeline/core/errors.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { assertCompleteHdf5 } from '../features/hdf5-superblock.js';
import { h5Reader } from '../features/h5-reader.js';
import { featureReaderOf } from '../features/reader-of.js';
import type { BagFilesOf } from './bag-patients.js';

/**
 * Warns of feature files that a run will leave out, as far as names and first bytes show it: files without data or of
 * an unknown format, and HDF5 files that are cut off or that their writer did not close. Each file is opened, but not
 * read completely.
 */
export function faultyHeads(bags: readonly BagFilesOf[]): readonly Problem[] {
  return bags
    .filter(({ kind }) => kind === 'features')
    .flatMap(({ unit, sources }) =>
      sources.flatMap(({ path, name }): Problem[] => {
        const fault = faultOf(path, name);
        if (fault === null) return [];
        return [
          {
            ...{ severity: 'warning', stage: 'preflight', patient: unit.patient ?? null, file: name },
            ...{ place: unit.modality ?? null, reason: fault.what, fix: fault.fix },
          },
        ];
      }),
    );
}

function faultOf(path: string, name: string): HafError | null {
  try {
    if (featureReaderOf({ path, name }) === h5Reader) assertCompleteHdf5(path);
    return null;
  } catch (error) {
    return HafError.from(error);
  }
}
