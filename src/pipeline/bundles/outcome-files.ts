import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bundle } from '../../operators/bundle/bundle-data.js';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { nameSources } from '../sources/find-sources.js';
import type { NamingOptions } from '../sources/name-by-content.js';
import type { OutcomeFiles } from './validate-graph.js';

/**
 * The experiment of a validation: the experiment of the prediction, with the outcome of the cohort file and with the
 * tables of the cohort file that the model does not read.
 *
 * @param declared the data section of the cohort file, or of the training
 * @throws HafError HAF_BUNDLE_UNFIT if the model predicts times and the outcome has no time
 */
export function configOfValidation(
  predicting: Config,
  declared: Config['data'],
  { outcome }: Pick<Bundle, 'outcome'>,
): Config {
  if (outcome.kind === 'timeToEvent' && declared.outcome.time === null)
    throw new HafError(
      'HAF_BUNDLE_UNFIT',
      `The model predicts the time to "${outcome.words.positive}", but the cohort file names no column with times.`,
      'Add data.outcome.time with the column and its unit.',
    );
  const tables = Object.entries(declared.modalities).filter(([, { kind }]) => kind === 'table');
  return {
    ...predicting,
    name: 'validate',
    data: {
      ...predicting.data,
      outcome: { ...declared.outcome, kind: outcome.kind },
      modalities: { ...Object.fromEntries(tables), ...predicting.data.modalities },
    },
  };
}

/**
 * Finds and hashes the outcome table, and the tables that the model does not read. Of these, missing ones are left out.
 *
 * @throws HafError HAF_DATA_MISSING for a missing outcome table
 */
export async function findOutcomeFiles(
  config: Config,
  root: string,
  options: NamingOptions & {
    /** Whether to find the tables that the model does not read, because a grouping column may be in one of them. */
    readonly others: boolean;
  },
): Promise<OutcomeFiles> {
  const { file } = config.data.outcome;
  if (!existsSync(join(root, file)))
    throw new HafError(
      'HAF_DATA_MISSING',
      `The outcome table ${file} is not in ${root}.`,
      'Put it there, or name the file in data.outcome.file of the cohort file (-c). Without outcomes use "haf-pipeline predict".',
    );
  const others = options.others
    ? Object.entries(config.data.modalities).flatMap(([id, declared]) =>
        declared.kind === 'table' && !config.modalities.includes(id)
          ? [declared.file].flat().map((name) => ({ role: `table:${id}`, name }))
          : [],
      )
    : [];
  const there = others.filter(({ name }) => existsSync(join(root, name)));
  const [outcome, ...rest] = await nameSources(
    [{ role: 'outcome', name: file }, ...there].map((one) => ({ ...one, path: resolve(root, one.name) })),
    options,
  );
  if (outcome === undefined) throw new Error('the outcome table has no name');
  return { outcome, others: rest };
}
