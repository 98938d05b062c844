import { csvText } from '../../pipeline/core/csv.js';
import type { StageCode } from '../../pipeline/stage.js';
import { logitOf } from '../criteria/binary.js';
import { stageOf } from '../stage-of.js';
import { mean, populationStd } from '../stats/spread.js';
import { readBundle } from './open-bundle.js';
import type { Bundle } from './bundle-data.js';
import { predictedFile, scoresFile, scoresSchema, type Predicted } from './predicted-data.js';

/**
 * Joins the outputs of all `predict` jobs into one table, with the expected performance of each prediction. Source:
 * role `bundle`.
 */
export const predictions: StageCode = stageOf(({ inputs, sources }) => {
  const [file] = sources;
  if (file === undefined) throw new Error('predictions was given no bundle');
  const { bundle } = readBundle(file.path, file.name);
  const scored = inputs.all('predict').flatMap((part) => part.json(scoresFile, scoresSchema));
  const worth = new Map(
    bundle.worth.subsets.map(({ modalities, mean: value }) => [modalities.join(), value]),
  );
  const predicted: Predicted = {
    method: bundle.method,
    outcome: {
      kind: bundle.outcome.kind,
      positive: bundle.outcome.words.positive,
      negative: bundle.outcome.words.negative,
      horizons: bundle.outcome.horizons,
    },
    metric: bundle.worth.metric,
    patients: scored
      .sort((a, b) => (a.patient < b.patient ? -1 : 1))
      .map((patient) => ({ ...patient, expected: worth.get(patient.modalities.join()) ?? null })),
  };
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  return {
    type: 'output',
    files: {
      [predictedFile]: predicted,
      'predictions.csv': utf8(tableOf(predicted, bundle)),
      'folds.csv': utf8(foldsOf(predicted)),
      'flags.csv': utf8(
        csvText(
          ['patient', 'flag'],
          predicted.patients.flatMap(({ patient, flags }) => flags.map((flag) => [patient, flag])),
        ),
      ),
    },
    metrics: {
      patients: predicted.patients.length,
      flagged: predicted.patients.filter(({ flags }) => flags.length > 0).length,
    },
  };
});

/** One line per patient: the prediction, its spread over the fold models, the modalities used and their expected performance. */
function tableOf({ patients, outcome, metric }: Predicted, { modalities }: Bundle): string {
  const ids = modalities.map(({ id }) => id);
  const spread = (values: readonly number[]): number[] => [
    mean(values),
    populationStd(values),
    Math.min(...values),
    Math.max(...values),
  ];
  const names = outcome.kind === 'binary' ? ['p'] : outcome.horizons.map((years) => `survival_${years}y`);
  const header = [
    'patient',
    ...names.flatMap((name) => [name, `${name}_sd`, `${name}_min`, `${name}_max`]),
    'modalities',
    `expected_${metric}`,
    ...ids.map((id) => `contribution_${id}`),
    'flags',
  ];
  return csvText(
    header,
    patients.map(({ patient, probabilities, survival, modalities: seen, expected, contributions, flags }) => [
      patient,
      ...(probabilities === null ? (survival ?? []).flatMap(spread) : spread(probabilities)),
      seen.join(' '),
      expected,
      ...ids.map((id) => contributions[id] ?? null),
      flags.join('; '),
    ]),
  );
}

/** CSV with a line per patient and fold: the outputs of the fold's model, and its probability or survival estimates. */
function foldsOf({ patients, outcome }: Predicted): string {
  const width = Math.max(1, ...patients.flatMap(({ outputs }) => outputs.map(({ length }) => length)));
  const inTime = outcome.kind === 'timeToEvent';
  const header = [
    'patient',
    'fold',
    ...(width === 1 ? ['output'] : Array.from({ length: width }, (_, k) => `output_${k}`)),
    ...(inTime ? outcome.horizons.map((years) => `survival_${years}y`) : ['logit', 'p']),
  ];
  return csvText(
    header,
    patients.flatMap(({ patient, outputs, probabilities, survival }) =>
      outputs.map((row, fold) => [
        patient,
        fold,
        ...Array.from({ length: width }, (_, k) => row[k] ?? null),
        ...(inTime
          ? (survival ?? []).map((of) => of[fold] ?? null)
          : [logitOf(row), probabilities?.[fold] ?? null]),
      ]),
    ),
  );
}
