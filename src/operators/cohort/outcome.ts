import type { StageCode } from '../../pipeline/stage.js';
import { HafError } from '../../pipeline/core/errors.js';
import { stageOf } from '../stage-of.js';
import { faultsError } from '../tables/table-fault.js';
import { outcomeFile, type Outcome } from './outcome-data.js';
import { readOutcome } from './read-outcome.js';

/**
 * Reads the patients, whether the event happened, and when (method.md 1.1, docs/own-cohort.md). Source: role
 * `outcome`. Writes `outcome.json`.
 *
 * @throws HafError HAF_TABLE_INVALID listing all faults of the file at once
 */
export const outcome: StageCode = stageOf(async ({ sources, config }) => {
  const file = sources.find(({ role }) => role === 'outcome');
  if (file === undefined)
    throw new HafError(
      'HAF_DATA_MISSING',
      'There is no outcome table.',
      'Put it into the data folder, or name the file in data.outcome.file.',
    );
  const { words, patients, faults, problems } = await readOutcome(file, config.data);
  if (faults.length > 0) throw faultsError(faults).withProblems(problems);
  const output: Outcome = { words, patients: patients.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
  return { type: 'output', files: { [outcomeFile]: output }, problems };
});
