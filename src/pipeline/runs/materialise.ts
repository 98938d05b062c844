import { z } from 'zod';
import { calibratedFile, calibrationFile } from '../../operators/calibration/calibration-data.js';
import { summarySchema } from '../../operators/evaluation/summary-data.js';
import { historySchema } from '../../operators/tensor/history-data.js';
import { survivalPredictionsSchema } from '../../operators/survival/survival-prediction-data.js';
import { predictionsSchema } from '../../operators/stage3/prediction-data.js';
import type { Problem } from '../core/problem.js';
import type { Artifact } from '../stage.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import { csvText } from '../core/csv.js';
import { heatmapPath } from '../../operators/heatmaps/heatmap-data.js';
import { tileSetFile } from '../../operators/tiling/tiles-data.js';
import { reportFile, withRunFacts } from '../../operators/report/report-data.js';
import { validationPageFile, validationTableFile } from '../../operators/validation/validation-data.js';
import { inventedText } from './invented.js';
import type { RunDirectory } from './run-directory.js';
import { predictionsCsv, survivalPredictionsCsv } from './run-predictions.js';
import { trainingFolder } from './training-folder.js';
import { readTileSet, shownTileFiles, tileFiles } from './tile-files.js';

/**
 * The files of an artifact that appear in the run directory. Features, latent vectors and weights stay only in the
 * store.
 */
function shownFiles({ stage, files }: Manifest): readonly string[] {
  switch (stage) {
    case 'cohort':
      return ['cohort-flow.json'];
    case 'split':
      return ['splits.json'];
    case 'stage1':
    case 'stage2':
      return ['history.json'];
    case 'stage3':
    case 'joint':
      return ['predictions.json', 'survival.json', 'history.json'].filter((wanted) =>
        files.some(({ name }) => name === wanted),
      );
    case 'evaluate':
      return ['metrics.json', calibrationFile, calibratedFile].filter((wanted) =>
        files.some(({ name }) => name === wanted),
      );
    case 'aggregate':
    case 'report':
      return files.map(({ name }) => name);
    case 'tile':
      return [tileSetFile, ...shownTileFiles];
    case 'heatmap':
      return files.map(({ name }) => name);
    case 'predictions':
      return ['predictions.csv', 'flags.csv'];
    case 'validation':
      return [validationTableFile, validationPageFile];
    case 'embed':
    case 'outcome':
    case 'tables':
    case 'bags':
    case 'preprocess':
    case 'latent':
    case 'bundle':
    case 'roster':
    case 'predict':
      return [];
  }
}

/**
 * Copies the files of a finished job that users need from the store into the run directory, in a form for users.
 *
 * @param invented whether the patients are those of a synthetic cohort; no artifact depends on it
 */
export async function materialise(
  manifest: Manifest,
  store: ArtifactStore,
  directory: RunDirectory,
  invented = false,
): Promise<void> {
  const files = shownFiles(manifest);
  if (files.length === 0) return;
  const pinned = await store.fetch([{ manifest, files }]);
  try {
    show(manifest, store.open(manifest), directory, invented);
  } finally {
    await pinned.release();
  }
}

function show(manifest: Manifest, artifact: Artifact, directory: RunDirectory, invented: boolean): void {
  const copy = (file: string, target: string): void => directory.write(target, artifact.bytes(file));
  const history = (folder: string): void =>
    directory.write(`${folder}/history.csv`, historyCsv(artifact.json('history.json', historySchema).epochs));
  const { fold, method, modality, alignment } = manifest.unit;
  switch (manifest.stage) {
    case 'cohort':
      return copy('cohort-flow.json', 'cohort-flow.json');
    case 'split':
      return copy('splits.json', 'splits.json');
    case 'stage1':
      return history(`folds/${fold}/${trainingFolder('stage1', modality)}`);
    case 'stage2':
      return history(`folds/${fold}/${trainingFolder('stage2', alignment)}`);
    case 'stage3':
    case 'joint': {
      const inTime = manifest.files.some(({ name }) => name === 'survival.json');
      directory.write(
        `folds/${fold}/${method}/predictions.csv`,
        inTime
          ? survivalPredictionsCsv(artifact.json('survival.json', survivalPredictionsSchema))
          : predictionsCsv(artifact.json('predictions.json', predictionsSchema)),
      );
      return history(`folds/${fold}/${method}`);
    }
    case 'evaluate':
      for (const name of shownFiles(manifest)) copy(name, `folds/${fold}/${method}/${name}`);
      return;
    case 'aggregate':
      for (const { name } of manifest.files)
        if (name !== 'summary.json')
          directory.write(name, invented ? markedInvented(name, artifact.bytes(name)) : artifact.bytes(name));
      return;
    case 'report':
      for (const { name } of manifest.files)
        if (name === reportFile) directory.write(name, reportPage(artifact, directory, invented));
        else copy(name, name.startsWith('figure-') ? `figures/${name.slice('figure-'.length)}` : name);
      return;
    case 'tile':
      for (const [file, target] of tileFiles(manifest, readTileSet(artifact))) copy(file, `tiles/${target}`);
      return;
    case 'heatmap':
      for (const { name } of manifest.files) copy(name, heatmapPath(manifest.unit, name));
      return;
    case 'predictions':
    case 'validation':
      for (const name of shownFiles(manifest)) copy(name, name);
      return;
    case 'embed':
    case 'outcome':
    case 'tables':
    case 'bags':
    case 'preprocess':
    case 'latent':
    case 'bundle':
    case 'roster':
    case 'predict':
      return;
  }
}

/** Tables for people begin with the note that the patients are invented. Tables for programs stay unchanged. */
function markedInvented(name: string, content: Uint8Array): string | Uint8Array {
  const before = { md: `${inventedText}\n\n`, tex: `% ${inventedText}\n` }[name.split('.').at(-1) ?? ''];
  return before === undefined ? content : `${before}${new TextDecoder().decode(content)}`;
}

/**
 * The report with facts about the run that no artifact contains: its name, its date, the version, and whether the
 * patients are invented.
 */
function reportPage(artifact: Artifact, directory: RunDirectory, invented: boolean): string {
  const page = new TextDecoder().decode(artifact.bytes(reportFile));
  const { run, createdAt, codeVersion } = directory.info();
  return withRunFacts(page, { run, createdAt, codeVersion, invented });
}

function historyCsv(epochs: readonly Readonly<Record<string, number | null>>[]): string {
  const columns = [...new Set(epochs.flatMap((epoch) => Object.keys(epoch)))];
  return csvText(
    columns,
    epochs.map((epoch) => columns.map((column) => epoch[column])),
  );
}

/**
 * Writes summary.json: the result of `aggregate` with facts about the run that no artifact contains. `seconds` of a row
 * is the time of the `stage3` and `joint` jobs of its method. Jobs that methods share are not included.
 */
export async function writeSummary(
  manifests: readonly Manifest[],
  store: ArtifactStore,
  directory: RunDirectory,
  invented: boolean,
): Promise<void> {
  const aggregate = manifests.find(({ stage }) => stage === 'aggregate');
  if (!aggregate) return;
  const trained = manifests.filter(({ stage }) => stage === 'stage3' || stage === 'joint');
  const pinned = await store.fetch([
    { manifest: aggregate, files: ['summary.json'] },
    ...trained.map((manifest) => ({ manifest, files: ['history.json'] })),
  ]);
  const summary = store.open(aggregate).json('summary.json', summarySchema);
  const backends = trained.map(
    (manifest) => store.open(manifest).json('history.json', historySchema).backend,
  );
  await pinned.release();
  const secondsOf = (method: string): number =>
    Math.round(
      trained.filter(({ unit }) => unit.method === method).reduce((sum, { seconds }) => sum + seconds, 0) *
        10,
    ) / 10;
  const full = {
    run: directory.run,
    invented,
    ...summary,
    rows: summary.rows.map((row) => ({ ...row, seconds: secondsOf(row.method) })),
    backend: [...new Set(backends)].sort().join('+'),
  };
  directory.write('summary.json', `${JSON.stringify(full, null, 2)}\n`);
}

/** summary.json of a run directory. */
export const runSummarySchema = summarySchema.extend({
  run: z.string(),
  /** Whether the patients are those of a synthetic cohort. */
  invented: z.boolean(),
  backend: z.string(),
  rows: z.array(summarySchema.shape.rows.element.extend({ seconds: z.number() })),
});

/**
 * Writes problems.csv: every patient, slide and row that was left out, with its reason. Returns the problems.
 *
 * @param lost files that the run continues without, so that no manifest contains their problem
 */
export function writeProblems(
  manifests: readonly Manifest[],
  directory: RunDirectory,
  lost: readonly Problem[],
): readonly Problem[] {
  const problems = [...lost, ...manifests.flatMap((manifest) => manifest.problems)];
  const columns = ['severity', 'stage', 'patient', 'file', 'place', 'reason', 'fix'] as const;
  directory.write(
    'problems.csv',
    csvText(
      columns,
      problems.map((problem) => columns.map((column) => problem[column])),
    ),
  );
  return problems;
}
