import { describe, expect, it } from 'vitest';
import { doubtfulUnits } from '../../src/operators/cohort/time-units.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { preflight } from '../../src/operators/preflight/preflight.js';
import { hancockFolder } from '../support/shared.js';
import { resolvedConfig } from '../support/resolved-config.js';

const reasons = (
  times: readonly number[],
  column = 'follow_up',
  unit: 'days' | 'months' | 'years' = 'days',
): readonly string[] =>
  doubtfulUnits({ file: 't.csv', column, unit }, Float64Array.from(times)).map(({ reason }) => reason);

const days = [35, 120, 290, 340, 480, 610, 702, 890, 1200, 1450, 1900, 2400, 3100];

describe('times of follow-up in another unit', () => {
  it.each([
    [
      'years among days',
      [...days.slice(2), 1.5, 4, 7, 9],
      /4 times are 9 or less, the other 11 are 290 or more/,
    ],
    [
      'years with fractions among days, without a gap',
      [...days, 12, 20, 0.5, 2.25, 11.75],
      /3 times have a fraction/,
    ],
    ['days among years', [0.4, 1, 2.5, 3, 4, 6, 8, 11, 400, 900, 1800], /3 are 400 or more/],
  ])('are told of: %s', (_, times, reason) => {
    expect(reasons(times)).toEqual([expect.stringMatching(reason) as string]);
    expect(reasons(times)[0]).toContain('two units? All of them count as days');
  });

  it.each([
    ['days alone', days],
    ['with unknown times and zeros', [...days, NaN, NaN, 0]],
    ['with two early deaths', [...days, 1, 2]],
    ['computed from years, all with a fraction', days.map((time) => time + 0.25)],
    ['few', [1, 1000]],
    ['none', []],
  ])('are not told of: %s', (_, times) => {
    expect(reasons(times)).toEqual([]);
  });

  it.each([
    ['OS_months', 'days', 1],
    ['survivalYears', 'months', 1],
    ['days_to_last_information', 'days', 0],
    ['time (yrs)', 'years', 0],
    ['OS.time', 'days', 0],
    ['monotherapy_time', 'days', 0],
  ] as const)('the name %s under %s gives %d warnings', (column, unit, count) => {
    expect(reasons(days, column, unit)).toHaveLength(count);
  });

  it.skipIf(hancockFolder === null)('HANCOCK has no such times', async () => {
    const config = resolvedConfig({ modalities: ['Clin'], cohort: { require: [] } });
    const files = await findSources(config, hancockFolder ?? '', { hashCache: null });
    const { warnings } = await preflight(config, files);
    expect(warnings.filter(({ reason }) => /unit/.test(reason))).toEqual([]);
  });
});
