import { HafError } from '../../pipeline/core/errors.js';
import { stemOf } from '../../pipeline/core/file-name.js';
import { ambiguousNames, hancockPatient, withoutDecimals } from '../../pipeline/core/hancock-names.js';
import type { BagFilesOf } from './bag-patients.js';
import { placesTiles } from '../../pipeline/stage.js';

/**
 * The refusal of two ids in tables and file names that most likely are two patients, such as a slide of 2020 and a
 * table row of 2019. HANCOCK's rule, which reads only some digits of a name, would join them to one patient. Null
 * without such a pair.
 */
export function joinedByChance(tableIds: readonly string[], bags: readonly BagFilesOf[]): HafError | null {
  const stems = bags
    .filter(({ unit }) => unit.names === 'hancock')
    .flatMap(({ sources }) => sources.filter((source) => !placesTiles(source)))
    .map(({ name }) => stemOf(name));
  const pair = ambiguousNames([...new Set([...tableIds.map(withoutDecimals), ...stems])]);
  if (pair === null) return null;
  return new HafError(
    'HAF_JOIN_REFUSED',
    `"${pair[0]}" and "${pair[1]}" would both be patient ${hancockPatient(pair[0]) ?? ''}: in HANCOCK's names the last number is the patient.`,
    'Write one patient the same way in tables and names of files; with data.layout: own ids are exact text (docs/own-cohort.md).',
    { context: { names: [...pair] } },
  );
}
