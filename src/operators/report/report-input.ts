import { z } from 'zod';
import type { Alignment } from '../../pipeline/core/alignment.js';
import type { Config } from '../../pipeline/config/schema.js';
import type { ModalityId } from '../../pipeline/core/modality.js';
import type { StageContext } from '../../pipeline/stage.js';
import {
  flowFile,
  flowStepSchema,
  modalityOf,
  readCohort,
  type FlowStep,
  type OutcomeWords,
} from '../cohort/cohort-data.js';
import { evaluationSchema, metricsFile, type Evaluation } from '../evaluation/metric-data.js';
import { summaryFile, summarySchema, type Summary } from '../evaluation/summary-data.js';
import { readTypedTable } from '../tables/typed-table-data.js';
import { characteristicsOf, type TableCharacteristics } from './characteristics.js';
import { readImageInput, type ImageInput } from './image-input.js';
import { overviewOf, titlesOf, type Overview } from './overview.js';
import { splitsFile, splitsSchema } from '../splits/split-data.js';
import { predictionsFile, predictionsSchema, type Prediction } from '../stage3/prediction-data.js';
import {
  survivalPredictionsFile,
  survivalPredictionsSchema,
  type SurvivalPredictions,
} from '../survival/survival-prediction-data.js';
import { latentMapFile, latentMapSchema, type LatentMap } from '../latent/latent-data.js';
import { spectrumGroups, type SpectrumGroup } from './spectrum-groups.js';
import { trainingGroups, type TrainingGroup } from './training-groups.js';

export interface MethodFoldPredictions {
  readonly method: string;
  readonly fold: number;
  readonly predictions: readonly Prediction[];
}

export interface MethodFoldSurvival {
  readonly method: string;
  readonly fold: number;
  readonly predictions: SurvivalPredictions;
}

/** All data that the report shows. */
export interface ReportInput {
  readonly config: Config;
  readonly modalities: readonly ModalityId[];
  /** The names of the modalities in the report. */
  readonly titles: Readonly<Record<ModalityId, string>>;
  readonly outcome: OutcomeWords;
  readonly overview: Overview;
  /** Descriptions of the columns of each table, in the order of the experiment. */
  readonly characteristics: readonly TableCharacteristics[];
  readonly summary: Summary;
  readonly flow: readonly FlowStep[];
  readonly splitHash: string | null;
  /** With `cv.mode: groups`: the group that each fold tests. Empty in any other mode. */
  readonly foldGroups: readonly string[];
  /** The test results of each method and fold, ascending by fold. */
  readonly evaluations: readonly Evaluation[];
  /** The predictions of each method and fold, ascending by fold. */
  readonly predictions: readonly MethodFoldPredictions[];
  /**
   * The predictions of a time-to-event run, ascending by fold. Empty for a binary outcome. For time-to-event,
   * `evaluations` and `predictions` are empty.
   */
  readonly survival: readonly MethodFoldSurvival[];
  /** Times and events of the cohort in days, if known. Empty if the outcome is a status at a landmark. */
  readonly followUp: readonly { readonly patient: string; readonly time: number; readonly event: 0 | 1 }[];
  /** The training histories, in the order in which the data flow through the stages. */
  readonly training: readonly TrainingGroup[];
  /** The latent space of fold 0, for each alignment. */
  readonly latents: readonly { readonly alignment: Alignment; readonly map: LatentMap }[];
  /** The singular values of the aligned vectors, in the order in which the data flow through the stages. */
  readonly spectra: readonly SpectrumGroup[];
  readonly images: ImageInput;
}

/** Reads the outputs of the earlier stages. */
export function readReportInput(context: StageContext): ReportInput {
  const { config, inputs } = context;
  const summary = inputs.one('aggregate').json(summaryFile, summarySchema);
  const splits = inputs.all('split')[0]?.json(splitsFile, splitsSchema);
  const stage3 = inputs.all('stage3');
  const { outcome, patients } = readCohort(inputs);
  const inTime = config.data.outcome.kind === 'timeToEvent';
  const tables = new Map(
    inputs.all('tables').map((artifact) => [modalityOf(artifact), readTypedTable(artifact)]),
  );
  const titles = titlesOf(config);
  const labels = new Map(patients.map(({ id, y }) => [id, y]));
  return {
    config,
    modalities: config.modalities,
    titles,
    outcome,
    overview: overviewOf(config, patients, tables),
    characteristics: config.modalities.flatMap((id) => {
      const table = tables.get(id);
      return table === undefined ? [] : [characteristicsOf(id, table, labels)];
    }),
    summary,
    flow: inputs.one('cohort').json(flowFile, z.array(flowStepSchema)),
    splitHash: splits?.hash ?? null,
    foldGroups: splits?.folds.flatMap(({ group }) => group ?? []) ?? [],
    evaluations: byFold(
      (inTime ? [] : inputs.all('evaluate')).map((artifact) => artifact.json(metricsFile, evaluationSchema)),
    ),
    predictions: byFold(
      (inTime ? [] : stage3).map((artifact) => ({
        method: artifact.unit.method ?? '',
        fold: artifact.unit.fold ?? 0,
        predictions: artifact.json(predictionsFile, predictionsSchema),
      })),
    ),
    survival: byFold(
      (inTime ? stage3 : []).map((artifact) => ({
        method: artifact.unit.method ?? '',
        fold: artifact.unit.fold ?? 0,
        predictions: artifact.json(survivalPredictionsFile, survivalPredictionsSchema),
      })),
    ),
    followUp: patients.flatMap(({ id, followUpDays, y }) =>
      followUpDays === null || followUpDays <= 0 || config.cohort.label === 'landmark'
        ? []
        : [{ patient: id, time: followUpDays, event: y }],
    ),
    training: trainingGroups(inputs, summary.rows, config.schedule, titles),
    latents: inputs.all('latent').map((artifact) => ({
      alignment: artifact.unit.alignment ?? 'svd',
      map: artifact.json(latentMapFile, latentMapSchema),
    })),
    spectra: spectrumGroups(inputs, summary.rows, config.schedule),
    images: readImageInput(context),
  };
}

const byFold = <T extends { readonly fold: number }>(items: readonly T[]): T[] =>
  [...items].sort((a, b) => a.fold - b.fold);
