import { describe, expect, it } from 'vitest';
import { leaksOf, type Leak } from '../../src/operators/preflight/leak.js';
import { rng } from '../../src/pipeline/core/rng.js';

const patients = Array.from({ length: 60 }, (_, i) => `HX-${i}`);
const labels = new Map(patients.map((id, i) => [id, i % 5 === 0 || i % 5 === 2 ? 1 : 0] as const));
type Kind = 'numeric' | 'binary' | 'nominal' | 'ordinal';

/** The result of the leak check for one column of the modality Clin. */
const leaks = (
  name: string,
  kind: Kind,
  cellOf: (y: 0 | 1, index: number) => number,
  { allowed = [], outcome = ['OS_STATUS', 'OS_MONTHS'] }: { allowed?: string[]; outcome?: string[] } = {},
): readonly Leak[] => {
  const cells = Float64Array.from(patients, (id, i) => cellOf(labels.get(id) ?? 0, i));
  return leaksOf('Clin', { columns: [{ name, kind }], patients, cells }, labels, outcome, allowed);
};

describe('the guard against columns that are the outcome', () => {
  it.each<[string, Kind, (y: 0 | 1, index: number) => number]>([
    ['a number that is higher with the event', 'numeric', (y, i) => 100 * y + (i % 7)],
    ['a number that is lower with the event', 'numeric', (y, i) => -100 * y + (i % 7)],
    ['two values', 'binary', (y) => y],
    ['categories that never stand with both outcomes', 'nominal', (y, i) => 2 * (i % 3) + y],
    ['a gap where there is no event', 'numeric', (y, i) => (y === 1 ? i % 3 : NaN)],
  ])('refuses %s', (_, kind, cellOf) => {
    expect(leaks('MARKER', kind, cellOf)).toMatchObject([{ modality: 'Clin', column: 'MARKER' }]);
  });

  it.each([2, 3, 12])('lets %i categories pass that have nothing to do with the outcome', (categories) => {
    const random = rng(1, 'categories');
    expect(leaks('SITE', 'nominal', () => random.int(categories))).toEqual([]);
    expect(leaks('SITE', 'nominal', (_, i) => (i === 4 ? categories : i % categories))).toEqual([]);
  });

  it('lets a strong predictor pass', () => {
    const random = rng(1, 'strong');
    expect(leaks('STAGE', 'numeric', (y) => 1.5 * y + random.normal())).toEqual([]);
  });

  it('refuses a column that is called like an outcome, whatever it holds', () => {
    for (const name of [
      'vital_status',
      'OS status',
      'os-months',
      'Days to death',
      'Survival (years)',
      'DFS_EVENT',
    ])
      expect(leaks(name, 'numeric', (_, i) => i % 4)).toMatchObject([
        { because: 'is called like an outcome' },
      ]);
    for (const name of ['OS9', 'EFS', 'smoking status', 'deathtrap gene', 'PATIENT_AGE'])
      expect(leaks(name, 'numeric', (_, i) => i % 4)).toEqual([]);
  });

  it('lets a column pass that the experiment allows by name', () => {
    expect(leaks('MARKER', 'binary', (y) => y, { allowed: ['Clin.MARKER'] })).toEqual([]);
  });
});
