import type { TableDeclaration } from '../../pipeline/config/data-schema.js';
import type { StageCode } from '../../pipeline/stage.js';
import { stageOf } from '../stage-of.js';
import { faultsError } from '../tables/table-fault.js';
import { typedTableFiles } from '../tables/typed-table-data.js';
import { outcomeFile, outcomeSchema } from './outcome-data.js';
import { readModalityTable } from './read-modality-table.js';
import { withoutOutcome } from './without-outcome.js';

/**
 * Reads one table modality into numbers and categories (method.md 1.1, 2.2; docs/own-cohort.md). Sources: role
 * `table`, the files of the modality. Reads `outcome` to find rows without a known patient. Writes the files of
 * typed-table-data.ts.
 *
 * @throws HafError HAF_TABLE_INVALID listing the faults of all its files at once
 */
export const tables: StageCode = stageOf(async ({ inputs, sources, config, unit }) => {
  const { modality = '' } = unit;
  const declared = config.data.modalities[modality] as TableDeclaration;
  const { table, faults, problems } = await readModalityTable(modality, declared, sources, config.data);
  if (faults.length > 0 || table === null) throw faultsError(faults).withProblems(problems);
  const { patients } = inputs.one('outcome').json(outcomeFile, outcomeSchema);
  return {
    type: 'output',
    files: typedTableFiles(table),
    problems: [...problems, ...withoutOutcome(modality, table.patients, patients)],
    metrics: { patients: table.patients.length, columns: table.columns.length },
  };
});
