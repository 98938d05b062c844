import { describe, expect, it } from 'vitest';
import { classicModelSchema } from '../../src/operators/classic/model-data.js';
import { modelOutputs, type PatientInputs } from '../../src/operators/classic/model-outputs.js';
import { predictionsSchema } from '../../src/operators/stage3/prediction-data.js';
import { robustnessSchema } from '../../src/operators/stage3/robustness-data.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { auc } from '../../src/operators/stats/auc.js';
import { tiedScores } from '../../src/operators/stats/tied-scores.js';
import { survivalPredictionsSchema } from '../../src/operators/survival/survival-prediction-data.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { typedTableFiles } from '../../src/operators/tables/typed-table-data.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { runStage, type ArtifactFiles } from '../support/run-stage.js';

const ids = Array.from({ length: 90 }, (_, i) => `p${String(i).padStart(2, '0')}`);
const random = rng(11, 'patients');
const age = ids.map(() => 60 + 10 * random.normal());
const grade = ids.map(() => random.int(3));
const labels = ids.map((_, i): 0 | 1 =>
  (age[i] ?? NaN) + 6 * (grade[i] ?? NaN) + 6 * random.normal() > 67 ? 1 : 0,
);

/** The first table of all but the last ten patients, the second of every patient but each fifth; two patients have none. */
const tables = {
  Clin: {
    columns: [
      { name: 'age', kind: 'numeric', inferred: true },
      { name: 'noise', kind: 'numeric', inferred: true },
    ],
    patients: ids.slice(0, 80),
    cells: Float64Array.from(
      ids.slice(0, 80).flatMap((_, i) => [age[i] ?? NaN, i % 7 === 0 ? NaN : random.normal()]),
    ),
  },
  Path: {
    columns: [{ name: 'grade', kind: 'nominal', categories: ['low', 'middle', 'high'], inferred: true }],
    patients: ids.filter((_, i) => i % 5 !== 0),
    cells: Float64Array.from(grade.filter((_, i) => i % 5 !== 0)),
  },
} satisfies Record<string, TypedTable>;
const unseen = ids.filter((id) => !tables.Clin.patients.includes(id) && !tables.Path.patients.includes(id));

const cohort: ArtifactFiles = {
  'cohort.json': {
    outcome: { positive: 'dead', negative: 'alive', column: 'status' },
    patients: ids.map((id, i) => ({ id, y: labels[i], followUpDays: 100 + ((37 * i) % 900) })),
  },
};
const split: ArtifactFiles = {
  'splits.json': {
    hash: 'x',
    folds: [
      {
        train: ids.filter((_, i) => i % 3 !== 2),
        val: ids.filter((_, i) => i % 6 === 2),
        test: ids.filter((_, i) => i % 6 === 5),
      },
    ],
  },
};

async function row(method: string, kind: 'binary' | 'timeToEvent') {
  const { output } = await runStage(stage3, {
    config: { data: { outcome: { kind } }, methods: [method] },
    unit: { fold: 0, method },
    inputs: {
      cohort: [{ id: 'cohort', files: cohort }],
      split: [{ id: 'split', files: split }],
      tables: Object.entries(tables).map(([modality, table]) => ({
        ...{ id: modality, unit: { modality }, files: typedTableFiles(table) },
      })),
    },
  });
  return {
    files: output.files,
    // As another process reads it.
    model: classicModelSchema.parse(JSON.parse(JSON.stringify(output.files['model.json']))),
  };
}

const inputsOf = (patients: readonly string[]): PatientInputs => ({
  patients,
  tables: Object.entries(tables).map(([modality, table]) => ({ modality, table })),
});

describe.each(['ridge'])('the row %s', (method) => {
  const trained = row(method, 'binary');

  it('scores every validation and test patient, and the model that was written gives the same bits, one by one', async () => {
    const { files, model } = await trained;
    const predictions = predictionsSchema.parse(files['predictions.json']);
    expect(predictions.map(({ patient }) => patient)).toEqual(ids.filter((_, i) => i % 3 === 2));
    for (const { patient, logit } of predictions)
      expect(modelOutputs(model, inputsOf([patient]))[0]).toBe(logit);
  });

  it('learns', async () => {
    const predictions = predictionsSchema.parse((await trained).files['predictions.json']);
    expect(
      auc(
        predictions.map(({ y }) => y),
        predictions.map(({ logit }) => logit),
      ),
    ).toBeGreaterThan(0.75);
  });

  it('gives the base rate of the training patients to a patient without a row, and says that it saw nothing', async () => {
    const { files, model } = await trained;
    const predictions = predictionsSchema.parse(files['predictions.json']);
    const train = ids.map((_, i) => i).filter((i) => i % 3 !== 2);
    const positive = train.filter((i) => labels[i] === 1).length;
    const base = Math.log(positive / (train.length - positive));
    const odd = predictions.filter(({ observed }) => !observed);
    expect(odd.map(({ patient }) => patient)).toEqual(unseen.filter((id) => ids.indexOf(id) % 3 === 2));
    for (const { logit } of odd) expect(logit).toBeCloseTo(base, 12);
    expect(modelOutputs(model, { patients: ['stranger'], tables: [] })[0]).toBeCloseTo(base, 12);
  });

  it('is tested with tables hidden, as the written model scores them', async () => {
    const { files, model } = await trained;
    const robustness = robustnessSchema.parse(files['robustness.json']);
    expect(robustness.drop.map(({ rho }) => rho)).toEqual(Array.from({ length: 11 }, (_, i) => i / 10));
    const test = ids.filter((_, i) => i % 6 === 5);
    const classes = test.map((id) => labels[ids.indexOf(id)] as 0 | 1);
    const aucWhen = (open: (modality: string) => boolean) =>
      auc(classes, tiedScores([...modelOutputs(model, inputsOf(test), (_, modality) => open(modality))]));
    expect(robustness.drop[0]?.auc).toBe(aucWhen(() => true));
    expect(robustness.drop[10]?.auc).toBe(0.5);
    for (const { modality, auc: without } of robustness.withoutOne)
      expect(without).toBe(aucWhen((one) => one !== modality));
    for (const { modality, auc: alone } of robustness.onlyOne)
      expect(alone).toBe(aucWhen((one) => one === modality));
  });

  it('gives the same files again', async () => {
    expect((await row(method, 'binary')).files).toEqual((await trained).files);
  });
});

describe.each(['cox_ridge', 'kaplan_meier'])('the row %s', (method) => {
  it('writes a model that gives the same bits', async () => {
    const { files, model } = await row(method, 'timeToEvent');
    const { patients, model: curve } = survivalPredictionsSchema.parse(files['survival.json']);
    expect(patients).toHaveLength(ids.length);
    if (!('curve' in model)) expect.unreachable();
    expect(model.curve).toEqual(curve);
    for (const { patient, outputs } of patients)
      expect(modelOutputs(model, inputsOf([patient]))[0]).toBe(outputs[0]);
  });
});

it('refuses training patients of one class', async () => {
  await expect(
    runStage(stage3, {
      config: { methods: ['ridge'] },
      unit: { fold: 0, method: 'ridge' },
      inputs: {
        cohort: [
          {
            id: 'cohort',
            files: {
              'cohort.json': {
                outcome: { positive: 'dead', negative: 'alive', column: 'status' },
                patients: ids.map((id) => ({ id, y: 0, followUpDays: null })),
              },
            },
          },
        ],
        split: [{ id: 'split', files: split }],
        tables: [{ id: 'Clin', unit: { modality: 'Clin' }, files: typedTableFiles(tables.Clin) }],
      },
    }),
  ).rejects.toThrow('all of one class');
});
