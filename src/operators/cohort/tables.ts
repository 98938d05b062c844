import { readFile } from 'node:fs/promises';
import { HafError } from '../../pipeline/core/errors.js';
import { tableModalities, type TableModality } from '../../pipeline/core/modality.js';
import type { Problem } from '../../pipeline/core/problem.js';
import type { SourceFile, StageCode } from '../../pipeline/stage.js';
import { stageOf } from '../stage-of.js';
import { readFeatureTable } from './feature-table.js';
import { tablesFile, type Table, type Tables } from './table-data.js';
import { faultsError, type TableFault } from './table-fault.js';
import { readTargetsTable } from './targets-table.js';

/**
 * Reads the outcome table and the clinical tables (method.md 1.1, 2.2) into one typed file.
 *
 * Sources: role `targets`, and one role per table modality, named like it. Writes `tables.json`.
 *
 * @throws HafError HAF_TABLE_INVALID listing the faults of all files at once; HAF_DATA_MISSING without outcomes
 */
export const tables: StageCode = stageOf(async ({ sources }) => {
  const outcome = sources.find(({ role }) => role === 'targets');
  if (outcome === undefined)
    throw new HafError(
      'HAF_DATA_MISSING',
      'There is no outcome table.',
      'Put targets.csv into the data folder, or name the file in data.targets.',
    );
  const { targets, ...outcomeFindings } = readTargetsTable(outcome.name, await textOf(outcome));
  const faults: TableFault[] = [...outcomeFindings.faults];
  const problems: Problem[] = [...outcomeFindings.problems];
  const features: Partial<Record<TableModality, Table>> = {};
  for (const modality of tableModalities) {
    const source = sources.find(({ role }) => role === modality);
    if (source === undefined) continue;
    const read = readFeatureTable(modality, source.name, await textOf(source));
    features[modality] = read.table;
    faults.push(...read.faults);
    problems.push(...read.problems);
  }
  if (faults.length > 0) throw faultsError(faults);
  const output: Tables = { targets: [...targets], tables: features };
  return { type: 'output', files: { [tablesFile]: output }, problems };
});

const textOf = ({ path }: SourceFile): Promise<string> => readFile(path, 'utf8');
