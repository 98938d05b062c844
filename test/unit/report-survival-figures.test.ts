import { describe, expect, it } from 'vitest';
import { concordanceHorizonsFigure } from '../../src/operators/report/concordance-horizons-figure.js';
import { medianText, yearsText } from '../../src/operators/report/duration-text.js';
import { horizonCalibrationFigure } from '../../src/operators/report/horizon-calibration-figure.js';
import { kaplanMeierFigure, type CurvesShown } from '../../src/operators/report/kaplan-meier-figure.js';
import { summarizeCurve } from '../../src/operators/survival/curve-summary.js';
import { followUpOf, year } from '../../src/operators/survival/follow-up.js';
import { horizonCalibration } from '../../src/operators/survival/horizon-calibration.js';
import { riskGroups } from '../../src/operators/survival/risk-groups.js';

const rowsOf = (csv: string): string[][] =>
  csv
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
/** Contents of the text marks of a drawing. */
const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(
    ([, text]) => text?.replace(/<[^>]*>/g, ' ').trim() ?? '',
  );

/** Twelve patients in two folds. The higher the risk, the earlier the death. */
const tested = Array.from({ length: 12 }, (_, i) => ({
  patient: `P${i}`,
  fold: i % 2,
  risk: i,
  time: (13 - i) * 200,
  event: i % 4 === 0 ? (0 as const) : (1 as const),
}));
const { groups, times, logRank } = riskGroups(
  tested,
  new Map([
    [0, [5.5]],
    [1, [5.5]],
  ]),
);
const shown: CurvesShown = { name: 'haf', title: 'HAF', event: 'deceased', groups, times, logRank };

describe('the Kaplan-Meier figure', () => {
  it('draws a step of each time, a tick of each censored time and the numbers at risk', async () => {
    const figure = await kaplanMeierFigure(shown);
    expect(figure?.name).toBe('kaplan-meier-haf');
    const texts = textsOf(figure?.svg ?? '');
    for (const { name, atRisk } of groups) {
      expect(texts).toContain(name);
      for (const count of atRisk) expect(texts).toContain(String(count));
    }
    const censored = tested.filter(({ event }) => event === 0).length;
    const svg = figure?.svg ?? '';
    const from = svg.indexOf('layer_2_marks"');
    expect(svg.slice(from, svg.indexOf('</g>', from)).match(/<path/g)?.length).toBe(censored);
    expect(texts).toContain('Share without "deceased"');
  });

  it('draws the band between the bounds of each group', async () => {
    const svg = (await kaplanMeierFigure(shown))?.svg ?? '';
    const bands = [...svg.matchAll(/ d="(M[^"]*Z)"[^>]*opacity="0.16"/g)].flatMap(([, path]) => path ?? []);
    expect(bands.length).toBe(2);
    bands.forEach((band, g) => {
      const { curve } = groups[g] ?? groups[0] ?? { curve: null };
      const heights = new Set(
        [...band.matchAll(/[ML,]([-\d.]+),([-\d.]+)/g)].map(([, , y]) => Number(y).toFixed(3)),
      );
      for (const bound of [curve?.lower, curve?.upper])
        bound?.forEach((share) => expect(heights).toContain((240 * (1 - share)).toFixed(3)));
    });
  });

  it('starts at 1 and never rises', async () => {
    const svg = (await kaplanMeierFigure(shown))?.svg ?? '';
    const lines = [...svg.matchAll(/<path[^>]*d="(M[^"]*)"[^>]*stroke-width="2"/g)].flatMap(
      ([, path]) => path ?? [],
    );
    expect(lines.length).toBe(2);
    for (const line of lines) {
      const heights = [...line.matchAll(/[ML]([-\d.]+),([-\d.]+)/g)].map(([, , y]) => Number(y));
      expect(heights[0]).toBe(0);
      heights.forEach((height, i) => expect(height).toBeGreaterThanOrEqual(heights[i - 1] ?? 0));
    }
  });

  it('says the medians and the log-rank test above', async () => {
    const said = textsOf((await kaplanMeierFigure(shown))?.svg ?? '').join(' ');
    expect(said).toContain('high risk: 6 patients, 5 events, median 2.19 years');
    expect(said).toContain('stratified by fold');
  });

  it('has the numbers of the curves in its table', async () => {
    const rows = rowsOf((await kaplanMeierFigure(shown))?.csv ?? '');
    expect(rows.length).toBe(12);
    const { curve, name } = groups[1] ?? groups[0] ?? { curve: null, name: '' };
    const own = rows.filter(([group]) => group === name);
    own.forEach((row, at) =>
      expect(row.slice(1).map(Number)).toEqual([
        curve?.times[at],
        curve?.atRisk[at],
        curve?.events[at],
        curve?.censored[at],
        curve?.survival[at],
        curve?.lower[at],
        curve?.upper[at],
      ]),
    );
  });

  it('draws one curve of the cohort, without a test', async () => {
    const followUp = followUpOf([100, 200, 300], [1, 0, 0]);
    const figure = await kaplanMeierFigure({
      ...shown,
      name: 'cohort',
      groups: [summarizeCurve('all patients', followUp, [0, 182.625])],
      times: [0, 182.625],
      logRank: null,
    });
    const said = textsOf(figure?.svg ?? '').join(' ');
    expect(said).toContain('all patients: 3 patients, 1 event, median not reached');
    expect(said).not.toContain('log-rank');
  });

  it('leaves out empty groups, and is null without patients', async () => {
    const empty = {
      ...shown,
      groups: groups.map((group, g) => (g === 0 ? { ...group, patients: 0 } : group)),
    };
    expect(textsOf((await kaplanMeierFigure(empty))?.svg ?? '')).not.toContain('low risk');
    expect(await kaplanMeierFigure({ ...shown, groups: [] })).toBeNull();
  });

  it('says why there is no test', async () => {
    const none = riskGroups(
      tested.map((one) => ({ ...one, event: 0 as const })),
      new Map([
        [0, [5.5]],
        [1, [5.5]],
      ]),
    );
    const figure = await kaplanMeierFigure({ ...shown, ...none });
    expect(textsOf(figure?.svg ?? '').join(' ')).toContain('log-rank test not possible: no event');
  });
});

describe('the concordance over horizons', () => {
  const point = (method: string, years: number, mean: number | null) => ({
    method,
    horizon: years * year,
    mean,
    std: mean === null ? null : 0.05,
    folds: mean === null ? 0 : 5,
  });
  const points = [point('HAF', 2, 0.7), point('HAF', 5, 0.65), point('Cox', 2, 0.6), point('Cox', 5, null)];

  it('draws a line of each method and writes undefined ones as empty cells', async () => {
    const figure = await concordanceHorizonsFigure(points, 'HAF', "Uno's C");
    expect(textsOf(figure?.svg ?? '')).toEqual(expect.arrayContaining(['HAF', 'Cox', '2', '5']));
    expect(rowsOf(figure?.csv ?? '')).toEqual([
      ['HAF', '730.5', '0.7', '0.05', '5'],
      ['HAF', '1826.25', '0.65', '0.05', '5'],
      ['Cox', '730.5', '0.6', '0.05', '5'],
      ['Cox', '1826.25', '', '', '0'],
    ]);
  });

  it('is null with one horizon', async () => {
    expect(await concordanceHorizonsFigure(points.slice(0, 1), 'HAF', 'C')).toBeNull();
  });
});

describe('the calibration at horizons', () => {
  const followUp = followUpOf(
    tested.map(({ time }) => time),
    tested.map(({ event }) => event),
  );
  const predicted = tested.map(({ risk }) => risk / 12);
  const calibrations = [2, 3, 50].map((years) => horizonCalibration(followUp, predicted, years * year, 3));

  it('has a panel of each horizon that the follow-up reaches, and a reason for the others', async () => {
    const figure = await horizonCalibrationFigure('haf', 'HAF', 'deceased', calibrations.slice(0, 2));
    const missing = calibrations
      .slice(0, 2)
      .map(({ groups: all }) => all.filter(({ observed }) => observed.value === null).length);
    expect(missing).toEqual([0, 1]);
    expect(textsOf(figure?.svg ?? '').join(' ')).toContain('1 group without follow-up to this time');
    expect(textsOf(figure?.svg ?? '')).toEqual(expect.arrayContaining(['2 years', '3 years']));
    const beyond = await horizonCalibrationFigure('haf', 'HAF', 'deceased', calibrations);
    const rows = rowsOf(beyond?.csv ?? '');
    expect(rows.length).toBe(9);
    expect(rows.some((row) => row[9]?.includes('beyond the follow-up'))).toBe(true);
  });

  it('has the numbers of the groups in its table', async () => {
    const figure = await horizonCalibrationFigure('haf', 'HAF', 'deceased', calibrations);
    const group = calibrations[0]?.groups[1];
    expect(rowsOf(figure?.csv ?? '')[1]).toEqual([
      'haf',
      '730.5',
      '2',
      String(group?.patients),
      String(group?.events),
      String(group?.predicted),
      String(group?.observed.value),
      String(group?.ci95?.[0]),
      String(group?.ci95?.[1]),
      '',
    ]);
  });

  it('is null without a defined group', async () => {
    expect(await horizonCalibrationFigure('haf', 'HAF', 'deceased', [])).toBeNull();
  });
});

describe('durations in words', () => {
  it('are years with two decimals at most', () => {
    expect([1, 0.25, 2, 5.128].map((years) => yearsText(years * year))).toEqual([
      '1 year',
      '0.25 years',
      '2 years',
      '5.13 years',
    ]);
  });

  it('say what is not reached', () => {
    expect(medianText({ days: year, lower: year / 2, upper: null })).toBe('median 1 year [0.5, not reached]');
    expect(medianText({ days: null, lower: year, upper: null })).toBe('median not reached [1, not reached]');
    expect(medianText({ days: null, lower: null, upper: null })).toBe('median not reached');
  });
});
