import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { HafError } from '../core/errors.js';
import { patientOf, stemOf } from '../core/file-name.js';
import type { BagModality } from '../core/modality.js';
import type { Unit } from '../stage.js';
import { matchingFiles } from './matching-files.js';
import { readSlideTable } from './slide-table.js';

/** The files that become the bags of one job, not yet hashed. */
export interface FoundBags {
  readonly modality: BagModality;
  /** Images have to be tiled and encoded; features are instances already. */
  readonly kind: 'features' | 'images';
  readonly unit: Unit;
  readonly role: 'features' | 'slide' | 'core';
  /** Paths below the data root. */
  readonly names: readonly string[];
  /** Coordinates of the slide's tiles that are there already, in place of looking for tissue. */
  readonly coords?: string;
}

/**
 * The feature files of a modality, one job each; or its images: a job for each slide, and one for all cores of a patient.
 *
 * @throws HafError HAF_MODALITY_EMPTY when the glob matches nothing, HAF_DATA_MISSING for links that lead nowhere
 */
export async function findBags(
  config: Config,
  root: string,
  modality: BagModality,
): Promise<readonly FoundBags[]> {
  if (!config.modalities.includes(modality)) return [];
  const { key, pattern, kind } = placeOf(config, modality);
  const names = await matchingFiles(pattern, root);
  if (names.length === 0)
    throw new HafError(
      'HAF_MODALITY_EMPTY',
      `Modality ${modality} is listed, but no file below ${root} matches "${pattern}".`,
      `Set ${key} to where the ${kind} lie, or take ${modality} out of \`modalities\`.`,
    );
  return bagsOf(config, root, modality, kind, names);
}

/** The jobs that given files make: one for each feature file or slide, one for the cores of a patient. */
export function bagsOf(
  config: Config,
  root: string,
  modality: BagModality,
  kind: FoundBags['kind'],
  names: readonly string[],
): readonly FoundBags[] {
  if (kind === 'features')
    return names.map((file) => ({
      modality,
      kind,
      unit: { modality, file },
      role: 'features',
      names: [file],
    }));
  return modality === 'WSI' ? slideJobs(config, root, names) : coreJobs(names);
}

function placeOf(
  { data: { wsi, tma } }: Config,
  modality: BagModality,
): { readonly key: string; readonly pattern: string; readonly kind: FoundBags['kind'] } {
  const images = modality === 'WSI' ? wsi.slides : tma.images;
  if (images !== null)
    return {
      key: modality === 'WSI' ? 'data.wsi.slides' : 'data.tma.images',
      pattern: images,
      kind: 'images',
    };
  const { files } = modality === 'WSI' ? wsi : tma;
  return { key: `data.${modality.toLowerCase()}.files`, pattern: files, kind: 'features' };
}

/** What the slide table says goes into the unit, so that editing one row computes one slide again. */
function slideJobs({ data }: Config, root: string, names: readonly string[]): readonly FoundBags[] {
  const { slideTable } = data.wsi;
  const settings = slideTable === null ? () => ({}) : readSlideTable(slideTable, readTable(root, slideTable));
  return names.map((file) => ({
    modality: 'WSI',
    kind: 'images',
    unit: { modality: 'WSI', file, ...settings(file) },
    role: 'slide',
    names: [file],
  }));
}

function readTable(root: string, name: string): string {
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch (error) {
    throw new HafError(
      'HAF_DATA_MISSING',
      `The slide table ${name} (data.wsi.slideTable) cannot be read in ${root}.`,
      'Put it there, or set data.wsi.slideTable to null.',
      { cause: error },
    );
  }
}

/** A core whose name holds no patient is a job of its own, which says so. */
function coreJobs(names: readonly string[]): readonly FoundBags[] {
  const groups = new Map<string, { readonly unit: Unit; readonly names: string[] }>();
  for (const name of names) {
    const patient = patientOf(stemOf(name));
    const unit: Unit = patient === null ? { modality: 'TMA', file: name } : { modality: 'TMA', patient };
    const key = patient === null ? `file ${name}` : `patient ${patient}`;
    const group = groups.get(key) ?? { unit, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].map((group) => ({ modality: 'TMA', kind: 'images', role: 'core', ...group }));
}
