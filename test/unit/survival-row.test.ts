import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { survivalRowOf } from '../../src/operators/evaluation/survival-row.js';
import type { SurvivalMetrics } from '../../src/operators/evaluation/survival-metric-data.js';
import { methodOf } from '../../src/operators/methods/registry.js';

const metrics = (concordant: number, discordant: number, tied: number): SurvivalMetrics => {
  const pairs = { concordant, discordant, tied };
  const count = concordant + discordant + tied;
  return {
    ...{ patients: 4, events: 1, pairs, unoC: null, unoAt: [], auc: [], brier: [], ibs: null },
    ...{ ibsKaplanMeier: null, dCalibration: null },
    c: count === 0 ? null : (concordant + tied / 2) / count,
    reasons: count === 0 ? ['C: no comparable pair'] : [],
  };
};

describe('the row of a method in a time-to-event table', () => {
  it('notes the folds whose C comes from few comparable pairs', () => {
    const { config } = loadConfig({ text: 'name: x\ncv: { folds: 4 }\n' });
    const test = [metrics(1, 0, 0), metrics(4, 3, 2), metrics(6, 3, 1), metrics(0, 0, 0)];
    const evaluations = test.map((of, fold) => ({
      ...{ fold, method: 'x', test: of, val: of, testObserved: of, notes: [] },
    }));
    const method = methodOf('haf');
    const { notes } = survivalRowOf({ method, evaluations, folds: [], robustness: [] }, 0, config);
    expect(notes.filter((note) => note.includes('comparable pair'))).toEqual([
      'Fold 3 is left out of the mean C: C: no comparable pair.',
      'The C of fold 0 is computed from 1 comparable pair of test patients only.',
      'The C of fold 1 is computed from 9 comparable pairs of test patients only.',
    ]);
  });
});
