import type { Config } from '../../pipeline/config/schema.js';
import { subgroupOf } from '../../pipeline/config/slots.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { Inputs } from '../../pipeline/stage.js';
import { modalityOf, readPatientBags } from '../cohort/cohort-data.js';
import { readTypedTable, tableFile, typedTableSchema } from '../tables/typed-table-data.js';
import type { KnownOfPatients } from './subgroups.js';

/**
 * Returns a function that lists the modalities of a patient, in the order of `used`. Returns null if the job has
 * neither tables nor bags as inputs.
 *
 * @param used the modalities of the experiment; a table that is only used for grouping is not among them
 */
export function modalitiesOfPatients(
  inputs: Inputs,
  used: readonly ModalityId[],
): ((patient: string) => readonly string[]) | null {
  const holders = new Map([
    ...inputs
      .all('tables')
      .map(
        (artifact) =>
          [modalityOf(artifact), new Set(artifact.json(tableFile, typedTableSchema).patients)] as const,
      ),
    ...inputs
      .all('bags')
      .map(
        (artifact) =>
          [modalityOf(artifact), new Set(Object.keys(readPatientBags(artifact).patients))] as const,
      ),
  ]);
  return holders.size === 0
    ? null
    : (patient) => used.filter((modality) => holders.get(modality)?.has(patient) === true);
}

/** The data that divide patients into groups: the tables of `stats.subgroups`, and which modalities each patient has. */
export function knownOfPatients(
  inputs: Inputs,
  config: Pick<Config, 'data' | 'stats' | 'modalities'>,
): KnownOfPatients {
  const dividing = new Set(config.stats.subgroups.map((asked) => subgroupOf(config, asked).modality));
  return {
    tables: new Map(
      inputs
        .all('tables')
        .filter((artifact) => dividing.has(modalityOf(artifact)))
        .map((artifact) => [modalityOf(artifact), readTypedTable(artifact)] as const),
    ),
    modalitiesOf: modalitiesOfPatients(inputs, config.modalities),
  };
}
