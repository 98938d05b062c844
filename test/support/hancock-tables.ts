import { join } from 'node:path';
import { tables } from '../../src/operators/cohort/tables.js';
import { outcome } from '../../src/operators/cohort/outcome.js';
import { readTypedTable } from '../../src/operators/tables/typed-table-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { SourceFile } from '../../src/pipeline/stage.js';
import type { MadeArtifact } from './invented-cohort.js';
import { runStage, scratchArtifact } from './run-stage.js';
import { hancockFolder } from './shared.js';

/** Name of the file of each table modality. */
export const tableFiles: Readonly<Record<ModalityId, string>> = {
  ...{ Clin: 'clinical.csv', Path: 'pathological.csv', Blood: 'blood.csv' },
  ...{ ICD: 'icd_codes.csv', Cell: 'tma_cell_density.csv' },
};

const sourceOf = (role: string, name: string): SourceFile => ({
  ...{ role, name, sha256: '' },
  path: join(hancockFolder ?? '', name),
});

/** The `outcome` artifact of the real data. Test suites that use it are skipped without the data. */
export async function hancockOutcome(): Promise<MadeArtifact> {
  const { output } = await runStage(outcome, { config: {}, sources: [sourceOf('outcome', 'targets.csv')] });
  return { id: 'outcome', unit: {}, files: output.files };
}

/** A table of the real data as the `tables` stage reads it, with the problems it reports. */
export async function hancockTable(
  modality: ModalityId,
  ofOutcome: MadeArtifact,
): Promise<{ readonly table: TypedTable; readonly problems: readonly Problem[] }> {
  const { output } = await runStage(tables, {
    ...{ config: {}, unit: { modality }, inputs: { outcome: [ofOutcome] } },
    sources: [sourceOf('table', tableFiles[modality] ?? '')],
  });
  return {
    table: readTypedTable(scratchArtifact(modality, {}, output.files)),
    problems: output.problems ?? [],
  };
}
