import type { ModalityId } from '../../pipeline/core/modality.js';
import { HafError } from '../../pipeline/core/errors.js';
import type { SourceFile, Unit } from '../../pipeline/stage.js';
import { patientsOfFile } from '../features/reader-of.js';

/** The files of one job that makes bags. */
export interface BagFilesOf {
  readonly modality: ModalityId;
  readonly kind: 'features' | 'images';
  readonly unit: Unit;
  readonly sources: readonly SourceFile[];
}

/** Whom the files of a modality are of: by name or table, and by the names of the arrays in a file of several patients. */
export async function bagPatients(bags: readonly BagFilesOf[]): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const { kind, unit, sources } of bags) {
    // HANCOCK: without a primary slide a patient has no slides (method.md 2.5).
    if (unit.names === 'hancock' && unit.tiling === 'tissue' && /(^|\/)lymphnode[^/]*$/i.test(unit.file ?? '')) continue;
    const mayHoldSeveral = kind === 'features' && unit.names !== undefined;
    for (const id of mayHoldSeveral ? sources.flatMap((file) => idsIn(file, unit)) : [unit.patient ?? null])
      if (id !== null) ids.add(id);
    await Promise.resolve();
  }
  return ids;
}

/** A file that cannot be read says nothing here; the job that reads it tells why. */
function idsIn({ path, name }: SourceFile, unit: Unit): readonly (string | null)[] {
  const { names } = unit;
  const patient = unit.patient ?? null;
  try {
    return patientsOfFile({ path, name, patient, ...(names === undefined ? {} : { names }) });
  } catch (error) {
    if (error instanceof HafError) return [patient];
    throw error;
  }
}
