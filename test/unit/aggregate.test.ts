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
  inventedOutcome,
  inventedPredictions,
  inventedRobustness,
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
  methods: NonNullable<ConfigInput['methods']>,
  stage3: readonly InputArtifact[],
  cv: ConfigInput['cv'] = { folds },
  more: Partial<ConfigInput> = {},
): Promise<{ summary: Summary; files: Readonly<Record<string, Uint8Array | object>> }> {
  const settings = { methods: [...methods], cv, ...more };
  const { output } = await runStage(aggregate, {
    config: settings,
    inputs: { cohort: [inventedCohort(count)], stage3, evaluate: await evaluatedAll(stage3, settings) },
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
      positive: deceasedOf(60),
      majority: (60 - deceasedOf(60)) / 60,
    });
  });

  it('takes mean and population standard deviation over folds', async () => {
    // Each fold has two pairs of a deceased and a living patient. Fold 0 has AUC 1, fold 1 has AUC 0.5.
    const stage3 = [
      stage3Artifact('haf', 0, [predicted('004', 1, 1), predicted('001', 0, 0), predicted('002', 0, -1)]),
      stage3Artifact('haf', 1, [predicted('008', 1, 0), predicted('003', 0, 1), predicted('005', 0, -1)]),
    ];
    const { summary } = await aggregated(['haf'], stage3, { folds: 2 });
    expect(summary.rows[0]?.auc).toEqual({ mean: 0.75, std: 0.25, folds: 2 });
    // Over both folds, the living patients have the scores 0, -1, 1 and -1. 004 (deceased) outranks three of them and
    // ties with the fourth. 008 (deceased) outranks two of them and ties with a third.
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

  it('copes with a method whose AUC is undefined in every fold', async () => {
    const fold = (method: string, k: number, y: 0 | 1, ids: readonly string[]) =>
      stage3Artifact(
        method,
        k,
        ids.map((id, i) => predicted(id, y, method === 'haf' ? y + i : -i)),
      );
    const stage3 = ['haf', 'ps3'].flatMap((method) => [
      fold(method, 0, 1, ['004', '008', '015']),
      fold(method, 1, 0, ['001', '002', '003']),
    ]);
    const settings = { stats: { bootstrap: 10, pooling: 'foldMean' as const } };
    const { summary, files } = await aggregated(['haf', 'ps3'], stage3, { folds: 2 }, settings);
    expect(summary.rows[0]).toMatchObject({
      auc: { mean: null, std: null, folds: 0 },
      accuracy: { folds: 2 },
      pooledAuc: { value: expect.closeTo(7 / 9, 12) as number },
    });
    expect(summary.rows[0]?.notes.join(' ')).toMatch(/undefined in folds 0, 1 /);
    expect(summary.comparisons[0]).toMatchObject({ patients: 6, auc: null });
    expect(text(files['summary.md'])).toMatch(/^\| HAF \| 2 \| 0\.\d{3} ± 0\.\d{3} \| - \| - \| 0\.778 \[/m);
    expect(text(files['summary.csv'])).not.toMatch(/NaN|undefined/);
    // With `pooling: pooled` (the default), the patients of all folds are ranked together. Then the AUCs of the methods
    // are defined and can be compared.
    const pooled = await aggregated(['haf', 'ps3'], stage3, { folds: 2 }, { stats: { bootstrap: 10 } });
    expect(pooled.summary.comparisons[0]?.auc?.difference).toBeCloseTo(7 / 9 - 0.5, 12);
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
    expect(summary.rows[0]?.notes).toHaveLength(2);
    expect(summary.rows[0]?.notes[0]).toMatch(
      /^Accuracy is below that of always answering the more frequent class.*calibration/,
    );
    expect(summary.rows[0]?.notes[1]).toMatch(/^Fold 4: Platt scaling has a negative slope/);
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

  it('refuses a patient who is tested twice in one of several repeats', async () => {
    const fold = (k: number, ...ids: string[]) =>
      stage3Artifact(
        'haf',
        k,
        ids.map((id) => predicted(id, 0, 1)),
      );
    const stage3 = [fold(0, '001'), fold(1, '002'), fold(2, '002', '001'), fold(3, '002')];
    await expect(aggregated(['haf'], stage3, { folds: 2, repeats: 2 })).rejects.toMatchObject({
      code: 'HAF_SPLIT_INVALID',
      context: { method: 'haf', patient: '002' },
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
    // The mean scores of the living are 0, 0.1, 0.2, 0.4, 0.5 and 0.6. 004 (deceased) has the mean 0.5: it outranks
    // four of them and ties with a fifth. 008 (deceased) outranks all six.
    expect(summary.rows[0]?.pooledAuc.value).toBe((4.5 + 6) / 12);
    expect(summary.rows[0]?.notes.join(' ')).toMatch(/^Fixed test set: all folds score the same 8 patients/);
  });

  it('takes the mean of the folds of each repeat, then how these means spread', async () => {
    // Folds 0 and 1 are the first repeat, 2 and 3 the second; fold 3 tests one class only.
    const test = (fold: number, deceased: number, living: number, y: 0 | 1 = 1): InputArtifact =>
      stage3Artifact('haf', fold, [
        predicted(fold % 2 === 0 ? '004' : '008', y, deceased),
        predicted(fold % 2 === 0 ? '001' : '002', 0, living),
      ]);
    const stage3 = [test(0, 1, -1), test(1, -2, -1), test(2, 1, -1), test(3, 2, 1, 0)];
    const { summary, files } = await aggregated(['haf'], stage3, { folds: 2, repeats: 2 });
    const [row] = summary.rows;
    expect(row?.folds).toBe(4);
    // AUC of the folds: 1 and 0 in the first repeat, 1 and undefined in the second. Accuracy: 1 and 0.5, then 1 and 0.
    expect(row?.repeats).toEqual({
      auc: [0.5, 1],
      accuracy: [0.75, 0.5],
      aucSpread: { mean: 0.75, std: 0.25, folds: 2 },
      accuracySpread: { mean: 0.625, std: 0.125, folds: 2 },
    });
    expect(row?.notes.join(' ')).toContain('2 repeats of the cross-validation');
    expect(row?.notes.join(' ')).not.toContain('folds are in this row');
    const [header, line] = text(files['summary.csv']).split('\n');
    expect(line?.split(',')[header?.split(',').indexOf('repeatsAucStd') ?? -1]).toBe('0.25');
  });

  it('scores a patient tested once in each repeat by the mean probability', async () => {
    // In the first repeat, 004 has a lower score (0.3) than 001 (0.4). Over both repeats, the mean of 004 is 0.5, which
    // is higher than the 0.4 of 001.
    const fold = (k: number, p: number) =>
      stage3Artifact('haf', k, [predicted('004', 1, 0, { p }), predicted('001', 0, 0, { p: 0.4 })]);
    const stage3 = [fold(0, 0.3), fold(2, 0.7)];
    const { summary } = await aggregated(['haf'], stage3, { folds: 2, repeats: 2 });
    expect(summary.rows[0]?.pooledAuc.value).toBe(1);
    expect(summary.rows[0]?.calibration.bins).toEqual([
      { from: 0.4, to: 0.5, patients: 1, predicted: 0.4, observed: 0 },
      { from: 0.5, to: 0.6, patients: 1, predicted: 0.5, observed: 1 },
    ]);
    expect(summary.rows[0]?.calibration.ece).toBeCloseTo((0.4 + 0.5) / 2, 12);
  });

  it('names methods that the modalities of the experiment do not allow, and gives them no numbers', async () => {
    const { summary, files } = await aggregated(
      ['haf', 'blood', 'mdlm', 'icd'],
      invented(['haf', 'mdlm']),
      undefined,
      {
        modalities: ['Clin', 'Path'],
        cohort: { require: [] },
      },
    );
    expect(summary.rows.map(({ method }) => method)).toEqual(['haf', 'mdlm']);
    expect(summary.skipped).toEqual([
      {
        method: 'blood',
        title: 'Blood',
        reason: 'needs the table Blood, which the experiment does not have (tables: Clin, Path)',
      },
      {
        method: 'icd',
        title: 'ICD codes',
        reason: 'needs the table ICD, which the experiment does not have (tables: Clin, Path)',
      },
    ]);
    expect(text(files['summary.md'])).toMatch(/^\| Blood \| skipped \| - \|/m);
    expect(text(files['summary.md'])).toContain(
      '- Blood: skipped: needs the table Blood, which the experiment does not have (tables: Clin, Path).',
    );
    expect(text(files['summary.tex'])).toMatch(/^ICD codes & skipped & - /m);
    const lines = text(files['summary.csv']).trimEnd().split('\n');
    const widths = lines.map((line) => line.replaceAll(/"[^"]*"/g, '').split(',').length);
    expect(new Set(widths).size).toBe(1);
    expect(lines.at(-1)).toMatch(/^icd,ICD codes,0,+"needs the table ICD, which/);
  });

  it('puts the robustness of all folds side by side, for methods with embeddings', async () => {
    const { summary } = await aggregated(['haf', 'blood'], invented(['haf', 'blood']));
    const [haf, blood] = summary.rows;
    expect(blood?.robustness).toBeNull();
    expect(haf?.robustness?.rho).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(haf?.robustness?.auc).toHaveLength(11);
    const expected = [0, 1, 2, 3, 4].map((fold) => inventedRobustness(fold).drop[4]?.auc);
    expect(haf?.robustness?.auc[4]).toEqual(expected);
    expect(haf?.robustness?.accuracy[4]).toEqual([0.6, 0.61, 0.62, 0.63, 0.64]);
    const [withoutClin] = haf?.robustness?.withoutOne ?? [];
    expect(withoutClin?.modality).toBe('Clin');
    expect(withoutClin?.auc.mean).toBeCloseTo(0.57, 12);
    expect(withoutClin?.auc.std).toBeCloseTo(Math.sqrt(2) / 100, 12);
    expect(withoutClin?.accuracy).toEqual({ mean: 0.5, std: 0, folds: 5 });
    expect(haf?.robustness?.onlyOne[1]?.auc.mean).toBeCloseTo(0.55, 12);
  });

  it('writes the table for people, papers and programs', async () => {
    const { summary, files } = await aggregated(['haf', 'blood'], invented(['haf', 'blood']));
    const markdown = text(files['summary.md']);
    // The three tables: results, results after calibration, and results at the chosen thresholds.
    const rowsOf = (table: string | undefined): readonly string[] =>
      (table ?? '').split('\n').flatMap((line) => /^\| (HAF|Blood) /.exec(line)?.[1] ?? []);
    const tables = markdown.split(/^\| Method /m).slice(1);
    expect(tables.map(rowsOf)).toEqual(Array(3).fill(['HAF', 'Blood']));
    expect(markdown).toContain('0.739 ± 0.092');
    expect(text(files['summary.tex'])).toContain('0.739 $\\pm$ 0.092');
    expect(markdown).toContain('| ECE |');
    const [header, haf] = text(files['summary.csv'])
      .split('\n')
      .map((line) => line.split(','));
    expect(haf).toHaveLength(header?.length ?? 0);
    expect(Number(haf?.[header?.indexOf('aucMean') ?? -1])).toBe(summary.rows[0]?.auc.mean);
  });

  it('shows what calibration on validation patients changes', async () => {
    // Twenty validation patients for each fold. Of those with score -1, one in ten has the event; of those with score
    // 1, one in two. Each fold adds its own offset to the scores.
    const ids = inventedIds(60);
    const val = (offset: number): Prediction[] =>
      Array.from({ length: 20 }, (_, i) =>
        predicted(`v${i}`, i % 2 === 0 ? (i < 2 ? 1 : 0) : i < 10 ? 1 : 0, offset + (i % 2 === 0 ? -1 : 1), {
          split: 'val',
        }),
      );
    const tests = [ids.slice(0, 30), ids.slice(30)];
    const stage3 = tests.map((tested, fold) =>
      stage3Artifact('haf', fold, [
        ...val(10 * fold),
        ...tested.map((id, i) => {
          const y = inventedOutcome(id);
          return predicted(id, y, 10 * fold + (i % 4 === 0 ? -1 : 1) * (y === 1 ? 1 : -1));
        }),
      ]),
    );
    const isotonic = await aggregated(['haf'], stage3, { folds: 2 }, { calibration: 'isotonic' });
    const row = isotonic.summary.rows[0];
    // Isotonic regression gives both folds the same two probabilities, so their patients become comparable.
    expect(row?.calibrated).toMatchObject({
      maps: [{ kind: 'isotonic', folds: 2 }],
      threshold: { mean: 0.5, std: 0, folds: 2 },
    });
    const right = tests.map((tested) =>
      tested.flatMap((id, i) => {
        const high = (i % 4 === 0 ? -1 : 1) * (inventedOutcome(id) === 1 ? 1 : -1) > 0;
        return [{ y: inventedOutcome(id), p: high ? 0.5 : 0.1 }];
      }),
    );
    const brier = right.map((fold) => fold.reduce((sum, { y, p }) => sum + (p - y) ** 2, 0) / fold.length);
    expect(row?.calibrated?.brier.mean).toBeCloseTo(((brier[0] ?? 0) + (brier[1] ?? 0)) / 2, 12);
    expect(row?.calibrated?.brier.mean).toBeLessThan(row?.brier.mean ?? 0);
    const pairs = right
      .flat()
      .filter(({ y }) => y === 1)
      .flatMap(({ p }) =>
        right
          .flat()
          .filter(({ y }) => y === 0)
          .map((other) => (p > other.p ? 1 : p === other.p ? 0.5 : 0)),
      );
    expect(row?.calibrated?.pooledAuc.value).toBeCloseTo(
      pairs.reduce<number>((sum, won) => sum + won, 0) / pairs.length,
      12,
    );
    expect(row?.calibrated?.pooledAuc.value).toBeGreaterThan(row?.pooledAuc.value ?? 1);
    // Calibration does not change the numbers that are compared with the paper.
    const none = await aggregated(['haf'], stage3, { folds: 2 }, { calibration: 'none' });
    for (const metric of ['accuracy', 'brier', 'ece', 'auc', 'pooledAuc'] as const)
      expect(none.summary.rows[0]?.[metric]).toEqual(row?.[metric]);
    expect(none.summary.rows[0]?.calibrated?.brier).toEqual(row?.brier);
    expect(text(isotonic.files['summary.tex']).match(/begin\{tabular\}/g)).toHaveLength(3);
    const lines = text(isotonic.files['summary.csv'])
      .split('\n')
      .map((line) => line.split(','));
    expect(Number(lines[1]?.[lines[0]?.indexOf('calibratedBrierMean') ?? -1])).toBe(
      row?.calibrated?.brier.mean,
    );
  });

  it('marks a number that the paper only quotes', async () => {
    const { files } = await aggregated(['tma_clam'], invented(['tma_clam']));
    expect(text(files['summary.md'])).toMatch(/\| 0\.\d{3} \(quoted\) \|/);
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
