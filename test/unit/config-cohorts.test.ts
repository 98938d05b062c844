import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { HafError } from '../../src/pipeline/core/errors.js';

/** The problems of an experiment that declares these external cohorts. Empty if the experiment is accepted. */
function problems(cohorts: readonly object[]): readonly string[] {
  try {
    loadConfig({ text: JSON.stringify({ name: 'demo', methods: ['haf', 'drop'], cohorts }) });
  } catch (error) {
    if (!(error instanceof HafError)) throw error;
    return error.context['problems'] as readonly string[];
  }
  return [];
}
const external = { role: 'external', name: 'elsewhere', file: 'elsewhere.yaml' };

describe('cohorts of an experiment', () => {
  it('are the one of the file and any number of external ones', () => {
    expect(problems([])).toEqual([]);
    expect(
      problems([{ role: 'train' }, external, { ...external, name: 'third', methods: ['drop'] }]),
    ).toEqual([]);
  });

  it.each([
    ['two to train on', [{ role: 'train' }, { role: 'train' }], 'only one cohort is used for training'],
    ['one name for two', [external, external], '"elsewhere" is the name of another cohort'],
    [
      'a method that is not trained',
      [{ ...external, methods: ['ga'] }],
      '"ga" is not a method of this experiment',
    ],
    ['a method twice', [{ ...external, methods: ['haf', 'haf'] }], '"haf" is listed twice'],
    ['a name that leaves its folder', [{ ...external, name: '../up' }], 'lower-case letters'],
    ['an unknown role', [{ role: 'test' }], 'role'],
  ])('with %s are refused', (_, cohorts, reason) => {
    const found = problems(cohorts);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(reason);
  });
});
