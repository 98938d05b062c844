import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { predictedFile, predictedSchema, type Predicted } from '../../operators/bundle/predicted-data.js';
import { heatmapPath } from '../../operators/heatmaps/heatmap-data.js';
import { configOfNew, findNewPatients, partsFor } from '../bundles/new-patients.js';
import { buildPredictGraph } from '../bundles/predict-graph.js';
import { loadConfig } from '../config/load.js';
import { HafError, type ExitCode } from '../core/errors.js';
import { assertAddressSpace } from '../core/machine-room.js';
import { observe } from '../observe/observation.js';
import { hashCacheOf, planRun } from '../runs/prepare.js';
import { lostFiles, withoutLost, type LostFile } from '../runs/lost-files.js';
import { guardStandIn } from '../runs/stand-in-guard.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import { metricsAddress } from './metrics-address.js';
import type { PredictOptions } from './options.js';
import { printData, say, sayWarnings } from './output.js';
import { makeWritable, placeFile } from './place-file.js';
import { textTable } from './text-table.js';
import { packageVersion } from './version.js';

/** Files may be lost while the attempt that goes on without others is under way. */
const mostAttempts = 3;

/** `predict FILE --data DIR -o DIR`: what a bundled model says of new patients. */
export async function predict(bundle: string, options: PredictOptions): Promise<ExitCode> {
  assertAddressSpace();
  const { readBundle } = await import('../../operators/bundle/open-bundle.js');
  const opened = readBundle(resolve(bundle), bundle);
  const given =
    options.config === undefined
      ? null
      : loadConfig({ file: options.config, set: options.set, dataRoot: options.data, withoutOutcome: true });
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
  const { config, files, problems } = await findNewPatients(wanted, root, {
    ...{ bundle: resolve(bundle), patients: options.patients ?? null, declared: given !== null, say },
    ...{ hashCache: hashCacheOf(store), onNote: say },
  });
  guardStandIn(config, files.data.bags);
  makeWritable(options.out);
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const data = { ...files.data, outcome: [], splits: [], unreadable: [...problems] };
  let lost: readonly LostFile[] = [];
  try {
    for (let attempt = 1; ; attempt++) {
      const left = withoutLost(data, lost);
      const graph = buildPredictGraph(
        config,
        { ...files, data: left },
        {
          parts: options.parts ?? partsFor(left),
          trainedPatients: options.trainedPatients ?? false,
          heatmaps: options.heatmaps ?? false,
        },
      );
      const told = [...problems, ...lost.map(({ problem }) => problem)];
      const prepared = await planRun(
        { config, dataRoot: root, store, files: left, graph, checks: null, lost: told },
        options,
      );
      const { outcomes, exitCode, state } = await executeFromTerminal(prepared, options, observation);
      const more = state === 'finished-with-failures' ? lostFiles(outcomes) : [];
      if (more.length > 0 && attempt < mostAttempts) {
        lost = [...lost, ...more];
        continue;
      }
      const end = outcomes.find(
        (outcome) => 'manifest' in outcome && outcome.manifest.stage === 'predictions',
      );
      if (end === undefined || !('manifest' in end)) return exitCode;
      await copyFiles(end.manifest, store, options.out, (name) => name);
      for (const outcome of outcomes)
        if ('manifest' in outcome && outcome.manifest.stage === 'heatmap')
          await copyFiles(outcome.manifest, store, options.out, heatmapPath);
      if (!options.json) show(readPredicted(options.out), options.out);
      return exitCode;
    }
  } finally {
    await observation.close();
  }
}

/** Puts the files of an artifact into a folder. */
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

const readPredicted = (out: string): Predicted =>
  predictedSchema.parse(JSON.parse(readFileSync(join(out, predictedFile), 'utf8')));

/** Says what of the model the data lacks, and what of the data the model does not read. */
function sayUnused(model: readonly string[], used: readonly string[], declared: readonly string[]): void {
  const lacking = model.filter((id) => !used.includes(id));
  if (lacking.length > 0) say(`predicted without ${lacking.join(', ')}: the cohort file does not declare it`);
  const unread = declared.filter((id) => !model.includes(id));
  if (unread.length > 0) say(`not read by the model: ${unread.join(', ')}`);
}

/** Patients that a terminal shows. */
const shown = 10;

function show({ patients, outcome, metric }: Predicted, out: string): void {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = patients
    .slice(0, shown)
    .map(({ patient, probabilities, survival, modalities, expected, flags }) => [
      patient,
      ...(probabilities === null
        ? (survival ?? []).map((of) => mean(of).toFixed(3))
        : [mean(probabilities).toFixed(3)]),
      modalities.length === 0 ? 'nothing' : modalities.join(' '),
      expected === null ? '-' : expected.toFixed(3),
      flags.length === 0 ? '' : `${flags.length}`,
    ]);
  const what =
    outcome.kind === 'binary' ? [`p(${outcome.positive})`] : outcome.horizons.map((years) => `S(${years} y)`);
  printData(
    `\n${textTable(['patient', ...what, 'sees', metric === 'auc' ? 'expected AUC' : 'expected C', 'flags'], rows)}\n`,
  );
  if (patients.length > shown) say(`and ${patients.length - shown} more patients`);
  const flagged = patients.filter(({ flags }) => flags.length > 0).length;
  if (flagged > 0) say(`${flagged} of ${patients.length} patients have a flag: ${join(out, 'flags.csv')}`);
  say(`predictions: ${join(out, 'predictions.csv')}`);
}
