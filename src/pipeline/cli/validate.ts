import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  validationFile,
  validationPageFile,
  validationSchema,
  type Validation,
} from '../../operators/validation/validation-data.js';
import { configOfValidation, findOutcomeFiles } from '../bundles/outcome-files.js';
import { tableSources, type PredictFiles, type PredictGraphOptions } from '../bundles/predict-graph.js';
import { buildValidateGraph } from '../bundles/validate-graph.js';
import type { ExitCode } from '../core/errors.js';
import { counted } from '../core/wording.js';
import type { ValidateOptions } from './options.js';
import { printData, say } from './output.js';
import { runOnNewPatients, type FoundPatients } from './run-on-new-patients.js';
import { textTable } from './text-table.js';

/** `validate FILE --data DIR -c FILE -o DIR`: measures how well a bundled model predicts another cohort. */
export const validate = (bundle: string, options: ValidateOptions): Promise<ExitCode> =>
  runOnNewPatients(bundle, options, {
    withoutOutcome: false,
    plan: (found) => planned(found, options.by),
    end: 'validation',
    show: () => {
      const text = readFileSync(join(options.out, validationFile), 'utf8');
      show(validationSchema.parse(JSON.parse(text)), options.out);
    },
  });

async function planned(
  { bundle, config, declared, root, files, naming }: FoundPatients,
  by: readonly string[],
) {
  const validating = configOfValidation(config, declared, bundle);
  const tables = await findOutcomeFiles(validating, root, { ...naming, others: by.length > 0 });
  // A missing column must be reported before anything is predicted.
  const { readGroupings } = await import('../../operators/validation/grouping-columns.js');
  await readGroupings(by, [tables.outcome, ...tableSources(files.data), ...tables.others], validating.data);
  return {
    config: validating,
    graphOf: (of: PredictFiles, how: PredictGraphOptions) =>
      buildValidateGraph(validating, of, tables, { ...how, by }),
  };
}

/** Rows of the table that a terminal shows. The page has all rows. */
const shown = new Set([
  ...['auc', 'auc_all_modalities', 'c', 'c_all_modalities', 'uno_c', 'brier', 'brier_scaled'],
  ...['calibration_in_the_large', 'calibration_slope', 'observed_to_expected'],
  ...['accuracy_at_threshold', 'sensitivity_at_threshold', 'specificity_at_threshold'],
]);

function show({ metrics, patients, outcome, shift, subgroups }: Validation, out: string): void {
  const digits = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  const last = outcome.horizons.at(-1);
  const rows = metrics
    .filter(({ id }) => shown.has(id) || (last !== undefined && id.endsWith(`_${last}y`)))
    .map(({ title, internal, external, low, high, reason }) => [
      title,
      digits(internal),
      digits(external),
      low === null || high === null ? '' : `${digits(low)} to ${digits(high)}`,
      external === null ? (reason ?? '') : '',
    ]);
  printData(`\n${textTable(['', 'internal', 'external', '95 % interval', ''], rows)}\n`);
  say(
    `${counted(patients.validated, 'patient')}, ${patients.positive} ${outcome.positive}; ${patients.withoutOutcome.length} predicted without a known outcome, ${patients.withoutData} with an outcome and no data`,
  );
  const hidden = subgroups.filter(({ reason }) => reason?.startsWith('suppressed') === true).length;
  if (hidden > 0) say(`${hidden} of ${counted(subgroups.length, 'subgroup')} suppressed`);
  const flagged = shift.filter((one) => one.flagged).length;
  if (flagged > 0)
    say(
      `${flagged} of ${counted(shift.length, 'input')} differ from the training data: ${join(out, 'shift.csv')}`,
    );
  say(`report: ${join(out, validationPageFile)}`);
}
