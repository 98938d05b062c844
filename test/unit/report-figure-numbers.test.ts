import { describe, expect, it } from 'vitest';
import type { RowRobustness, SummaryRow } from '../../src/operators/evaluation/summary-data.js';
import type { LatentMap } from '../../src/operators/latent/latent-data.js';
import { latentFigure } from '../../src/operators/report/latent-figure.js';
import { latentHeatmapFigure } from '../../src/operators/report/latent-heatmap-figure.js';
import { oneModalityFigure } from '../../src/operators/report/one-modality-figure.js';
import { rocFigure } from '../../src/operators/report/roc-figure.js';
import { spectrumFigure } from '../../src/operators/report/spectrum-figure.js';
import type { Spectrum } from '../../src/operators/stage2/alignment-data.js';
import { rocCurve } from '../../src/operators/stats/roc-curve.js';
import { inventedPredictions } from '../support/invented-results.js';

// These tests compare the drawn marks of a figure with its numbers.

/** Positions of the dots in the marks of this name, in drawing order. */
function dotsOf(svg: string, marks: string): { readonly x: number; readonly y: number }[] {
  const from = svg.indexOf(` ${marks}"`);
  expect(from, marks).toBeGreaterThan(0);
  const group = svg.slice(from, svg.indexOf('</g>', from));
  return [...group.matchAll(/translate\(([-\d.e]+),([-\d.e]+)\)/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
}
/** Scales the values linearly to the range from 0 to 1. */
const shares = (values: readonly number[]): number[] => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => Number(((value - low) / (high - low)).toFixed(6)));
};
const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

const titles = { TMA: 'TMA', Clin: 'Clin' };

const map: LatentMap = {
  ...{ fold: 0, modalities: ['TMA', 'Clin'], perplexity: 1 },
  points: [
    { patient: '001', modality: 'TMA', y: 1, before: [0, 0], after: [5, 7] },
    { patient: '001', modality: 'Clin', y: 1, before: [10, 20], after: [6, 8] },
    { patient: '002', modality: 'Clin', y: 0, before: [2, 5], after: [9, 11] },
  ],
  similarity: {
    before: { withinPatient: 0, betweenPatients: 0, leadingShare: 0 },
    after: { withinPatient: 0, betweenPatients: 0, leadingShare: 0 },
  },
  example: {
    patient: '001',
    before: [[1, 2], null],
    after: [
      [3, 4],
      [5, 6],
    ],
  },
};

describe('the figures of the latent space', () => {
  it('have the map before alignment under "original" and the one after under "aligned"', async () => {
    const svg =
      (
        await latentFigure('svd', 'T', map, {
          outcome: { positive: 'deceased', negative: 'living', column: 'status' },
          titles,
        })
      )?.svg ?? '';
    const [first, second] = ['concat_0_marks', 'concat_1_marks'].map((marks) => dotsOf(svg, marks));
    expect(shares((first ?? []).map(({ x }) => x))).toEqual([0, 1, 0.2]);
    // In SVG, y decreases upwards. So the test negates it.
    expect(shares((first ?? []).map(({ y }) => -y))).toEqual([0, 1, 0.25]);
    expect(shares((second ?? []).map(({ x }) => x))).toEqual([0, 0.25, 1]);
    expect(shares((second ?? []).map(({ y }) => -y))).toEqual([0, 0.25, 1]);
    expect(svg.indexOf('concat_0_marks')).toBeLessThan(svg.indexOf('>original<'));
    expect(svg.indexOf('>original<')).toBeLessThan(svg.indexOf('concat_1_marks'));
    expect(svg.indexOf('concat_1_marks')).toBeLessThan(svg.indexOf('>aligned<'));
  });

  it('have the vectors of the patient before on the left, after on the right', async () => {
    const figure = await latentHeatmapFigure('svd', 'T', map, titles);
    expect(rowsOf(figure?.csv ?? '')).toEqual([
      ['001', 'TMA', 'before', '0', '1'],
      ['001', 'TMA', 'before', '1', '2'],
      ['001', 'TMA', 'after', '0', '3'],
      ['001', 'TMA', 'after', '1', '4'],
      ['001', 'Clin', 'after', '0', '5'],
      ['001', 'Clin', 'after', '1', '6'],
    ]);
    const svg = figure?.svg ?? '';
    expect(svg.indexOf('>before<')).toBeGreaterThan(0);
    expect(svg.indexOf('>before<')).toBeLessThan(svg.indexOf('>after<'));
  });
});

describe('the figure of single modalities', () => {
  it('has the AUC without each on the left and that of each alone on the right', async () => {
    const spread = (mean: number) => ({ mean, std: 0.01, folds: 3 });
    const one = (modality: 'TMA' | 'Clin', auc: number) => ({
      ...{ modality, auc: spread(auc), accuracy: spread(0.6) },
    });
    const robustness: RowRobustness = {
      ...{ rho: [], auc: [], accuracy: [] },
      withoutOne: [one('TMA', 0.69), one('Clin', 0.61)],
      onlyOne: [one('TMA', 0.53), one('Clin', 0.65)],
    };
    const row = { method: 'haf', title: 'HAF', auc: spread(0.7) } as SummaryRow;
    const { svg, csv } = await oneModalityFigure(row, robustness, titles);
    const left = dotsOf(svg, 'concat_0_layer_2_marks').map(({ x }) => x);
    const right = dotsOf(svg, 'concat_1_layer_2_marks').map(({ x }) => x);
    // Both charts have the same scale, so their positions can be compared.
    expect(shares([...left, ...right])).toEqual([1, 0.5, 0, 0.75]);
    const at = (text: string): number => svg.indexOf(`>${text}: test AUC<`);
    expect(at('All but this modality')).toBeGreaterThan(svg.indexOf('concat_0_group'));
    expect(at('All but this modality')).toBeLessThan(svg.indexOf('concat_1_group'));
    expect(at('This modality alone')).toBeGreaterThan(svg.indexOf('concat_1_group'));
    expect(rowsOf(csv).map((cells) => cells.slice(1, 4))).toEqual([
      ['this', 'TMA', '0.69'],
      ['this', 'Clin', '0.61'],
      ['all others', 'TMA', '0.53'],
      ['all others', 'Clin', '0.65'],
    ]);
  });
});

describe('the spectrum figure', () => {
  it('draws test patients, whatever the others show', async () => {
    const of = (sigma: number[]) => ({ complete: 9, sigma, leadingShare: 0.5 });
    const change = (first: number) => ({ before: of([first, 1]), after: of([first + 1, 0.5]) });
    const figure = (train: number, val: number, test: number) => {
      const spectrum: Spectrum = {
        modalities: ['TMA', 'Clin'],
        ...{ train: change(train), val: change(val), test: change(test) },
      };
      return spectrumFigure({ name: 'n', title: 'T', folds: [{ fold: 0, spectrum }] });
    };
    const drawn = (await figure(2, 2, 2))?.svg;
    expect((await figure(4, 6, 2))?.svg).toBe(drawn);
    expect((await figure(2, 2, 4))?.svg).not.toBe(drawn);
  });
});

describe('the ROC figure', () => {
  it('has the curve of the test patients of each fold', async () => {
    const predictions = [0, 1, 2].map((fold) => ({
      ...{ fold, method: 'haf', predictions: inventedPredictions('haf', fold, 3, 60) },
    }));
    const row = { method: 'haf', title: 'HAF', pooledAuc: { value: 0.7, ci95: null } } as SummaryRow;
    const figure = await rocFigure(row, predictions, { mode: 'kfold', folds: 3, repeats: 1 });
    for (const { fold, predictions: all } of predictions) {
      const test = all.filter(({ split }) => split === 'test');
      expect(test.length).toBeGreaterThan(0);
      expect(test.length).toBeLessThan(all.length);
      const points = rocCurve(
        test.map(({ y }) => y),
        test.map(({ logit }) => logit),
      );
      const drawn = rowsOf(figure?.csv ?? '').filter(([, of]) => of === String(fold));
      expect(drawn.map(([, , x, y]) => [Number(x), Number(y)])).toEqual(
        points?.map((point) => [point.falsePositiveRate, point.truePositiveRate]),
      );
    }
  });
});
