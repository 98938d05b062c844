import { aggregate } from '../../src/operators/evaluation/aggregate.js';
import { report } from '../../src/operators/report/report.js';
import type { History } from '../../src/operators/tensor/history-data.js';
import {
  evaluatedAll,
  inventedCohort,
  inventedPredictions,
  stage3Artifact,
  type InputArtifact,
} from './invented-results.js';
import type { Changes } from './resolved-config.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { runStage, type ArtifactFiles } from './run-stage.js';

/** Number of patients in the invented cohort. */
export const count = 60;
export const folds = 3;
const foldIndices = Array.from({ length: folds }, (_, fold) => fold);

/** history.json of a training job. */
export const history = (more: Partial<History> = {}): { 'history.json': History } => ({
  'history.json': {
    epochs: [1, 2, 3, 4].map((epoch) => ({ epoch, lr: 1e-4, valAuc: 0.5 + epoch / 20, valLoss: 1 / epoch })),
    bestEpoch: 3,
    monitor: 'valAuc',
    stopped: 'patience',
    warnings: [],
    skippedSteps: 0,
    backend: 'invented-backend',
    ...more,
  },
});

/** The `stage1` artifacts of the modality WSI, one for each fold. */
export const stage1 = (more: Partial<History> = {}): InputArtifact[] =>
  foldIndices.map((fold) => ({
    id: `stage1-${fold}`,
    unit: { fold, modality: 'WSI' },
    files: history(more),
  }));

export interface ReportCase {
  readonly stage1?: readonly InputArtifact[];
  readonly cohort?: InputArtifact;
  readonly split?: readonly InputArtifact[];
  readonly tile?: readonly InputArtifact[];
  readonly embed?: readonly InputArtifact[];
  readonly tables?: readonly InputArtifact[];
  readonly bags?: readonly InputArtifact[];
  readonly latent?: readonly InputArtifact[];
  /** Files of the `stage3` artifacts of fusion methods. They replace the invented files. */
  readonly fusion?: (fold: number) => ArtifactFiles;
  readonly config?: Changes;
}

/** Makes a report over invented results. Returns the content of each text file by its name. */
export async function reported(options: ReportCase = {}): Promise<Readonly<Record<string, string>>> {
  const config: Changes = {
    ...{ name: 'invented', methods: ['haf', 'blood'], cv: { folds } },
    ...options.config,
  };
  const cohort = [options.cohort ?? inventedCohort(count)];
  const methods = options.config?.methods ?? ['haf', 'blood'];
  const stage3 = methods.flatMap((method) =>
    foldIndices.map((fold) =>
      stage3Artifact(method, fold, inventedPredictions(method, fold, folds, count), {
        ...history(),
        ...(methodOf(method).kind === 'fusion' ? options.fusion?.(fold) : {}),
      }),
    ),
  );
  const evaluate = await evaluatedAll(stage3);
  const table = await runStage(aggregate, { config, inputs: { cohort, stage3, evaluate } });
  const { output } = await runStage(report, {
    config,
    inputs: {
      cohort,
      split: options.split ?? [],
      tile: options.tile ?? [],
      embed: options.embed ?? [],
      tables: options.tables ?? [],
      bags: options.bags ?? [],
      latent: options.latent ?? [],
      stage1: options.stage1 ?? stage1(),
      stage3,
      evaluate,
      aggregate: [{ id: 'aggregate', unit: {}, files: table.output.files }],
    },
  });
  return Object.fromEntries(
    Object.entries(output.files).map(([name, data]) => [name, new TextDecoder().decode(data as Uint8Array)]),
  );
}
