import { describe, expect, it } from 'vitest';
import { classicModelSchema } from '../../src/operators/classic/model-data.js';
import { meanRow } from '../../src/operators/classic/bag-means.js';
import { modelOutputs } from '../../src/operators/classic/model-outputs.js';
import type { PatientInputs } from '../../src/operators/classic/patient-inputs.js';
import { fitStack } from '../../src/operators/classic/fit-stack.js';
import { combinedColumns, meansMatrix } from '../../src/operators/classic/stack-scores.js';
import { predictionsSchema } from '../../src/operators/stage3/prediction-data.js';
import { foldRobustnessSchema } from '../../src/operators/stage3/robustness-data.js';
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

/** `Clin` lacks the last ten patients, and `Path` lacks every fifth patient. Two patients have neither table. */
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

/** Two instances of three numbers for half of the patients of the first table. The mean of the first number tells the class. */
const width = 3;
const bagged = tables.Clin.patients.filter((_, i) => i % 2 === 0);
const instances = Float32Array.from(
  bagged.flatMap((id) =>
    [-1, 1].flatMap((by) => [
      (labels[ids.indexOf(id)] ?? NaN) + by + random.normal() / 2,
      by,
      7 * random.normal(),
    ]),
  ),
);
const bags = {
  modality: 'TMA',
  width,
  means: new Map(
    bagged.map((id, at) => [id, meanRow(instances.subarray(2 * at * width, 2 * (at + 1) * width), width)]),
  ),
};

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
      ...(method === 'stack' && {
        bags: [
          {
            ...{ id: 'bags', unit: { modality: 'TMA' } },
            files: {
              'patient-bags.json': {
                ...{ width, precision: 'float32' },
                patients: Object.fromEntries(
                  bagged.map((id, at) => [id, [{ artifact: 'features', start: 2 * at, rows: 2 }]]),
                ),
              },
            },
          },
        ],
        embed: [{ id: 'features', files: { 'features.f32': new Uint8Array(instances.buffer) } }],
      }),
    },
  });
  return {
    files: output.files,
    // The model as another process reads it from JSON.
    model: classicModelSchema.parse(JSON.parse(JSON.stringify(output.files['model.json']))),
  };
}

const inputsOf = (patients: readonly string[]): PatientInputs => ({
  patients,
  tables: Object.entries(tables).map(([modality, table]) => ({ modality, table })),
  bags: [bags],
});

describe.each(['ridge', 'forest', 'stack'])('the row %s', (method) => {
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
    const robustness = foldRobustnessSchema.parse(files['robustness.json']);
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

describe('a stack', () => {
  it('reads bags by their mean instance and uses them: without the bags it ranks worse', async () => {
    const { files, model } = await row('stack', 'binary');
    if (model.kind !== 'stack') expect.unreachable();
    expect(model.parts.map(({ from, modality }) => `${from} ${modality}`)).toEqual([
      'table Clin',
      'table Path',
      'bag TMA',
    ]);
    expect(bags.means.get(bagged[3] ?? '')?.[1]).toBe(0);
    const own = bagged.filter((id) => ids.indexOf(id) % 3 === 2);
    const classes = own.map((id) => labels[ids.indexOf(id)] as 0 | 1);
    const aucOf = (inputs: PatientInputs) => auc(classes, [...modelOutputs(model, inputs)]) ?? NaN;
    expect(aucOf(inputsOf(own))).toBeGreaterThan(aucOf({ ...inputsOf(own), bags: [] }));
    expect(
      foldRobustnessSchema.parse(files['robustness.json']).onlyOne.map(({ modality }) => modality),
    ).toEqual([...['Clin', 'Path', 'TMA']]);
  });

  it('has a score for every subset of modalities, and none that depends on a hidden one', async () => {
    const { model } = await row('stack', 'binary');
    const seen = ['Clin', 'Path', 'TMA'].map((hidden) => {
      const open = (_: number, modality: string): boolean => modality !== hidden;
      const all = modelOutputs(model, inputsOf(bagged), open);
      const gone: PatientInputs = {
        patients: bagged,
        tables: inputsOf([]).tables.filter(({ modality }) => modality !== hidden),
        bags: hidden === 'TMA' ? [] : [bags],
      };
      expect([...modelOutputs(model, gone)]).toEqual([...all]);
      return all[0];
    });
    expect(new Set(seen).size).toBe(3);
  });

  it('combines logits above the base rate, 0 for a missing modality', () => {
    expect([
      ...combinedColumns(
        [
          [1, null],
          [null, -2],
        ],
        -0.5,
      ).values,
    ]).toEqual([1.5, 0, 0, -1.5]);
  });

  it('gives no modality a weight below 0: scores that rank in the wrong direction have no influence', () => {
    const stream = rng(2, 'noise');
    const noise = {
      ...{ modality: 'noise', width: 2 },
      means: new Map(ids.map((id) => [id, Float64Array.from([stream.normal(), stream.normal()])])),
    };
    const { model } = fitStack(
      { ...inputsOf(ids), bags: [noise] },
      labels,
      ...([0, { folds: rng(1, 'folds'), drop: rng(1, 'drop') }] as const),
    );
    expect(Math.min(...model.combination.coefficients)).toBeGreaterThanOrEqual(0);
    expect(model.combination.coefficients).toHaveLength(3);
    expect(Math.max(...model.combination.coefficients)).toBeGreaterThan(0.1);
  });

  it('is refused when its file has other weights than parts, as files of an earlier form', async () => {
    const { model } = await row('stack', 'binary');
    if (model.kind !== 'stack') expect.unreachable();
    const { combination } = model;
    const marked = { ...combination, coefficients: combination.coefficients.flatMap((own) => [own, 0]) };
    expect(classicModelSchema.safeParse(model).success).toBe(true);
    expect(classicModelSchema.safeParse({ ...model, combination: marked }).error?.message).toContain(
      'another number of weights than of parts',
    );
  });

  it('refuses a bag of another width', () => {
    expect(() => meansMatrix(new Map([['a', new Float64Array(4)]]), ['a'], 3)).toThrow(
      '4 values where the model reads 3',
    );
  });

  it('leaves out a modality that too few of a class have, and says so', () => {
    const y = labels.slice(0, 40);
    const few = { modality: 'rare', width: 1, means: new Map([[ids[0] ?? '', Float64Array.of(1)]]) };
    const { model, notes } = fitStack(
      { ...inputsOf(ids.slice(0, 40)), bags: [few] },
      ...([y, 0, { folds: rng(1, 'folds'), drop: rng(1, 'drop') }] as const),
    );
    expect(model.parts.map(({ modality }) => modality)).toEqual(['Clin', 'Path']);
    expect(notes[0]).toBe(
      'rare: fewer than two training patients of a class have this modality; the method does not use it',
    );
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
