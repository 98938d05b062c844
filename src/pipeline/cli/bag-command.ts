import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../core/canonical-json.js';
import { exitCodes, HafError, type ExitCode } from '../core/errors.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { hasOwnEncoder, slotsOfKind } from '../config/slots.js';
import { assertAddressSpace } from '../core/machine-room.js';
import type { ModalityId } from '../core/modality.js';
import { buildBagGraph } from '../bag-jobs.js';
import { observe } from '../observe/observation.js';
import type { JobOutcome } from '../run-graph.js';
import { hashCacheOf, planRun } from '../runs/prepare.js';
import { guardStandIn } from '../runs/stand-in-guard.js';
import { nameFiles } from '../sources/find-sources.js';
import type { FoundBags } from '../sources/bag-files.js';
import { givenBags, withCoords } from '../sources/given-files.js';
import { cacheOptions, openStore } from '../store/open-store.js';
import type { ArtifactStore, Manifest } from '../store/store.js';
import { errorText } from './errors.js';
import { executeFromTerminal } from './execute-from-terminal.js';
import type { BagCommandOptions } from './options.js';
import { makeWritable } from './place-file.js';
import { ResultFolder } from './result-folder.js';
import { say, sayWarnings } from './output.js';
import { metricsAddress } from './metrics-address.js';
import { packageVersion } from './version.js';

/** A finished job of the stage that the command is named after, and the store that holds its files. */
export interface FinishedBag {
  readonly manifest: Manifest;
  readonly store: ArtifactStore;
}

/**
 * The common part of `tile` and `embed`: a run of one or two stages over the files named on the command line. It has
 * everything that runs have: artifacts in the store are not computed again, workers of other machines may help, and
 * one bad file does not end the run.
 *
 * @param write writes the files of a finished job into the folder of `-o`; called once per job, in the order of the
 * input files
 */
export async function runBagCommand(
  stage: 'tile' | 'embed',
  paths: readonly string[],
  { force = false, ...options }: BagCommandOptions,
  write: (bag: FinishedBag, folder: ResultFolder) => Promise<void>,
): Promise<ExitCode> {
  assertAddressSpace();
  const experiment = options.config === undefined ? { text: `name: ${stage}\n` } : { file: options.config };
  const { config: loaded, warnings } = loadConfig({ ...experiment, set: options.set, filesGiven: true });
  sayWarnings(warnings);
  // The name of the experiment is not used, because this run is not one of the experiment's runs.
  const config: Config = {
    ...loaded,
    name: stage,
    // These commands accept a file of an unknown patient, because their stages do not need the patient.
    data: { ...loaded.data, patients: { ...loaded.data.patients, allowUnmatched: true } },
  };
  const modality = bagModality(config, options.modality);
  const root = process.cwd();
  const { bags: given, problems } = await givenBags(paths, modality, config, root);
  const found = stage === 'tile' ? imagesOf(given) : given;
  const bags = options.coords === undefined ? found : withCoords(found, options.coords, root);
  if (stage === 'embed' && bags.some(({ kind }) => kind === 'images') && !hasOwnEncoder(config, modality))
    requireEncoder(config);
  const store = await openStore(options.store, cacheOptions(options));
  const files = await nameFiles({ bags }, config, root, { hashCache: hashCacheOf(store), onNote: say });
  if (stage === 'embed') guardStandIn(config, files.bags);
  makeWritable(options.out);
  const inputs = files.bags.flatMap(({ sources }) => sources.map(({ path }) => path));
  const folder = new ResultFolder(options.out, inputs, force);
  if (stage === 'embed') folder.assertApart('.h5');
  const graph = buildBagGraph(config, files, stage);
  const prepared = await planRun(
    { config, dataRoot: root, store, files, graph, checks: null, lost: [...problems, ...files.unreadable] },
    options,
    (plan) => hashOf(plan.map(({ id }) => id)),
  );
  const observation = await observe(metricsAddress(options), {
    role: 'orchestrator',
    version: packageVersion(),
  });
  const result = await executeFromTerminal(prepared, options, observation).finally(observation.close);
  const manifests = new Map(result.outcomes.flatMap((outcome) => manifestOf(outcome)));
  let { exitCode } = result;
  for (const { id, node } of prepared.plan) {
    const manifest = manifests.get(id);
    if (!manifest || node.stage !== stage) continue;
    try {
      await write({ manifest, store }, folder);
    } catch (error) {
      // After an error in writing a result, the command continues: this result is still in the store, and writing the
      // next one may succeed.
      say(errorText(HafError.from(error)));
      exitCode = exitCodes.finishedWithFailures;
    }
  }
  const table = join(prepared.directory.path, 'tiles.csv');
  if (!existsSync(table)) return exitCode;
  try {
    await folder.placeBytes('tiles.csv', readFileSync(table));
  } catch (error) {
    say(errorText(HafError.from(error)));
    exitCode = exitCodes.finishedWithFailures;
  }
  return exitCode;
}

/**
 * The bag modality that `--modality` names, or the first one.
 * @throws HafError HAF_USAGE if there is no such modality
 */
function bagModality(config: Config, asked: ModalityId | undefined): ModalityId {
  const bags = slotsOfKind({ ...config, modalities: null }, 'bag');
  const modality = asked ?? bags[0];
  if (modality !== undefined && bags.includes(modality)) return modality;
  throw new HafError(
    'HAF_USAGE',
    asked === undefined
      ? 'The experiment declares no bag modality.'
      : `The experiment declares no bag modality "${asked}".`,
    bags.length === 0
      ? 'Declare one under data.modalities, or leave -c out.'
      : `Give --modality one of ${bags.join(', ')}.`,
  );
}

const manifestOf = (outcome: JobOutcome): [string, Manifest][] =>
  'manifest' in outcome ? [[outcome.manifest.id, outcome.manifest]] : [];

/** @throws HafError HAF_USAGE if none of the files is an image */
function imagesOf(bags: readonly FoundBags[]): readonly FoundBags[] {
  const features = bags.filter(({ kind }) => kind === 'features').flatMap(({ names }) => names);
  if (features.length === 0) return bags;
  const which = `${features.slice(0, 3).join(', ')}${features.length > 3 ? ` and ${features.length - 3} more` : ''}`;
  if (bags.length === features.length)
    throw new HafError(
      'HAF_USAGE',
      `There is nothing to tile in ${which}: by their file endings they hold features.`,
      'Name images, or use "haf-pipeline embed" for feature files.',
    );
  say(`not tiled, because they hold features: ${which}`);
  return bags.filter(({ kind }) => kind === 'images');
}

function requireEncoder({ embed: { encoder } }: Config): void {
  if (encoder.onnx !== null || encoder.standIn) return;
  throw new HafError(
    'HAF_USAGE',
    'These are images, and no encoder is named that computes features of them.',
    'Add --set embed.encoder.onnx=PATH (docs/encoders.md). To find tissue and lay the grid only, use "haf-pipeline tile".',
  );
}
