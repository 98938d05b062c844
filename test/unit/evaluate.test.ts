import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/operators/evaluation/evaluate.js';
import { predictionsFile } from '../../src/operators/stage3/prediction-data.js';
import { evaluated, predicted, stage3Artifact } from '../support/invented-results.js';
import { runStage } from '../support/run-stage.js';

const predictions = [
  predicted('001', 1, 2),
  predicted('002', 0, -1),
  predicted('003', 0, 1),
  predicted('004', 1, -0.5, { observed: false }),
  predicted('005', 0, -3),
  predicted('006', 0, 4, { split: 'val' }),
  predicted('007', 1, 5, { split: 'val' }),
];

describe('evaluate', () => {
  it('scores test and validation patients apart', async () => {
    const got = await evaluated(stage3Artifact('haf', 3, predictions));
    expect(got).toMatchObject({ fold: 3, method: 'haf' });
    expect(got.test).toMatchObject({
      patients: 5,
      positive: 2,
      accuracy: 0.6,
      sensitivity: 0.5,
      majority: 0.6,
    });
    expect(got.test.specificity).toBeCloseTo(2 / 3, 12);
    // Of the six pairs only (004, 003) is in the wrong order.
    expect(got.test.auc).toBeCloseTo(5 / 6, 12);
    expect(got.val).toMatchObject({ patients: 2, positive: 1, auc: 1, accuracy: 0.5 });
  });

  it('keeps apart the test patients whose modalities the method saw', async () => {
    const got = await evaluated(stage3Artifact('blood', 0, predictions));
    expect(got.testObserved).toMatchObject({ patients: 4, positive: 1, auc: 1 });
    expect(got.notes).toEqual(['1 of 5 test patients scored with the training base rate']);
  });

  it('leaves the AUC undefined and says why when a class is absent', async () => {
    const living = predictions.filter(({ y, split }) => y === 0 || split === 'val');
    const got = await evaluated(stage3Artifact('haf', 0, living));
    expect(got.test).toMatchObject({ auc: null, sensitivity: null, balancedAccuracy: null, majority: 1 });
    expect(got.notes).toEqual([
      'AUC of the test patients is undefined: one class only (0 deceased, 3 living)',
    ]);
  });

  it('ranks by logits, which stay apart where probabilities have become equal', async () => {
    const saturated = [predicted('001', 1, 50, { p: 1 }), predicted('002', 0, 45, { p: 1 })];
    expect((await evaluated(stage3Artifact('haf', 0, saturated))).test.auc).toBe(1);
  });

  it('announces AUC and accuracy of the fold', async () => {
    const { output } = await runStage(evaluate, {
      config: {},
      unit: { fold: 0, method: 'haf' },
      inputs: { stage3: [stage3Artifact('haf', 0, predictions)] },
    });
    expect(output.metrics?.['testAuc']).toBeCloseTo(5 / 6, 12);
    expect(output.metrics?.['testAccuracy']).toBe(0.6);
  });

  it('refuses a job that names no fold', async () => {
    const inputs = { stage3: [{ id: 'x', files: { [predictionsFile]: predictions } }] };
    await expect(runStage(evaluate, { config: {}, unit: { method: 'haf' }, inputs })).rejects.toThrow(
      'without fold',
    );
  });
});
