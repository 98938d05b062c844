import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Bundle } from '../../operators/bundle/bundle-data.js';
import type { ModalityDeclaration } from '../config/data-schema.js';
import type { Config } from '../config/schema.js';
import { bagOf, slotsOf, tableOf } from '../config/slots.js';
import { HafError } from '../core/errors.js';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { findBags } from '../sources/bag-files.js';
import { nameFiles, nameSources, type DataFiles } from '../sources/find-sources.js';
import type { NamingOptions } from '../sources/name-by-content.js';
import type { SourceFile } from '../stage.js';
import type { PredictFiles } from './predict-graph.js';

/** What a prediction needs to find its files. */
export interface NewPatientsOptions extends NamingOptions {
  /** Path of the bundle, and path of a table of the patients to predict. */
  readonly bundle: string;
  readonly patients: string | null;
  /**
   * Whether the user described the data in a cohort file. If so, all files that the cohort file declares must exist.
   */
  readonly declared: boolean;
  /** Receives a message for each modality of the model that the data lacks. */
  readonly say: (text: string) => void;
}

/**
 * The experiment that reads new patients: the settings of the training for images and files, applied to data that the
 * user describes.
 *
 * @param trained the experiment of the bundle
 * @param given the user's cohort file; null reads the data as the training data were declared
 * @throws HafError HAF_BUNDLE_UNFIT if the cohort file asks for other tiles than the model was trained on
 */
export function configOfNew(
  { modalities }: Bundle,
  trained: Config,
  given: Config | null,
  defaults: Config,
): Config {
  const data = given?.data ?? trained.data;
  // A cohort file, like an experiment, may declare a modality and leave it out of `modalities`. This modality is not
  // used.
  const listed = given?.modalities ?? Object.keys(data.modalities);
  const used = modalities
    .map(({ id }) => id)
    .filter((id) => Object.hasOwn(data.modalities, id) && listed.includes(id));
  const [preset, presetOfTraining] = [given, trained].map((config) => config?.embed.encoder.preset ?? null);
  if (preset !== null && preset !== presetOfTraining)
    throw new HafError(
      'HAF_BUNDLE_UNFIT',
      `The cohort file sets embed.encoder.preset to "${preset}", the model was trained with ${presetOfTraining === null ? 'no preset' : `"${presetOfTraining}"`}.`,
      'Remove embed.encoder.preset from the cohort file: the settings of the training are used.',
    );
  for (const section of ['tissue', 'tile', 'core'] as const) {
    const [own, usual, other] = [trained, defaults, given ?? trained].map((config) =>
      JSON.stringify(config[section]),
    );
    if (other !== own && other !== usual)
      throw new HafError(
        'HAF_BUNDLE_UNFIT',
        `The cohort file sets "${section}" to other values than the model was trained with.`,
        `Remove "${section}" from the cohort file: the settings of the training are used.`,
      );
  }
  const onnx = given?.embed.encoder.onnx ?? trained.embed.encoder.onnx;
  return {
    ...trained,
    name: 'predict',
    modalities: used,
    embed: { ...trained.embed, encoder: { ...trained.embed.encoder, onnx } },
    data: {
      ...data,
      ...{ root: null, splits: null },
      patients: { ...data.patients, allowUnmatched: true },
      modalities: Object.fromEntries(
        used.flatMap((id) => {
          const declared = data.modalities[id];
          return declared === undefined
            ? []
            : [[id, withEncoderOf(trained.data.modalities[id], declared, id)]];
        }),
      ),
    },
  };
}

/**
 * A modality of new patients with the encoder of the training. A cohort file may only set where the encoder's file
 * is.
 * @throws HafError HAF_BUNDLE_UNFIT for an encoder that the training did not have
 */
function withEncoderOf(
  trained: ModalityDeclaration | undefined,
  declared: ModalityDeclaration,
  id: ModalityId,
): ModalityDeclaration {
  if (declared.kind !== 'bag') return declared;
  const own = trained?.kind === 'bag' ? trained.encoder : undefined;
  const { encoder: given, ...rest } = declared;
  if (given !== undefined && given.preset !== null && given.preset !== (own?.preset ?? null))
    throw new HafError(
      'HAF_BUNDLE_UNFIT',
      `The cohort file sets data.modalities.${id}.encoder.preset to "${given.preset}", the model was trained with ${own?.preset ? `"${own.preset}"` : 'no preset'}.`,
      'Remove it from the cohort file: the settings of the training are used.',
    );
  if (given !== undefined && own === undefined)
    throw new HafError(
      'HAF_BUNDLE_UNFIT',
      `The cohort file sets data.modalities.${id}.encoder, and the model was trained with embed.encoder for ${id}.`,
      'Name the file of the encoder in embed.encoder.onnx.',
    );
  // Instances in feature files keep their own width. Slides and images get the width of the training's encoder.
  const encoded = rest.slides !== null || rest.images !== null;
  const bag = encoded && trained?.kind === 'bag' ? { ...rest, width: trained.width } : rest;
  return own === undefined ? bag : { ...bag, encoder: { ...own, onnx: given?.onnx ?? own.onnx } };
}

/**
 * Finds and hashes the files of new patients. A modality whose files are missing is left out of the prediction, and a
 * message says so.
 *
 * @throws HafError HAF_DATA_MISSING if there are no files at all, HAF_MODALITY_EMPTY if files that a cohort file
 * declares are missing
 */
export async function findNewPatients(
  config: Config,
  root: string,
  options: NewPatientsOptions,
): Promise<{ readonly files: PredictFiles; readonly config: Config; readonly problems: readonly Problem[] }> {
  if (!existsSync(root) || !statSync(root).isDirectory())
    throw new HafError('HAF_DATA_MISSING', `The data folder ${root} does not exist.`, 'Check --data.');
  const warnings: Problem[] = [];
  const there: ModalityId[] = [];
  const tables: { modality: ModalityId; names: readonly string[] }[] = [];
  const bags: Awaited<ReturnType<typeof findBags>>[number][] = [];
  for (const { id, kind } of slotsOf(config)) {
    const found =
      kind === 'table'
        ? tableNames(config, root, id, options)
        : await bagNames(config, root, id, options, (problem) => warnings.push(problem));
    if (found.length === 0) continue;
    there.push(id);
    if (kind === 'table') tables.push({ modality: id, names: found as readonly string[] });
    else bags.push(...(found as typeof bags));
  }
  if (there.length === 0)
    throw new HafError(
      'HAF_DATA_MISSING',
      `${root} holds no file of the modalities that the model reads: ${slotsOf(config)
        .map(({ id }) => id)
        .join(', ')}.`,
      'Describe the files in a cohort file (-c), as docs/predict.md shows.',
    );
  const used: Config = { ...config, modalities: there };
  const named = await nameFiles({ tables, bags, warnings }, used, root, options);
  const given = [
    { role: 'bundle', path: options.bundle },
    ...(options.patients === null ? [] : [{ role: 'patients', path: options.patients }]),
  ];
  const [bundle, patients = null] = await nameSources(
    given.map(({ role, path }) => ({ role, name: path, path: resolve(path) })),
    options,
  );
  return {
    config: used,
    problems: named.unreadable,
    files: { bundle: bundle as SourceFile, patients, data: named },
  };
}

/**
 * The files of a table. Empty if one of them is missing: the patients are then predicted without the table. It is an
 * error if the user's cohort file (`-c`) declares the table.
 */
function tableNames(
  config: Config,
  root: string,
  id: ModalityId,
  { declared, say }: NewPatientsOptions,
): readonly string[] {
  const names = [tableOf(config, id).file].flat();
  const missing = names.filter((name) => !existsSync(join(root, name)));
  if (missing.length === 0) return names;
  if (declared)
    throw new HafError(
      'HAF_DATA_MISSING',
      `The cohort file declares ${id}, but ${missing.join(', ')} is not in ${root}.`,
      `predicted without ${id}: ${missing.join(', ')} is missing`,
    );
  say(`predicted without ${id}: ${missing.join(', ')} is not there`);
  return [];
}

async function bagNames(
  config: Config,
  root: string,
  id: ModalityId,
  { declared, say }: NewPatientsOptions,
  warn: (problem: Problem) => void,
): Promise<Awaited<ReturnType<typeof findBags>>> {
  try {
    return await findBags(config, root, id, warn);
  } catch (error) {
    if (declared || !(error instanceof HafError) || error.code !== 'HAF_MODALITY_EMPTY') throw error;
    const { files, slides, images } = bagOf(config, id);
    say(`predicted without ${id}: no file matches "${slides ?? images ?? files ?? ''}"`);
    return [];
  }
}

/** Patients per part: enough to be worth the start of a process, and few enough to spread the work. */
const patientsOfPart = 1000;

/** Number of parts that the patients are divided into, estimated from the files. */
export function partsFor({ tables, bags }: Pick<DataFiles, 'tables' | 'bags'>): number {
  // Rough estimates of the number of patients: a row of a table takes 200 bytes, and a patient has four bag files.
  const rows = tables.map(
    ({ sources }) => sources.reduce((sum, { path }) => sum + statSync(path).size, 0) / 200,
  );
  return Math.max(1, Math.ceil(Math.max(0, ...rows, bags.length / 4) / patientsOfPart));
}
