import { describe, expect, it } from 'vitest';
import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { summaryFile, summarySchema, type Summary } from '../../src/operators/evaluation/summary-data.js';
import type { Prediction } from '../../src/operators/stage3/prediction-data.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import {
  deceasedOf,
  evaluatedAll,
  inventedCohort,
  inventedIds,
  inventedPredictions,
  predicted,
  stage3Artifact,
  type InputArtifact,
} from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const count = 60;
const folds = 5;
const invented = (methods: readonly string[]): InputArtifact[] =>
  methods.flatMap((method) =>
    Array.from({ length: folds }, (_, fold) =>
      stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count)),
    ),
  );

async function aggregated(
  methods: readonly ('haf' | 'ga' | 'blood')[],
  stage3: readonly InputArtifact[],
  cv: ConfigInput['cv'] = { folds },
): Promise<{ summary: Summary; files: Readonly<Record<string, Uint8Array | object>> }> {
  const { output } = await runStage(aggregate, {
    config: { methods: [...methods], cv },
    inputs: { cohort: [inventedCohort(count)], stage3, evaluate: await evaluatedAll(stage3) },
  });
  return { summary: summarySchema.parse(output.files[summaryFile]), files: output.files };
}

const text = (file: Uint8Array | object | undefined): string => new TextDecoder().decode(file as Uint8Array);

describe('aggregate', () => {
  it('gives one row per method in the order of the config, the paper beside it', async () => {
    const { summary } = await aggregated(['ga', 'haf'], invented(['haf', 'ga']));
    expect(summary.rows.map(({ method, folds }) => [method, folds])).toEqual([
      ['ga', folds],
      ['haf', folds],
    ]);
    expect(summary.rows[1]?.paper).toEqual({
      table: 'Table 1',
      accuracy: [0.745, 0.065],
      auc: [0.739, 0.092],
    });
    expect(summary.cohort).toEqual({
      patients: 60,
      deceased: deceasedOf(60),
      majority: (60 - deceasedOf(60)) / 60,
    });
  });

  it('takes mean and population standard deviation over folds', async () => {
    // Two folds: AUC 1 and 0.5 over two pairs each.
    const stage3 = [
      stage3Artifact('haf', 0, [predicted('004', 1, 1), predicted('001', 0, 0), predicted('002', 0, -1)]),
      stage3Artifact('haf', 1, [predicted('008', 1, 0), predicted('003', 0, 1), predicted('005', 0, -1)]),
    ];
    const { summary } = await aggregated(['haf'], stage3, { folds: 2 });
    expect(summary.rows[0]?.auc).toEqual({ mean: 0.75, std: 0.25, folds: 2 });
    // Pooled: of the living (0, -1, 1, -1) patient 004 beats three and ties one, 008 beats two and ties one.
    expect(summary.rows[0]?.pooledAuc.value).toBe((3.5 + 2.5) / 8);
    expect(summary.rows[0]?.notes).toContain('6 of the 60 patients of the cohort were tested.');
  });

  it('leaves folds without AUC out of the mean and says so', async () => {
    const stage3 = [
      stage3Artifact('haf', 0, [predicted('004', 1, 1), predicted('001', 0, 0)]),
      stage3Artifact('haf', 1, [predicted('002', 0, 1), predicted('003', 0, -1)]),
    ];
    const { summary } = await aggregated(['haf'], stage3, { folds: 2 });
    expect(summary.rows[0]?.auc).toEqual({ mean: 1, std: 0, folds: 1 });
    expect(summary.rows[0]?.accuracy.folds).toBe(2);
    expect(summary.rows[0]?.notes.join(' ')).toMatch(/undefined in fold 1 /);
  });

  it('encloses the pooled AUC in its interval', async () => {
    const stage3 = invented(['haf']);
    const { summary } = await aggregated(['haf'], stage3);
    const { value, ci95 } = summary.rows[0]?.pooledAuc ?? { value: null, ci95: null };
    expect(ci95?.[0]).toBeLessThan(value ?? 0);
    expect(ci95?.[1]).toBeGreaterThan(value ?? 1);
  });

  it('explains an accuracy below the majority class', async () => {
    const tooHigh = (fold: number): Prediction[] =>
      inventedPredictions('haf', fold, folds, count).map((prediction) => ({ ...prediction, p: 0.9 }));
    const stage3 = Array.from({ length: folds }, (_, fold) => stage3Artifact('haf', fold, tooHigh(fold)));
    const { summary } = await aggregated(['haf'], stage3);
    expect(summary.rows[0]?.accuracy.mean).toBeCloseTo(deceasedOf(count) / count, 12);
    expect(summary.rows[0]?.notes).toHaveLength(1);
    expect(summary.rows[0]?.notes[0]).toMatch(
      /^Accuracy is below that of always answering the more frequent class.*calibration/,
    );
  });

  it('refuses a patient who is tested twice', async () => {
    const twice = [
      stage3Artifact('haf', 0, [predicted('004', 1, 1), predicted('001', 0, 0)]),
      stage3Artifact('haf', 1, [predicted('004', 1, 1), predicted('003', 0, -1)]),
    ];
    await expect(aggregated(['haf'], twice, { folds: 2 })).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      context: { method: 'haf', patient: '004' },
    });
  });

  it('refuses methods that were tested on different patients', async () => {
    const [first, ...others] = invented(['ga']);
    const shortened = stage3Artifact('ga', 0, (first?.files['predictions.json'] as Prediction[]).slice(5));
    await expect(
      aggregated(['haf', 'ga'], [...invented(['haf']), shortened, ...others]),
    ).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
    });
  });

  it('scores a patient of a fixed test set once, by the mean probability of the folds', async () => {
    const ids = inventedIds(8);
    const fold = (shift: number): Prediction[] =>
      ids.map((id, i) =>
        predicted(id, id === '004' || id === '008' ? 1 : 0, 0, { p: i === 3 ? shift : 0.1 * i }),
      );
    const stage3 = [stage3Artifact('haf', 0, fold(0.9)), stage3Artifact('haf', 1, fold(0.1))];
    const { summary } = await aggregated(['haf'], stage3, { folds: 2, mode: 'fixedTest' });
    // Living: 0, 0.1, 0.2, 0.4, 0.5, 0.6. 004 has 0.5 on average: beats four, ties one; 008 beats all six.
    expect(summary.rows[0]?.pooledAuc.value).toBe((4.5 + 6) / 12);
    expect(summary.rows[0]?.notes.join(' ')).toMatch(/^Fixed test set: all folds score the same 8 patients/);
  });

  it('writes the table for people, papers and programs', async () => {
    const { summary, files } = await aggregated(['haf', 'blood'], invented(['haf', 'blood']));
    const markdown = text(files['summary.md']);
    expect(markdown.split('\n').filter((line) => /^\| (HAF|Blood) /.test(line))).toHaveLength(2);
    expect(markdown).toContain('0.739 ± 0.092');
    expect(text(files['summary.tex'])).toContain('0.739 $\\pm$ 0.092');
    const [header, haf] = text(files['summary.csv'])
      .split('\n')
      .map((line) => line.split(','));
    expect(haf).toHaveLength(header?.length ?? 0);
    expect(Number(haf?.[header?.indexOf('aucMean') ?? -1])).toBe(summary.rows[0]?.auc.mean);
  });

  it('has rows without numbers when no fold is there', async () => {
    const { summary, files } = await aggregated(['haf'], []);
    expect(summary.rows[0]).toMatchObject({
      folds: 0,
      auc: { mean: null, folds: 0 },
      pooledAuc: { value: null, ci95: null },
    });
    expect(text(files['summary.md'])).toContain('| HAF | 0 | - |');
  });
});
