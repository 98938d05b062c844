import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { summaryFile, summarySchema, type Summary } from '../../src/operators/evaluation/summary-data.js';
import { latent } from '../../src/operators/latent/latent.js';
import { isJoint } from '../../src/operators/methods/method.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { paperMethodIds as methodIds } from '../../src/operators/paper/paper-results.js';
import { report } from '../../src/operators/report/report.js';
import { spectrumFile, type Spectrum } from '../../src/operators/stage2/alignment-data.js';
import { robustnessFile, type Robustness } from '../../src/operators/stage3/robustness-data.js';
import { history } from './invented-report.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedPredictions,
  stage3Artifact,
  type InputArtifact,
} from './invented-results.js';
import { inventedLatents, latentInputs } from './latent-case.js';
import { resolvedConfig, type Changes } from './resolved-config.js';
import { runStage } from './run-stage.js';

const { modalities } = resolvedConfig();
const count = 66;
const folds = 3;
const foldIndices = Array.from({ length: folds }, (_, fold) => fold);

/** An experiment with all rows of the paper's table. */
export const paperConfig: Changes = {
  name: 'whole-paper',
  methods: [...methodIds],
  cv: { folds },
};

const spread = (mean: number) => ({ mean, std: 0.05, folds });

/** Invented robustness values over all seven modalities. The AUCs are of a level that the method and the fold set. */
const robustness = (method: string, fold: number): Robustness => {
  const height = 0.66 + (methodIds.findIndex((id) => id === method) % 9) / 100 + fold / 50;
  const at = (share: number) => ({ auc: 0.5 + (height - 0.5) * share, accuracy: 0.6 + 0.1 * share });
  return {
    draws: 20,
    drop: Array.from({ length: 11 }, (_, step) => ({ rho: step / 10, ...at(1 - (step / 10) ** 2) })),
    withoutOne: modalities.map((modality, m) => ({ modality, ...at(1 - m / 20) })),
    onlyOne: modalities.map((modality, m) => ({ modality, ...at(0.4 + m / 20) })),
  };
};

const spectrum = (fold: number): Spectrum => {
  const of = (leading: number) => ({
    complete: 20,
    sigma: modalities.map((_, j) => (j === 0 ? leading : (2.6 - leading) / (j + 1)) + fold / 100),
    leadingShare: leading / 2.7,
  });
  const change = { before: of(1.4), after: of(2.4) };
  return { modalities: [...modalities], train: change, val: change, test: change };
};

const alignedFiles = (fold: number): InputArtifact['files'] => ({
  ...history(),
  [spectrumFile]: spectrum(fold),
});

/** Adds what only the statistics of a run compute: the comparisons of the paper, rows that could not be computed, and repeats. */
export const withStatistics = (summary: Summary): Summary => ({
  ...summary,
  rows: summary.rows
    .filter(({ method }) => method !== 'wsi_clam')
    .map((row) => ({
      ...row,
      repeats: {
        auc: [0.7, 0.72],
        accuracy: [0.68, null],
        aucSpread: { mean: 0.71, std: 0.01, folds: 2 },
        accuracySpread: spread(0.68),
      },
    })),
  skipped: [
    { method: 'wsi_clam', title: 'WSI-CLAM', reason: 'needs WSI, which the experiment does not have' },
  ],
  comparisons: ['ps3', 'mdlm', 'mfmf', 'bilinear'].map((other, i) => ({
    method: 'haf',
    other,
    patients: count,
    onlyFirst: 10 + i,
    onlySecond: 3,
    accuracy: { difference: 0.07 + i / 100, ci95: [0.01, 0.13], p: 0.0923, adjusted: 0.3692 },
    auc:
      other === 'mfmf'
        ? null
        : { difference: 0.05, ci95: [-0.01, 0.11], z: 1.52, p: 0.00001 + i / 10, adjusted: 0.5 },
  })),
});

/** Everything that the report of an experiment with all rows reads. */
export interface PaperRun {
  readonly config: Changes;
  /** Changes the aggregated results before they are reported. */
  readonly summary?: (summary: Summary) => Summary;
}

/** Makes a report over invented results of every method. Returns the content of each text file by its name. */
export async function reportedPaper({
  config = paperConfig,
  summary = withStatistics,
}: Partial<PaperRun> = {}): Promise<Readonly<Record<string, string>>> {
  const latents = latentInputs(
    inventedLatents(count, modalities.length, (patient, m) => (patient + m) % 9 === 0),
    modalities,
    folds,
  );
  const cohort = [
    {
      ...inventedCohort(count),
      files: {
        ...inventedCohort(count).files,
        'cohort-flow.json': [
          { step: 'labelled', patients: 763, positive: 213 },
          { step: 'with WSI', patients: 701, positive: 191 },
          { step: 'with TMA', patients: 699, positive: 190 },
          { step: 'with any modality', patients: 699, positive: 190 },
          { step: 'cohort', patients: 699, positive: 190 },
        ],
      },
    },
  ];
  const stage3 = methodIds.flatMap((method) =>
    foldIndices.map((fold) => {
      const kind = methodOf(method);
      const together =
        kind.kind === 'fusion' &&
        kind.embedding !== 'projected' &&
        isJoint(kind, config.schedule ?? 'staged');
      return stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count), {
        ...(together ? alignedFiles(fold) : history()),
        ...(kind.kind === 'fusion' ? { [robustnessFile]: robustness(method, fold) } : {}),
      });
    }),
  );
  const evaluate = await evaluatedAll(stage3);
  const table = await runStage(aggregate, { config, inputs: { cohort, stage3, evaluate } });
  const map = await runStage(latent, {
    config,
    unit: { fold: 0, alignment: 'svd' },
    inputs: { ...latents, cohort },
  });
  const { output } = await runStage(report, {
    config,
    inputs: {
      cohort,
      split: latents.split,
      stage1: [
        ...(['WSI', 'TMA'] as const).flatMap((modality) =>
          foldIndices.map((fold) => ({
            id: `${modality}-${fold}`,
            unit: { fold, modality },
            files: history(),
          })),
        ),
        ...foldIndices.map((fold) => ({
          id: `union-${fold}`,
          unit: { fold, union: true as const },
          files: history(),
        })),
      ],
      stage2: (['svd', 'clip'] as const).flatMap((alignment) =>
        foldIndices.map((fold) => ({
          id: `${alignment}-${fold}`,
          unit: { fold, alignment },
          files: alignedFiles(fold),
        })),
      ),
      stage3,
      evaluate,
      latent: (['svd', 'clip'] as const).map((alignment) => ({
        id: `latent-${alignment}`,
        unit: { fold: 0, alignment },
        files: map.output.files,
      })),
      aggregate: [
        {
          id: 'aggregate',
          unit: {},
          files: { [summaryFile]: summary(summarySchema.parse(table.output.files[summaryFile])) },
        },
      ],
    },
  });
  return Object.fromEntries(
    Object.entries(output.files).map(([name, data]) => [name, new TextDecoder().decode(data as Uint8Array)]),
  );
}
