import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { grouped as byKey } from '../../pipeline/core/grouped.js';
import type { Problem } from '../../pipeline/core/problem.js';
import { counted, listed, quotedFirst } from '../../pipeline/core/wording.js';
import type { SourceFile } from '../../pipeline/stage.js';
import { joinGroups } from './check-folds.js';
import type { StratifiedPatient } from './stratified-folds.js';

/** A patient, with the group whose fold tests the patient. */
export interface Grouped extends StratifiedPatient {
  readonly group: string;
}

/** Number of test patients below which the AUC of a fold is nearly meaningless. */
const fewestTested = 10;

/** The list of patients and their groups (source role `groups`), which was made by the checks before the run. */
export async function readGroupFile(sources: readonly SourceFile[]): Promise<ReadonlyMap<string, string>> {
  const file = sources.find(({ role }) => role === 'groups');
  if (file === undefined) throw new Error('The split was given no list of groups');
  const pairs = z.array(z.tuple([z.string(), z.string()]));
  return new Map(pairs.parse(JSON.parse(await readFile(file.path, 'utf8'))));
}

/**
 * Adds to every patient of the cohort the group that the column `cv.group` gives.
 *
 * @throws HafError HAF_SPLIT_INVALID for patients without a group, and if `cv.folds` is not the number of groups
 */
export function withGroups(
  patients: readonly StratifiedPatient[],
  groups: ReadonlyMap<string, string>,
  { group: column, folds }: Pick<Config['cv'], 'group' | 'folds'>,
): readonly Grouped[] {
  const without = patients.filter(({ id }) => !groups.has(id)).map(({ id }) => id);
  if (without.length > 0)
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `${without.length} of the ${patients.length} patients of the cohort have no value of ${column ?? ''}: ${quotedFirst(without)}.`,
      'Fill in the column. If the group is unknown, write a text that is not in data.patients.missing, such as "not recorded"; these patients are then a group of their own.',
      { context: { patients: without } },
    );
  const grouped = patients.map((patient) => ({ ...patient, group: groups.get(patient.id) ?? '' }));
  const sizes = byKey(grouped.map(({ group, id }) => [group, id] as const));
  if (sizes.size !== folds) {
    const shown = [...sizes].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, 20);
    throw new HafError(
      'HAF_SPLIT_INVALID',
      `${column ?? ''} has ${counted(sizes.size, 'group')} in the cohort where cv.folds is ${folds}: ${listed(shown.map(([name, ids]) => `"${name}" (${ids.length})`))}${shown.length < sizes.size ? ' and others' : ''}.`,
      sizes.size < 2 ? 'Name a column with at least two values in cv.group.' : `Set cv.folds: ${sizes.size}.`,
    );
  }
  return grouped;
}

/** Warns of groups whose fold tests too few patients to judge a model. `checkFolds` reports groups with one outcome. */
export function smallGroups(
  patients: readonly Grouped[],
  { group: column }: Pick<Config['cv'], 'group'>,
): readonly Problem[] {
  return [...byKey(patients.map(({ group, id }) => [group, id] as const))].flatMap(([name, ids]) =>
    ids.length >= fewestTested
      ? []
      : [
          {
            ...{ severity: 'warning', stage: 'split', patient: null, file: null, place: column },
            reason: `Group "${name}" has ${counted(ids.length, 'patient')}: too few for meaningful metrics of its fold.`,
            fix: joinGroups,
          },
        ],
  );
}
