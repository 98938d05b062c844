import { evaluate } from '../../src/operators/evaluation/evaluate.js';
import {
  evaluationSchema,
  metricsFile,
  type Evaluation,
} from '../../src/operators/evaluation/metric-data.js';
import { predictionsFile, type Prediction } from '../../src/operators/stage3/prediction-data.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { robustnessFile, type Robustness } from '../../src/operators/stage3/robustness-data.js';
import { rng } from '../../src/pipeline/core/rng.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { cohortArtifact } from './invented-cohort.js';
import type { Changes } from './resolved-config.js';
import { runStage, type ArtifactFiles } from './run-stage.js';

export interface InputArtifact {
  readonly id: string;
  readonly unit: Unit;
  readonly files: ArtifactFiles;
}

/** A prediction with this logit; its probability is computed from the logit. */
export const predicted = (
  patient: string,
  y: 0 | 1,
  logit: number,
  more: Partial<Prediction> = {},
): Prediction => ({
  patient,
  split: 'test',
  y,
  logit,
  p: 1 / (1 + Math.exp(-logit)),
  observed: true,
  ...more,
});

/** Ids "001", "002", ... of an invented cohort. */
export const inventedIds = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(i + 1).padStart(3, '0'));
/**
 * Three of 11 successive patients died. 11 shares no divisor with the usual numbers of folds, so every fold has both
 * classes.
 */
export const inventedOutcome = (id: string): 0 | 1 => ((Number(id) * 7) % 11 < 3 ? 1 : 0);

export const deceasedOf = (count: number): number =>
  inventedIds(count).filter((id) => inventedOutcome(id) === 1).length;

/** cohort.json and cohort-flow.json of the invented cohort. */
export const inventedCohort = (count: number): InputArtifact => ({
  id: 'cohort',
  unit: {},
  files: {
    ...cohortArtifact(inventedIds(count).map((id) => ({ id, y: inventedOutcome(id), followUpDays: 100 })))
      .files,
    'cohort-flow.json': [
      { step: 'labelled', patients: count + 3, positive: deceasedOf(count) + 1 },
      { step: 'cohort', patients: count, positive: deceasedOf(count) },
    ],
  },
});

/** Predictions of a method in one fold. Each patient is a test patient in one fold and a validation patient in another. */
export function inventedPredictions(
  method: string,
  fold: number,
  folds: number,
  count: number,
): Prediction[] {
  const random = rng(7, `${method}/${fold}`);
  return inventedIds(count).flatMap((id, i): Prediction[] => {
    const turn = (i + fold) % folds;
    if (turn > 1) return [];
    const y = inventedOutcome(id);
    return [predicted(id, y, y + random.normal(), { split: turn === 0 ? 'test' : 'val' })];
  });
}

/**
 * The robustness curve of a fusion method of two modalities: it keeps all performance at missing rate (rho) 0, and none at rate 1.
 */
export const inventedRobustness = (fold: number): Robustness => ({
  draws: 20,
  drop: Array.from({ length: 11 }, (_, step) => ({
    rho: step / 10,
    auc: 0.7 + fold / 100 - (0.2 * step) / 10,
    accuracy: 0.6 + fold / 100,
  })),
  withoutOne: [
    { modality: 'Clin', auc: 0.55 + fold / 100, accuracy: 0.5 },
    { modality: 'Blood', auc: 0.65 + fold / 100, accuracy: 0.6 },
  ],
  onlyOne: [
    { modality: 'Clin', auc: 0.65, accuracy: 0.55 },
    { modality: 'Blood', auc: 0.55, accuracy: 0.45 },
  ],
});

/** The artifact of the training job of a method. A fusion method also has its robustness to missing modalities. */
export const stage3Artifact = (
  method: string,
  fold: number,
  predictions: readonly Prediction[],
  files: ArtifactFiles = {},
): InputArtifact => ({
  id: `stage3-${method}-${fold}`,
  unit: { fold, method },
  files: {
    [predictionsFile]: predictions,
    ...(methodOf(method).kind === 'fusion' ? { [robustnessFile]: inventedRobustness(fold) } : {}),
    ...files,
  },
});

/** The files that `evaluate` writes for one Stage 3 artifact. */
export async function evaluatedFiles(stage3: InputArtifact, config: Changes = {}): Promise<ArtifactFiles> {
  const { output } = await runStage(evaluate, {
    config,
    unit: stage3.unit,
    inputs: { stage3: [stage3] },
  });
  return output.files;
}

/** The metrics that `evaluate` computes for one Stage 3 artifact. */
export const evaluated = async (stage3: InputArtifact, config: Changes = {}): Promise<Evaluation> =>
  evaluationSchema.parse((await evaluatedFiles(stage3, config))[metricsFile]);

/** The `evaluate` artifacts of the given Stage 3 artifacts. */
export const evaluatedAll = (
  stage3: readonly InputArtifact[],
  config: Changes = {},
): Promise<InputArtifact[]> =>
  Promise.all(
    stage3.map(async (artifact) => ({
      id: `evaluate-${artifact.id}`,
      unit: artifact.unit,
      files: await evaluatedFiles(artifact, config),
    })),
  );
