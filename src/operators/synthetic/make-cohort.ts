import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertCohortSize, markSynthetic, prepareFolder } from './cohort-folder.js';
import { writeCores } from './cores.js';
import { drawPersonas } from './latent.js';
import { writeSlidePictures } from './slide-pictures.js';
import { writeSlides } from './slides.js';
import { drawTables } from './tables.js';
import { drawTargets } from './targets.js';

/** Options for the invented cohort. */
export interface SyntheticOptions {
  /** Folder to write to. It is created, or must be empty. */
  readonly out: string;
  /** @default 150 */
  readonly patients?: number;
  /**
   * The same seed gives the same bytes.
   * @default 1
   */
  readonly seed?: number;
  /**
   * Number of values in one instance.
   * @default 1024, as UNI; 64 keeps an example small
   */
  readonly width?: number;
  /**
   * Writes slides as images in `slides`, to be tiled and encoded, in place of their features in `wsi`.
   * @default false
   */
  readonly slides?: boolean;
}

/** Counts of what was written to the folder. */
export interface SyntheticCohort {
  readonly folder: string;
  readonly patients: number;
  readonly deceased: number;
  readonly wsiFiles: number;
  readonly tmaFiles: number;
}

const readme = (patients: number, seed: number, width: number): string =>
  [
    'SYNTHETIC DATA - NOT REAL PATIENTS',
    '',
    'haf-pipeline drew every number in this folder from a random number generator. Nothing here was measured,',
    'and no result obtained on it says anything about head and neck cancer. The files have the names and the',
    'layout of the HANCOCK dataset so that the pipeline can be tried without it.',
    '',
    `patients ${patients}, seed ${seed}, instance width ${width}`,
    '',
    'A hidden risk of each patient drives the outcome and, with noise, a part of every modality: some of the instances',
    'of a bag, or the tumour on a slide, and several columns of each table. The rest is noise.',
    '',
  ].join('\n');

/**
 * Writes an invented cohort in the layout of HANCOCK (method.md 2): outcomes, five clinical tables, slide features as CLAM h5, or the
 * slides themselves, and core features as one npz per stain. A hidden risk per patient determines the label and, with noise, every
 * modality. So a good model over all modalities reaches an AUC of about 0.85, and a model over one modality reaches
 * clearly less. Rows, files and cells are missing about as often as in HANCOCK. Equal options give equal bytes.
 *
 * @example await makeCohort({ out: 'data/example', patients: 60, width: 64 });
 * @throws HafError `HAF_USAGE` for a number out of range or a folder that is not empty
 */
export async function makeCohort(options: SyntheticOptions): Promise<SyntheticCohort> {
  const { out, patients = 150, seed = 1, width = 1024, slides = false } = options;
  assertCohortSize(patients, width);
  const slideFolder = slides ? 'slides' : 'wsi';
  prepareFolder(out, [slideFolder, 'tma']);
  const personas = drawPersonas(patients, seed);
  markSynthetic(out, { patients, seed, width, slides }, readme(patients, seed, width));
  writeFileSync(join(out, 'targets.csv'), drawTargets(personas, seed));
  for (const [file, text] of Object.entries(drawTables(personas, seed))) writeFileSync(join(out, file), text);
  const tmaFiles = writeCores(join(out, 'tma'), personas, width, seed);
  const into = join(out, slideFolder);
  const wsiFiles = await (slides
    ? writeSlidePictures(into, personas, seed)
    : writeSlides(into, personas, width, seed));
  const deceased = personas.filter((persona) => persona.deceased).length;
  return { folder: out, patients, deceased, wsiFiles, tmaFiles };
}
