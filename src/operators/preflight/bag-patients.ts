import type { ModalityId } from '../../pipeline/core/modality.js';
import { HafError, isMachineFault } from '../../pipeline/core/errors.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, Unit } from '../../pipeline/stage.js';
import { patientsOfFile } from '../features/reader-of.js';

/** The files of one job that makes bags. */
export interface BagFilesOf {
  readonly modality: ModalityId;
  readonly kind: 'features' | 'images';
  readonly unit: Unit;
  readonly sources: readonly SourceFile[];
}

/**
 * The patients that the files of a modality name: by file name or table, and by the names of the arrays in a file of
 * several patients. A file that cannot be read is a warning: the job that reads it fails, and the run continues
 * without it.
 */
export function bagPatients(bags: readonly BagFilesOf[]): {
  readonly ids: ReadonlySet<string>;
  readonly unreadable: readonly Problem[];
} {
  const ids = new Set<string>();
  const unreadable: Problem[] = [];
  for (const { kind, unit, sources } of bags) {
    // In HANCOCK, slides of lymph nodes count only for patients who also have a slide of the primary tumour (method.md
    // 2.5). So a slide of a lymph node adds no patient here.
    if (
      unit.names === 'hancock' &&
      unit.tiling === 'tissue' &&
      /(^|\/)lymphnode[^/]*$/i.test(unit.file ?? '')
    )
      continue;
    const mayHoldSeveral = kind === 'features' && unit.names !== undefined;
    for (const id of mayHoldSeveral
      ? sources.flatMap((file) => idsIn(file, unit, unreadable))
      : [unit.patient ?? null])
      if (id !== null) ids.add(id);
  }
  return { ids, unreadable };
}

function idsIn({ path, name }: SourceFile, unit: Unit, unreadable: Problem[]): readonly (string | null)[] {
  const { names } = unit;
  const patient = unit.patient ?? null;
  try {
    return patientsOfFile({ path, name, patient, ...(names === undefined ? {} : { names }) });
  } catch (error) {
    if (!(error instanceof HafError) || isMachineFault(error)) throw error;
    const about = {
      severity: 'warning',
      stage: 'preflight',
      patient,
      file: name,
      place: unit.modality ?? null,
    } as const;
    unreadable.push({ ...about, reason: error.what, fix: error.fix });
    return [patient];
  }
}
