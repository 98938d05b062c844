import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { summaryFile, summarySchema } from '../../src/operators/evaluation/summary-data.js';
import { dividingColumns } from '../../src/operators/subgroups/subgroup-columns.js';
import type { TypedTable } from '../../src/operators/tables/typed-table.js';
import { typedTableFiles } from '../../src/operators/tables/typed-table-data.js';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedIds,
  inventedOutcome,
  inventedPredictions,
  stage3Artifact,
  type InputArtifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const count = 60;
const ids = inventedIds(count);

/** A table with a row for every patient. The sex of the last two patients is missing. */
const clin: TypedTable = {
  columns: [
    { name: 'sex', kind: 'binary', categories: ['female', 'male'], inferred: false },
    { name: 'age', kind: 'numeric', inferred: false },
    { name: 'stage', kind: 'ordinal', categories: ['low', 'high'], inferred: false },
  ],
  patients: ids,
  cells: Float64Array.from(
    ids.flatMap((_, i) => [i >= count - 2 ? Number.NaN : i % 2, 30 + i, i < 5 ? 1 : 0]),
  ),
};
/** A table with a row for the first 45 patients only. */
const blood: TypedTable = {
  columns: [{ name: 'sodium', kind: 'numeric', inferred: false }],
  patients: ids.slice(0, 45),
  cells: Float64Array.from(ids.slice(0, 45), (_, i) => i),
};
const artifact = (modality: string, table: TypedTable): InputArtifact => ({
  ...{ id: `tables-${modality}`, unit: { modality } },
  files: typedTableFiles(table),
});

const subgroups = ['Clin.sex', { column: 'Clin.age', bands: [50, 70] }, 'Clin.stage'];

async function summarised() {
  const folds = 5;
  const stage3 = ['haf', 'drop'].flatMap((method) =>
    Array.from({ length: folds }, (_, fold) =>
      stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count)),
    ),
  );
  const config = {
    ...{ methods: ['haf', 'drop'], modalities: ['Clin', 'Blood'], cohort: { require: [] } },
    ...{ cv: { folds }, clip: { anchor: 'Clin' }, stats: { subgroups, bootstrap: 10 } },
  };
  const { output } = await runStage(aggregate, {
    config,
    inputs: {
      cohort: [inventedCohort(count)],
      stage3,
      evaluate: await evaluatedAll(stage3, config),
      tables: [artifact('Clin', clin), artifact('Blood', blood)],
    },
  });
  return {
    stage3,
    summary: summarySchema.parse(output.files[summaryFile]),
    csv: new TextDecoder()
      .decode(output.files['subgroups.csv'] as Uint8Array)
      .trim()
      .split('\n'),
  };
}

describe('subgroups of the test patients', () => {
  it('have the numbers of their own patients', async () => {
    const { summary, stage3 } = await summarised();
    const [sex] = summary.subgroups;
    expect(sex?.variable).toBe('Clin.sex');
    expect(sex?.groups.map(({ group, patients, suppressed }) => [group, patients, suppressed])).toEqual([
      ['female', 29, null],
      ['male', 29, null],
      ['missing', 2, 'fewer than 10 patients'],
    ]);
    const female = new Set(ids.filter((_, i) => i < count - 2 && i % 2 === 0));
    const tested = stage3
      .filter(({ unit }) => unit.method === 'drop')
      .flatMap(
        ({ files }) =>
          files['predictions.json'] as {
            patient: string;
            split: string;
            y: 0 | 1;
            p: number;
            logit: number;
          }[],
      )
      .filter(({ patient, split }) => split === 'test' && female.has(patient));
    const [events, others] = [1, 0].map((y) => tested.filter((one) => one.y === y));
    const group = sex?.groups[0];
    expect(group?.events).toBe(events?.length);
    const won = (events ?? []).flatMap((a) => (others ?? []).map((b) => Number(a.logit > b.logit)));
    const drop = group?.methods.find(({ method }) => method === 'drop');
    expect(drop?.score.value).toBeCloseTo(won.reduce((sum, one) => sum + one, 0) / won.length, 12);
    expect(drop?.score.ci95?.[0]).toBeLessThan(drop?.score.value ?? 0);
    expect(drop?.brier).toBeCloseTo(tested.reduce((sum, { p, y }) => sum + (p - y) ** 2, 0) / 29, 12);
    expect(drop?.accuracy).toBeCloseTo(tested.filter(({ p, y }) => p >= 0.5 === (y === 1)).length / 29, 12);
  });

  it('are cut at the bands, and suppressed where small or of one outcome', async () => {
    const { summary, csv } = await summarised();
    const [, age, stage] = summary.subgroups;
    expect(age?.groups.map(({ group, patients }) => [group, patients])).toEqual([
      ['below 50', 20],
      ['50 to below 70', 20],
      ['70 and above', 20],
    ]);
    expect(
      stage?.groups.map(({ group, suppressed, events, methods }) => [
        group,
        suppressed,
        events,
        methods.length,
      ]),
    ).toEqual([
      ['low', null, ids.slice(5).filter((id) => inventedOutcome(id) === 1).length, 2],
      ['high', 'fewer than 10 patients', null, 0],
    ]);
    expect(csv[0]).toBe(
      'variable,group,patients,events,suppressed,method,auc,aucLow95,aucHigh95,accuracy,brier',
    );
    expect(csv).toContain('Clin.sex,missing,2,,fewer than 10 patients,,,,,,');
    expect(csv.filter((line) => line.startsWith('Clin.sex,female,29,'))).toHaveLength(2);
  });

  it('include the modalities that patients have, the most frequent set first', async () => {
    const { summary } = await summarised();
    const pattern = summary.subgroups.at(-1);
    expect(pattern?.variable).toBe('modalities');
    expect(pattern?.groups.map(({ group, patients }) => [group, patients])).toEqual([
      ['Clin + Blood', 45],
      ['Clin', 15],
    ]);
  });
});

describe('the columns of stats.subgroups', () => {
  const problem = (asked: readonly (string | { column: string; bands: number[] })[]): string => {
    const { config } = loadConfig({ text: 'name: x' });
    const stats = {
      ...config.stats,
      subgroups: asked.map((one) => (typeof one === 'string' ? one : { ...one })),
    };
    try {
      dividingColumns({ ...config, stats }, new Map([['Clin', clin]]));
      return '';
    } catch (error) {
      return (error as HafError).what;
    }
  };

  it('must exist: the error names those there are', () => {
    expect(problem(['Clin.sx'])).toBe(
      'stats.subgroups: table Clin has no column "sx"; did you mean "sex"? Its columns: "sex", "age", "stage".',
    );
  });

  it('need bands for many numbers, and have none for words', () => {
    expect(problem(['Clin.age'])).toMatch(/Clin\.age is numeric with 60 different values: give it bands/);
    expect(problem([{ column: 'Clin.sex', bands: [1] }])).toMatch(/words for values, and bands need numbers/);
    expect(problem(['Clin.sex', { column: 'Clin.age', bands: [40] }])).toBe('');
  });

  it.each([
    [
      '[Clni.sex]',
      /stats\.subgroups\[0\]: "Clni\.sex" names no column of a declared table.*did you mean table "Clin"/,
    ],
    ['[WSI.x]', /names no column of a declared table/],
    ['[Clin.sex, Clin.sex]', /stats\.subgroups\[1\]: "Clin\.sex" is listed twice/],
    ['[{column: Clin.age, bands: [70, 60]}]', /stats\.subgroups\[0\]\.bands: must ascend/],
  ])('%s is refused before a file is read', (text, wanted) => {
    expect(() => loadConfig({ text: `name: x\nstats: { subgroups: ${text} }` })).toThrow(wanted);
  });
});
