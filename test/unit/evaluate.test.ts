import { describe, expect, it } from 'vitest';
import {
  calibratedFile,
  calibrationFile,
  foldCalibrationSchema,
} from '../../src/operators/calibration/calibration-data.js';
import { evaluate } from '../../src/operators/evaluation/evaluate.js';
import { evaluationSchema, metricsFile } from '../../src/operators/evaluation/metric-data.js';
import { predictionsFile } from '../../src/operators/stage3/prediction-data.js';
import { evaluated, evaluatedFiles, predicted, stage3Artifact } from '../support/invented-results.js';
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
    expect(got.notes).toEqual([
      '1 of 5 test patients scored with the training base rate',
      'Not calibrated, with threshold 0.5: there are fewer than 10 validation patients (1 deceased, 1 living).',
    ]);
  });

  it('leaves the AUC undefined and says why when a class is absent', async () => {
    const living = predictions.filter(({ y, split }) => y === 0 || split === 'val');
    const got = await evaluated(stage3Artifact('haf', 0, living));
    expect(got.test).toMatchObject({ auc: null, sensitivity: null, balancedAccuracy: null, majority: 1 });
    expect(got.notes).toEqual([
      'AUC of the test patients is undefined: one class only (0 deceased, 3 living)',
      'Not calibrated, with threshold 0.5: there are fewer than 10 validation patients (1 deceased, 1 living).',
    ]);
  });

  it('calibrates on the validation patients it saw, and nobody else', async () => {
    const logits = [-2.1, -1.7, -1.2, -1.2, -0.9, -0.6, -0.35, -0.1, 0, 0.2, 0.45, 0.8, 1.1, 1.1, 1.6, 2.4];
    const labels = [0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1] as const;
    const val = labels.map((y, i) => predicted(`v${i + 10}`, y, logits[i] ?? 0, { split: 'val' }));
    const unseen = { split: 'val', observed: false, p: 0.3 } as const;
    const base = [predicted('v90', 1, -8, unseen), predicted('v91', 0, 8, unseen)];
    const tested = predictions.filter(({ split }) => split === 'test');
    const files = await evaluatedFiles(stage3Artifact('blood', 0, [...tested, ...val, ...base]));
    const calibration = foldCalibrationSchema.parse(files[calibrationFile]);
    // Platt's slope and intercept by scikit-learn (calibration.test.ts).
    const [slope, intercept] = [0.761936935048492, -0.2551846139358365];
    expect(calibration).toMatchObject({
      fold: 0,
      method: 'blood',
      asked: 'platt',
      patients: 16,
      positive: 7,
    });
    expect(calibration.map).toEqual({
      kind: 'platt',
      slope: expect.closeTo(slope, 10) as number,
      intercept: expect.closeTo(intercept, 10) as number,
    });
    const after = (logit: number): number => 1 / (1 + Math.exp(-(slope * logit + intercept)));
    expect(calibration.threshold).toBeCloseTo(after(0.2), 10);
    // Patient 004 has none of the method's modalities. Calibration does not change its prediction, the base rate.
    const p = [after(2), after(-1), after(1), 1 / (1 + Math.exp(0.5)), after(-3)];
    const y = [1, 0, 0, 1, 0];
    const { calibrated: got } = evaluationSchema.parse(files[metricsFile]);
    expect(got.brier).toBeCloseTo(p.reduce((sum, own, i) => sum + (own - (y[i] ?? 0)) ** 2, 0) / 5, 10);
    expect(got).toMatchObject({ kind: 'platt', accuracy: 0.6, sensitivity: 0.5, notes: [] });
    const rows = new TextDecoder()
      .decode(files[calibratedFile] as Uint8Array)
      .trim()
      .split('\n');
    expect(rows[0]).toBe('patient,split,y,p,pCalibrated');
    expect(rows).toHaveLength(1 + 5 + 18);
    const [patient, split, label, before, calibratedP] = (rows[4] ?? '').split(',');
    expect([patient, split, label]).toEqual(['004', 'test', '1']);
    expect(calibratedP).toBe(before);
    expect(Number((rows[1] ?? '').split(',')[4])).toBeCloseTo(after(2), 10);
    expect(rows.at(-1)).toBe('v91,val,0,0.3,0.3');
  });

  it('keeps what the paper is compared with when it calibrates', async () => {
    const artifact = stage3Artifact('haf', 0, predictions);
    const [none, platt] = [await evaluated(artifact, { calibration: 'none' }), await evaluated(artifact)];
    expect(none.test).toEqual(platt.test);
    expect(none.calibrated).toMatchObject({
      kind: 'none',
      accuracy: none.test.accuracy,
      brier: none.test.brier,
    });
    expect(none.notes.join()).toMatch(/The threshold is 0.5: there are fewer than 10/);
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
