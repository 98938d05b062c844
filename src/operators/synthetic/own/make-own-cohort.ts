import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertCohortSize, markSynthetic, prepareFolder } from '../cohort-folder.js';
import { drawClinicalTable } from './clinical-table.js';
import { drawLabTable } from './lab-table.js';
import { drawPeople } from './people.js';
import { drawRnaTable } from './rna-table.js';
import { writeOwnSlides } from './slide-files.js';

/** Options for the invented cohort. */
export interface OwnCohortOptions {
  /** Folder to write to. It is created, or must be empty. */
  readonly out: string;
  /** @default 120 */
  readonly patients?: number;
  /** The same seed gives the same bytes. @default 1 */
  readonly seed?: number;
  /**
   * Number of values in one instance.
   * @default 32
   */
  readonly width?: number;
}

/** Counts of what was written to the folder. */
export interface OwnCohort {
  readonly folder: string;
  readonly patients: number;
  readonly deceased: number;
  /** Number of files in `features`. */
  readonly slides: number;
}

const readme = (patients: number, seed: number, width: number): string =>
  [
    'SYNTHETIC DATA - NOT REAL PATIENTS',
    '',
    'haf-pipeline drew every number in this folder from a random number generator. Nothing here was measured, and no',
    'result obtained on it says anything about a disease. The files are named as a group of researchers might name its',
    'own, so that the steps from such a folder to a report can be tried.',
    '',
    `patients ${patients}, seed ${seed}, instance width ${width}`,
    '',
    'clini.csv     one row per patient: findings in words, and the outcome (OS_STATUS, OS_MONTHS)',
    'lab.csv       semicolons, decimal commas; the id column is called "Sample ID"',
    'rna.csv       200 genes',
    'slides.csv    which slide belongs to which patient',
    'features/     one file of instances per slide',
    '',
    'A hidden risk of each patient drives the outcome and, with noise, a part of every file. The rest is noise.',
    '',
  ].join('\n');

/**
 * Writes an invented cohort whose files and columns have other names than those of HANCOCK: ids like barcodes, words
 * for categories, the outcome inside the clinical table, decimal commas, gene expression, slides named by the number of
 * the case. Some patients lack the laboratory values, the genes or the slides. `examples/own-cohort.yaml` is its
 * experiment.
 *
 * @example await makeOwnCohort({ out: 'data/own' });
 * @throws HafError `HAF_USAGE` for a number out of range or a folder that is not empty
 */
export async function makeOwnCohort(options: OwnCohortOptions): Promise<OwnCohort> {
  const { out, patients = 120, seed = 1, width = 32 } = options;
  assertCohortSize(patients, width);
  prepareFolder(out, ['features']);
  markSynthetic(out, { patients, seed, width, own: true }, readme(patients, seed, width));
  const people = drawPeople(patients, seed);
  writeFileSync(join(out, 'clini.csv'), drawClinicalTable(people, seed));
  writeFileSync(join(out, 'lab.csv'), drawLabTable(people, seed));
  writeFileSync(join(out, 'rna.csv'), drawRnaTable(people, seed));
  const slides = await writeOwnSlides(out, people, width, seed);
  return { folder: out, patients, deceased: people.filter(({ deceased }) => deceased).length, slides };
}
