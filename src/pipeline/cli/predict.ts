import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { predictedFile, predictedSchema, type Predicted } from '../../operators/bundle/predicted-data.js';
import { buildPredictGraph } from '../bundles/predict-graph.js';
import type { ExitCode } from '../core/errors.js';
import type { PredictOptions } from './options.js';
import { printData, say } from './output.js';
import { runOnNewPatients } from './run-on-new-patients.js';
import { textTable } from './text-table.js';

/** `predict FILE --data DIR -o DIR`: predicts new patients with a bundled model. */
export const predict = (bundle: string, options: PredictOptions): Promise<ExitCode> =>
  runOnNewPatients(bundle, options, {
    withoutOutcome: true,
    plan: ({ config }) =>
      Promise.resolve({ config, graphOf: (files, how) => buildPredictGraph(config, files, how) }),
    end: 'predictions',
    show: () => {
      const text = readFileSync(join(options.out, predictedFile), 'utf8');
      show(predictedSchema.parse(JSON.parse(text)), options.out);
    },
  });

/** Number of patients that the terminal shows. */
const shown = 10;

function show({ patients, outcome, metric }: Predicted, out: string): void {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = patients
    .slice(0, shown)
    .map(({ patient, probabilities, survival, modalities, expected, flags }) => [
      patient,
      ...(probabilities === null
        ? (survival ?? []).map((of) => mean(of).toFixed(3))
        : [mean(probabilities).toFixed(3)]),
      modalities.length === 0 ? 'nothing' : modalities.join(' '),
      expected === null ? '-' : expected.toFixed(3),
      flags.length === 0 ? '' : `${flags.length}`,
    ]);
  const what =
    outcome.kind === 'binary' ? [`p(${outcome.positive})`] : outcome.horizons.map((years) => `S(${years} y)`);
  printData(
    `\n${textTable(['patient', ...what, 'sees', metric === 'auc' ? 'expected AUC' : 'expected C', 'flags'], rows)}\n`,
  );
  if (patients.length > shown) say(`and ${patients.length - shown} more patients`);
  const flagged = patients.filter(({ flags }) => flags.length > 0).length;
  if (flagged > 0) say(`${flagged} of ${patients.length} patients have a flag: ${join(out, 'flags.csv')}`);
  say(`predictions: ${join(out, 'predictions.csv')}`);
}
