import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bundle } from '../../operators/bundle/bundle-data.js';
import { fittingPath } from '../core/file-name.js';
import { heatmapPath } from '../../operators/heatmaps/heatmap-data.js';
import { configOfNew, findNewPatients, partsFor } from '../bundles/new-patients.js';
import type { PredictFiles, PredictGraphOptions } from '../bundles/predict-graph.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import type { Graph } from '../graph-jobs.js';
import { observe } from '../observe/observation.js';
import { attemptRun } from '../runs/attempts.js';
import { withoutLost } from '../runs/lost-files.js';
import { hashCacheOf, planRun } from '../runs/prepare.js';
import { guardStandIn } from '../runs/stand-in-guard.js';
import type { NamingOptions } from '../sources/name-by-content.js';
import type { StageName } from '../stage.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import { metricsAddress } from './metrics-address.js';
import type { PredictOptions } from './options.js';
import { say, sayWarnings } from './output.js';
import { makeWritable, placeFile } from './place-file.js';
import { packageVersion } from './version.js';

/** The data of new patients, as the command found it. */
export interface FoundPatients {
  readonly bundle: Bundle;
  /** The experiment for the prediction, with the modalities that are present. */
  readonly config: Config;
  /** The `data` section of the cohort file, or without a cohort file the `data` section of the training experiment. */
  readonly declared: Config['data'];
  readonly root: string;
  readonly files: PredictFiles;
  readonly naming: NamingOptions;
}

/** What a command computes for new patients. */
export interface NewPatientsTask {
  /** Whether the cohort file may leave the outcome out. */
  readonly withoutOutcome: boolean;
  /** Finds the further inputs of the task, and returns the jobs that it needs. */
  readonly plan: (found: FoundPatients) => Promise<{
    readonly config: Config;
    readonly graphOf: (files: PredictFiles, options: PredictGraphOptions) => Graph;
  }>;
  /** The stage whose job makes the files of the result. */
  readonly end: StageName;
  /** Shows the result, which lies in `--out`. */
  readonly show: () => void;
}

/** Runs the jobs of a task on new patients, and writes the files of the job of `task.end` to `--out`. */
export async function runOnNewPatients(
  bundle: string,
  options: PredictOptions,
  task: NewPatientsTask,
): Promise<ExitCode> {
  assertAddressSpace();
  const { readBundle } = await import('../../operators/bundle/open-bundle.js');
  const opened = readBundle(resolve(bundle), bundle);
  const given =
    options.config === undefined
      ? null
      : loadConfig({
          ...{ file: options.config, set: options.set, dataRoot: options.data },
          ...{ withoutOutcome: task.withoutOutcome, encoderOfModel: true },
        });
  if (given !== null) sayWarnings(given.warnings);
  const root = given?.dataRoot ?? (options.data === undefined ? null : resolve(options.data));
  if (root === null)
    throw new HafError(
      'HAF_USAGE',
      'No data folder is given.',
      'Name the folder of the new patients with --data.',
    );
  const defaults = loadConfig({ text: 'name: defaults\n' }).config;
  const wanted = configOfNew(opened.bundle, opened.config, given?.config ?? null, defaults);
  sayUnused(
    opened.bundle.modalities.map(({ id }) => id),
    wanted.modalities,
    given?.config.modalities ?? [],
  );
  const store = await openStore(options.store, cacheOptions(options));
  const naming = { hashCache: hashCacheOf(store), onNote: say };
  const found = await findNewPatients(wanted, root, {
    ...{ bundle: resolve(bundle), patients: options.patients ?? null, declared: given !== null, say },
    ...naming,
  });
  const { files, problems } = found;
  guardStandIn(found.config, files.data.bags);
  const { config, graphOf } = await task.plan({
    ...{ bundle: opened.bundle, config: found.config, root, files, naming },
    declared: given?.config.data ?? opened.config.data,
  });
  makeWritable(options.out);
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const data = { ...files.data, outcome: [], splits: [], unreadable: [...problems] };
  try {
    const { result } = await attemptRun({
      prepare: (lost) => {
        const left = withoutLost(data, lost);
        const graph = graphOf(
          { ...files, data: left },
          {
            parts: options.parts ?? partsFor(left),
            trainedPatients: options.trainedPatients ?? false,
            heatmaps: options.heatmaps ?? false,
          },
        );
        const told = [...problems, ...lost.map(({ problem }) => problem)];
        return planRun(
          { config, dataRoot: root, store, files: left, graph, checks: null, lost: told },
          options,
        );
      },
      execute: (prepared) => executeFromTerminal(prepared, options, observation),
      onNote: say,
    });
    const done = result.outcomes.flatMap((outcome) => ('manifest' in outcome ? [outcome.manifest] : []));
    const end = done.find(({ stage }) => stage === task.end);
    if (end === undefined) return result.exitCode;
    await copyFiles(end, store, options.out, shownName);
    for (const manifest of done)
      if (manifest.stage === 'heatmap')
        await copyFiles(manifest, store, options.out, (file) =>
          fittingPath(heatmapPath(manifest.unit, file)),
        );
    if (!options.json) task.show();
    return result.exitCode;
  } finally {
    await observation.close();
  }
}

/** Writes the files of an artifact into a folder. */
async function copyFiles(
  manifest: Manifest,
  store: ArtifactStore,
  out: string,
  nameOf: (file: string) => string,
): Promise<void> {
  const pinned = await store.fetch([{ manifest }]);
  try {
    const artifact = store.open(manifest);
    for (const { name } of manifest.files)
      await placeFile(join(out, nameOf(name)), (path) => writeFileSync(path, artifact.bytes(name)));
  } finally {
    await pinned.release();
  }
}

/** The path of a result file below `--out`. Charts lie in the folder `figures`. */
const shownName = (name: string): string =>
  name.startsWith('figure-') ? join('figures', name.slice('figure-'.length)) : name;

/** Says which modalities of the model the data lacks, and which modalities of the data the model does not read. */
function sayUnused(model: readonly string[], used: readonly string[], declared: readonly string[]): void {
  const lacking = model.filter((id) => !used.includes(id));
  if (lacking.length > 0) say(`predicted without ${lacking.join(', ')}: the cohort file does not declare it`);
  const unread = declared.filter((id) => !model.includes(id));
  if (unread.length > 0) say(`not read by the model: ${unread.join(', ')}`);
}
